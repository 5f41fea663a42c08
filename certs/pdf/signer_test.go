package pdf

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"lethe/certs/sign"
)

// signer is an authority made for one test, and a record signer it vouches for.
type signer struct {
	root *sign.Authority
	leaf sign.Signer
}

func newSigner(t testing.TB) signer {
	t.Helper()
	v := sign.Lasting(time.Now(), 24*time.Hour)
	root, err := sign.NewAuthority("Lethe test root", v)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Leaf(sign.RoleRecord, "Lethe test signer", v)
	if err != nil {
		t.Fatal(err)
	}
	return signer{root, leaf}
}

func (s signer) cms(digest []byte) ([]byte, error) { return sign.SignCMS(digest, s.leaf) }

// verify checks a signed file as a reader of it would.
func (s signer) verify(d *Document) error {
	_, err := sign.VerifyCMS(d.Signature.CMS, d.Signature.Digest, s.root.Pool(), sign.RoleRecord, time.Now())
	return err
}

// writeRoot writes the root's certificate and returns its path.
func (s signer) writeRoot(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(path, sign.EncodeCertificates(s.root.Certificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
