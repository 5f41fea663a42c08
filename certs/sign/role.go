package sign

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
)

// Role is the one job a certificate's key may do.
type Role string

// The roles.
const (
	RoleRecord Role = "record signing" // records, certificates, summaries, intents: the erasing machine
	RoleOrder  Role = "order approval" // orders: the person who may have drives erased
	RoleDepot  Role = "depot"          // receipts, and the depot's TLS endpoint
)

// arc is Lethe's own branch of object identifiers: UUID
// 7af1e7d5-8384-43b3-ba6f-ba9ff6412701 under 1.2.840.113556.1.8000.2554, spelled in
// chunks of 4, 4, 4, 4, 4, 6 and 6 digits as that branch prescribes. The plainer
// 2.25.<uuid> cannot be used: its 128-bit arc makes crypto/x509 refuse the whole
// certificate ("invalid extended key usages").
var arc = asn1.ObjectIdentifier{1, 2, 840, 113556, 1, 8000, 2554,
	31473, 59349, 33668, 17331, 47727, 12230646, 4269825}

var (
	// oidDocumentSigning is id-kp-documentSigning (RFC 9336).
	oidDocumentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}
	oidOrderApproval   = append(slices.Clone(arc), 1, 1)
	oidDepotReceipt    = append(slices.Clone(arc), 1, 2)
)

// mark is the usage that makes a certificate one of this role.
func (r Role) mark() asn1.ObjectIdentifier {
	switch r {
	case RoleRecord:
		return oidDocumentSigning
	case RoleOrder:
		return oidOrderApproval
	case RoleDepot:
		return oidDepotReceipt
	}
	return nil
}

var roles = []Role{RoleRecord, RoleOrder, RoleDepot}

// RoleOf is the role a certificate has. No mark, several marks, "any usage", a CA
// or a key usage without digitalSignature is an error that wraps [ErrRole].
func RoleOf(c *x509.Certificate) (Role, error) {
	if c.IsCA || c.KeyUsage&x509.KeyUsageDigitalSignature == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return "", fmt.Errorf("%w: %q is no end certificate with one job", ErrRole, c.Subject.CommonName)
	}
	var found []Role
	for _, r := range roles {
		if hasUsage(c, r.mark()) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%w: %q carries the marks of %d roles", ErrRole, c.Subject.CommonName, len(found))
	}
	return found[0], nil
}

func hasUsage(c *x509.Certificate, o asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(c.UnknownExtKeyUsage, o.Equal)
}

// requireRole refuses a certificate of any role but the wanted one.
func requireRole(c *x509.Certificate, want Role) error {
	got, err := RoleOf(c)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%w: %q is for %s, not for %s", ErrRole, c.Subject.CommonName, got, want)
	}
	return nil
}
