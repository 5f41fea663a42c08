package sign

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"
)

// verifyChain checks that chain[0] has the role and that exactly these certificates,
// in this order, lead to one of the roots at that time.
func verifyChain(chain []*x509.Certificate, roots *x509.CertPool, role Role, at time.Time) error {
	switch {
	case roots == nil:
		return ErrNoRoots // crypto/x509 would take the system's
	case at.IsZero():
		return ErrNoTime // crypto/x509 would take now
	case len(chain) == 0 || len(chain) > maxChain:
		return fmt.Errorf("%w: %d certificates, want 1 to %d", ErrMalformed, len(chain), maxChain)
	}
	leaf := chain[0]
	if _, err := publicKey(leaf); err != nil {
		return err
	}
	inter := x509.NewCertPool()
	for _, c := range chain[1:] {
		inter.AddCert(c)
	}
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: inter, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // requireRole looks, at usages x509 has no name for
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if !slices.ContainsFunc(paths, func(p []*x509.Certificate) bool { return followed(p, chain) }) {
		return fmt.Errorf("%w: certificates beside the path to the root", ErrMalformed)
	}
	for _, c := range chain[1:] {
		if !mayIssue(c, role.mark()) {
			return fmt.Errorf("%w: authority %q may not issue for %s", ErrRole, c.Subject.CommonName, role)
		}
	}
	return requireRole(leaf, role)
}

// followed reports whether path is chain and then one root.
func followed(path, chain []*x509.Certificate) bool {
	return len(path) == len(chain)+1 &&
		slices.EqualFunc(path[:len(chain)], chain, func(a, b *x509.Certificate) bool { return a.Equal(b) })
}

// mayIssue reports whether an authority's usages, where it states any, include o.
func mayIssue(c *x509.Certificate, o asn1.ObjectIdentifier) bool {
	free := len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0
	return free || hasUsage(c, o) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// parseChain reads DER certificates, leaf first.
func parseChain(ders [][]byte) ([]*x509.Certificate, error) {
	if len(ders) == 0 || len(ders) > maxChain {
		return nil, fmt.Errorf("%w: %d certificates, want 1 to %d", ErrMalformed, len(ders), maxChain)
	}
	var chain []*x509.Certificate
	for _, d := range ders {
		c, err := x509.ParseCertificate(d)
		if err != nil {
			return nil, fmt.Errorf("%w: certificate: %w", ErrMalformed, err)
		}
		chain = append(chain, c)
	}
	return chain, nil
}
