package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Signer is a private key, wherever it lives, with the certificates that vouch for it.
type Signer interface {
	crypto.Signer
	// Chain is the leaf first, then what issued it; the root is never in it.
	Chain() []*x509.Certificate
}

// maxChain bounds the certificates of one signer: a leaf and three authorities.
const maxChain = 4

type fileSigner struct {
	*ecdsa.PrivateKey
	chain []*x509.Certificate
}

func (s *fileSigner) Chain() []*x509.Certificate { return s.chain }

// LoadSigner reads a PKCS#8 private key and its chain, both PEM. The chain is the
// leaf first, each certificate issued by the next; a root in it is refused.
func LoadSigner(keyPEM, chainPEM []byte) (Signer, error) {
	k, err := parseKey(keyPEM)
	if err != nil {
		return nil, err
	}
	chain, err := ParseCertificates(chainPEM)
	if err != nil {
		return nil, err
	}
	s := &fileSigner{k, chain}
	if err := checkSigner(s); err != nil {
		return nil, fmt.Errorf("load signer: %w", err)
	}
	return s, nil
}

// EncodeSigner is the reverse of [LoadSigner], for signers whose key can leave them.
func EncodeSigner(s Signer) (keyPEM, chainPEM []byte, err error) {
	f, ok := s.(*fileSigner)
	if !ok {
		return nil, nil, errors.New("encode signer: its key cannot be exported")
	}
	if keyPEM, err = encodeKey(f.PrivateKey); err != nil {
		return nil, nil, fmt.Errorf("encode signer: %w", err)
	}
	return keyPEM, EncodeCertificates(f.chain...), nil
}

// checkSigner checks what must hold before a signer signs anything.
func checkSigner(s Signer) error {
	chain := s.Chain()
	if len(chain) == 0 || len(chain) > maxChain {
		return fmt.Errorf("chain has %d certificates, want 1 to %d", len(chain), maxChain)
	}
	pub, err := publicKey(chain[0])
	if err != nil {
		return err
	}
	if !pub.Equal(s.Public()) {
		return errors.New("key and certificate do not belong together")
	}
	for i, c := range chain {
		if bytes.Equal(c.RawSubject, c.RawIssuer) {
			return fmt.Errorf("%q is a root: leave it out of the chain", c.Subject.CommonName)
		}
		if i > 0 {
			if err := chain[i-1].CheckSignatureFrom(c); err != nil {
				return fmt.Errorf("%q was not issued by %q: %w",
					chain[i-1].Subject.CommonName, c.Subject.CommonName, err)
			}
		}
	}
	_, err = RoleOf(chain[0])
	return err
}

func publicKey(c *x509.Certificate) (*ecdsa.PublicKey, error) {
	pub, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%q: %w", c.Subject.CommonName, ErrKey)
	}
	return pub, nil
}

// ParseCertificates reads PEM certificates and nothing else.
func ParseCertificates(b []byte) ([]*x509.Certificate, error) {
	var cs []*x509.Certificate
	for len(bytes.TrimSpace(b)) > 0 {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return nil, errors.New("parse certificates: not PEM")
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("parse certificates: found %s", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("parse certificates: %w", err)
		}
		cs = append(cs, c)
	}
	if len(cs) == 0 {
		return nil, errors.New("parse certificates: none found")
	}
	return cs, nil
}

// ParseRoots reads PEM certificates as the roots to trust. Only authorities may be roots.
func ParseRoots(b []byte) (*x509.CertPool, error) {
	cs, err := ParseCertificates(b)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range cs {
		if !c.IsCA || !c.BasicConstraintsValid {
			return nil, fmt.Errorf("parse roots: %q is no certificate authority", c.Subject.CommonName)
		}
		pool.AddCert(c)
	}
	return pool, nil
}

// EncodeCertificates writes certificates as PEM, in order.
func EncodeCertificates(cs ...*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, c := range cs {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a buffer never fails
	}
	return out.Bytes()
}

func parseKey(b []byte) (*ecdsa.PrivateKey, error) {
	block, rest := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("parse key: want one PEM block PRIVATE KEY (PKCS#8, not encrypted)")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse key: %w", err)
	}
	ec, ok := k.(*ecdsa.PrivateKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, fmt.Errorf("parse key: %w", ErrKey)
	}
	return ec, nil
}

func encodeKey(k *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
