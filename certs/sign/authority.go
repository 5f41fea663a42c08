package sign

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Authority is a root that issues leaves. Its key stays where it was made.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Validity is the time a certificate holds, both ends included, to the second.
type Validity struct{ NotBefore, NotAfter time.Time }

// skew is how far a machine's unset clock may trail the one that issued its leaf.
const skew = time.Hour

// Lasting is the validity that ends d after from. It begins an hour early.
func Lasting(from time.Time, d time.Duration) Validity {
	return Validity{from.Add(-skew), from.Add(d)}
}

// NewAuthority makes a new root with a fresh key.
func NewAuthority(name string, v Validity) (*Authority, error) {
	k, t, err := prepare(name, v)
	if err != nil {
		return nil, fmt.Errorf("new authority: %w", err)
	}
	t.IsCA, t.MaxPathLen = true, 1
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	c, err := issue(t, t, k.Public(), k)
	if err != nil {
		return nil, fmt.Errorf("new authority: %w", err)
	}
	return &Authority{c, k}, nil
}

// LoadAuthority reads a root's PKCS#8 key and certificate, both PEM.
func LoadAuthority(keyPEM, certPEM []byte) (*Authority, error) {
	k, err := parseKey(keyPEM)
	if err != nil {
		return nil, err
	}
	cs, err := ParseCertificates(certPEM)
	if err != nil {
		return nil, err
	}
	if len(cs) != 1 || !cs[0].IsCA || !k.PublicKey.Equal(cs[0].PublicKey) {
		return nil, errors.New("load authority: want the one CA certificate that belongs to the key")
	}
	return &Authority{cs[0], k}, nil
}

// Certificate is the root's own certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Pool is the authority as the only trusted root.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// Leaf makes a fresh key and issues its certificate for one role. hosts are DNS
// names and IP addresses; only a depot, which others connect to, has them.
func (a *Authority) Leaf(role Role, name string, v Validity, hosts ...string) (Signer, error) {
	k, t, err := prepare(name, v)
	if err != nil {
		return nil, fmt.Errorf("issue leaf: %w", err)
	}
	if role.mark() == nil || (len(hosts) > 0) != (role == RoleDepot) {
		return nil, fmt.Errorf("issue leaf: role %q with %d host names", role, len(hosts))
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	t.UnknownExtKeyUsage = []asn1.ObjectIdentifier{role.mark()}
	switch role {
	case RoleRecord: // NSS, and so pdfsig, trusts PDF signers as it does e-mail signers
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	case RoleDepot:
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	c, err := issue(t, a.cert, k.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("issue leaf: %w", err)
	}
	return &fileSigner{k, []*x509.Certificate{c}}, nil
}

// prepare makes a key and what all certificates have in common.
func prepare(name string, v Validity) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	if name == "" || !v.NotAfter.After(v.NotBefore) {
		return nil, nil, fmt.Errorf("name %q, valid %s to %s", name, v.NotBefore, v.NotAfter)
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, nil, err
	}
	return k, &x509.Certificate{
		SerialNumber:          n.SetBit(n, 126, 1), // never zero, always 16 bytes
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             v.NotBefore.UTC().Truncate(time.Second),
		NotAfter:              v.NotAfter.UTC().Truncate(time.Second),
		BasicConstraintsValid: true,
	}, nil
}

func issue(t, parent *x509.Certificate, pub any, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
