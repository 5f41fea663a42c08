package sign_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"lethe/certs/sign"
)

// under issues an intermediate of root's and, from it, a leaf with record's usages.
// usage limits what the intermediate may issue for.
func under(t *testing.T, rootKey *ecdsa.PrivateKey, root *x509.Certificate, usage ...x509.ExtKeyUsage) sign.Signer {
	t.Helper()
	ik, it := template(t, "intermediate")
	it.IsCA, it.KeyUsage, it.ExtKeyUsage = true, x509.KeyUsageCertSign, usage
	ic := create(t, it, root, ik, rootKey)
	lk, lt := template(t, "leaf")
	lt.KeyUsage = x509.KeyUsageDigitalSignature
	lt.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	lt.UnknownExtKeyUsage = leaf(t, authority(t, "x"), sign.RoleRecord).Chain()[0].UnknownExtKeyUsage
	lc := create(t, lt, ic, lk, ik)
	der, err := x509.MarshalPKCS8PrivateKey(lk)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sign.LoadSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), sign.EncodeCertificates(lc, ic))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func template(t *testing.T, name string) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), BasicConstraintsValid: true}
}

func create(t *testing.T, c, by *x509.Certificate, k, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, by, k.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestIntermediate(t *testing.T) {
	rk, rt := template(t, "root")
	rt.IsCA, rt.KeyUsage = true, x509.KeyUsageCertSign
	root := create(t, rt, rt, rk, rk)
	pool := x509.NewCertPool()
	pool.AddCert(root)
	doc := []byte("a document\n")
	cms, err := sign.SignCMS(digest(doc), under(t, rk, root))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sign.VerifyCMS(cms, digest(doc), pool, sign.RoleRecord, now); err != nil {
		t.Errorf("VerifyCMS() = %v; want the leaf under its intermediate", err)
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{"doc": doc, "cms": cms, "root": sign.EncodeCertificates(root)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "cms",
		"-content", "doc", "-CAfile", "root", "-attime", "1795510800", "-out", "/dev/null")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v: %s", err, out)
	}
	// An intermediate that may issue for TLS alone cannot make a record signer.
	// mutant: chain.go: if !mayIssue(c, role.mark()) { => if false {
	bad, err := sign.SignCMS(digest(doc), under(t, rk, root, x509.ExtKeyUsageServerAuth))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sign.VerifyCMS(bad, digest(doc), pool, sign.RoleRecord, now); !errors.Is(err, sign.ErrRole) {
		t.Errorf("VerifyCMS() = %v; want ErrRole", err)
	}
}
