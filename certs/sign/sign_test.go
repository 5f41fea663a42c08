package sign_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lethe/certs/sign"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func authority(t testing.TB, name string) *sign.Authority {
	t.Helper()
	a, err := sign.NewAuthority(name, sign.Lasting(now, 365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func leaf(t testing.TB, a *sign.Authority, r sign.Role, hosts ...string) sign.Signer {
	t.Helper()
	s, err := a.Leaf(r, "leaf for "+string(r), sign.Lasting(now, time.Hour), hosts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFilesRoundTrip(t *testing.T) {
	dir := t.TempDir()
	at := func(n string) string { return filepath.Join(dir, n) }
	a := authority(t, "root")
	if err := a.Write(at("root.key"), at("root.pem")); err != nil {
		t.Fatal(err)
	}
	b, err := sign.ReadAuthority(at("root.key"), at("root.pem"))
	if err != nil || !b.Certificate().Equal(a.Certificate()) {
		t.Fatalf("ReadAuthority() = %v, %v; want the same root", b, err)
	}
	s := leaf(t, b, sign.RoleRecord)
	if err := sign.WriteSigner(at("k"), at("c"), s); err != nil {
		t.Fatal(err)
	}
	got, err := sign.ReadSigner(at("k"), at("c"))
	if err != nil || !got.Chain()[0].Equal(s.Chain()[0]) {
		t.Fatalf("ReadSigner() = %v, %v; want the same leaf", got, err)
	}
	for _, n := range []string{"root.key", "k"} {
		if st, err := os.Stat(at(n)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("mode of %s = %v, %v; want 0600", n, st.Mode(), err)
		}
	}
	if err := sign.WriteSigner(at("k"), at("c2"), s); err == nil {
		t.Error("WriteSigner() replaced an existing key")
	}
	if err := os.Chmod(at("k"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := sign.ReadSigner(at("k"), at("c")); err == nil {
		t.Error("ReadSigner() took a key that the group can read")
	}
}

// TestLoadSignerRefuses goes red when checkSigner no longer compares keys or looks
// for roots in the chain.
//
// mutant: signer.go: if !pub.Equal(s.Public()) { => if !pub.Equal(s.Public()) && false {
// mutant: signer.go: if bytes.Equal(c.RawSubject, c.RawIssuer) { => if false {
func TestLoadSignerRefuses(t *testing.T) {
	a := authority(t, "root")
	one, two := leaf(t, a, sign.RoleRecord), leaf(t, a, sign.RoleRecord)
	k1, c1, err := sign.EncodeSigner(one)
	if err != nil {
		t.Fatal(err)
	}
	_, c2, err := sign.EncodeSigner(two)
	if err != nil {
		t.Fatal(err)
	}
	root := sign.EncodeCertificates(a.Certificate())
	for name, in := range map[string][2][]byte{
		"other key":     {k1, c2},
		"root in chain": {k1, append(append([]byte{}, c1...), root...)},
		"no chain":      {k1, nil},
		"no key":        {nil, c1},
		"swapped":       {c1, k1},
		"two keys":      {append(append([]byte{}, k1...), k1...), c1},
		"unrelated":     {k1, append(append([]byte{}, c1...), c2...)},
	} {
		if _, err := sign.LoadSigner(in[0], in[1]); err == nil {
			t.Errorf("%s: LoadSigner() accepted it", name)
		}
	}
	if _, err := sign.LoadSigner(k1, c1); err != nil {
		t.Errorf("LoadSigner() = %v; want the signer back", err)
	}
}

func TestParseRootsRefusesLeaves(t *testing.T) {
	a := authority(t, "root")
	if _, err := sign.ParseRoots(sign.EncodeCertificates(leaf(t, a, sign.RoleRecord).Chain()...)); err == nil {
		t.Error("ParseRoots() took a leaf as a root")
	}
	if _, err := sign.ParseRoots(sign.EncodeCertificates(a.Certificate())); err != nil {
		t.Error(err)
	}
}

func TestRoleOf(t *testing.T) {
	a := authority(t, "root")
	for _, r := range []sign.Role{sign.RoleRecord, sign.RoleOrder} {
		if got, err := sign.RoleOf(leaf(t, a, r).Chain()[0]); got != r || err != nil {
			t.Errorf("RoleOf() = %q, %v; want %q", got, err, r)
		}
	}
	d := leaf(t, a, sign.RoleDepot, "depot.example", "10.0.2.2").Chain()[0]
	if got, err := sign.RoleOf(d); got != sign.RoleDepot || err != nil {
		t.Errorf("RoleOf() = %q, %v; want depot", got, err)
	}
	if err := d.VerifyHostname("10.0.2.2"); err != nil {
		t.Error(err)
	}
	if _, err := sign.RoleOf(a.Certificate()); err == nil {
		t.Error("RoleOf() gave a root a role")
	}
	if _, err := a.Leaf(sign.RoleOrder, "x", sign.Lasting(now, time.Hour), "host"); err == nil {
		t.Error("Leaf() gave an approver a host name")
	}
}

// TestDepotServesTLS shows that x509 finds the depot's certificate fit for TLS.
func TestDepotServesTLS(t *testing.T) {
	a := authority(t, "root")
	_, err := leaf(t, a, sign.RoleDepot, "127.0.0.1").Chain()[0].Verify(x509.VerifyOptions{
		Roots: a.Pool(), CurrentTime: now, DNSName: "127.0.0.1",
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		t.Error(err)
	}
}
