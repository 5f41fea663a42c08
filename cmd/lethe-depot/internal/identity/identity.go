// Package identity is who a depot is: one key that answers TLS and signs receipts,
// and the roots to which it and the papers it keeps lead.
package identity

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/sign"
)

// Identity is a depot's key with its certificates. It is safe for concurrent use.
type Identity struct {
	signer sign.Signer
	roots  *x509.CertPool
	now    func() time.Time
}

// Load reads a key and its chain, both PEM, and checks what New does.
func Load(certFile, keyFile string, roots *x509.CertPool, now func() time.Time) (Identity, error) {
	s, err := sign.ReadSigner(keyFile, certFile)
	if err != nil {
		return Identity{}, fmt.Errorf("%s with %s: %w", certFile, keyFile, err)
	}
	id, err := New(s, roots, now)
	if err != nil {
		return Identity{}, fmt.Errorf("%s: %w", certFile, err)
	}
	return id, nil
}

// New checks at once what would otherwise show only when the first machine turns
// away: the role, the chain, the time, the usage for TLS.
func New(s sign.Signer, roots *x509.CertPool, now func() time.Time) (Identity, error) {
	id := Identity{s, roots, now}
	probe, err := id.Seal([]byte(`{"format":"probe"}`))
	if err == nil {
		_, err = id.Open(probe)
	}
	if err == nil {
		err = id.serves()
	}
	if err != nil {
		return Identity{}, fmt.Errorf("cannot serve a depot: %w", err)
	}
	return id, nil
}

func (i Identity) serves() error {
	inter := x509.NewCertPool()
	for _, c := range i.signer.Chain()[1:] {
		inter.AddCert(c)
	}
	_, err := i.Leaf().Verify(x509.VerifyOptions{Roots: i.roots, Intermediates: inter, CurrentTime: i.now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return err
}

// Seal signs a receipt.
func (i Identity) Seal(payload []byte) ([]byte, error) {
	return sign.SignDSSE(sign.PayloadReceipt, payload, i.signer)
}

// Open verifies a receipt as of now.
func (i Identity) Open(envelope []byte) ([]byte, error) {
	p, _, err := sign.VerifyDSSE(envelope, sign.PayloadReceipt, i.roots, sign.RoleDepot, i.now())
	return p, err
}

// Leaf is the depot's own certificate.
func (i Identity) Leaf() *x509.Certificate { return i.signer.Chain()[0] }

// TLS is the server's side of TLS 1.2 and later.
func (i Identity) TLS() *tls.Config {
	c := tls.Certificate{PrivateKey: i.signer, Leaf: i.Leaf()}
	for _, x := range i.signer.Chain() {
		c.Certificate = append(c.Certificate, x.Raw)
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
}

// ReadRoots reads a PEM file of roots.
func ReadRoots(file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read trusted roots: %w", err)
	}
	roots, err := sign.ParseRoots(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return roots, nil
}

// ReceiptOpener verifies receipts at the time they state: the certificate that
// signed last year's may have ended since.
func ReceiptOpener(roots *x509.CertPool) func(envelope []byte) (bundle.Receipt, error) {
	return func(envelope []byte) (bundle.Receipt, error) {
		r, err := bundle.ReadReceipt(envelope)
		if err != nil {
			return r, err
		}
		payload, _, err := sign.VerifyDSSE(envelope, sign.PayloadReceipt, roots, sign.RoleDepot, r.Stored.Time)
		if err != nil {
			return r, err
		}
		return bundle.DecodeReceipt(payload)
	}
}
