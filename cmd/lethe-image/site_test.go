package main

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lethe/certs/marker"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/image"
)

// approver writes an approver's key and certificate and returns their files and
// the roots.
func approver(t *testing.T) (key, cert string, roots *x509.CertPool) {
	t.Helper()
	a, err := sign.NewAuthority("root", sign.Lasting(time.Now().Add(-time.Hour), 48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Leaf(sign.RoleOrder, "approver", sign.Lasting(time.Now().Add(-time.Hour), 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	keyPEM, certPEM, err := sign.EncodeSigner(s)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, cert = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	for n, b := range map[string][]byte{key: keyPEM, cert: certPEM} {
		if err := os.WriteFile(n, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AddCert(a.Certificate())
	return key, cert, roots
}

// The agent must take the marker for this stick, and for no other.
func TestStickMarker(t *testing.T) {
	key, cert, roots := approver(t)
	s := &stickFlags{serial: "STICK-1", key: key, cert: cert, valid: time.Hour, mib: 64}
	var o image.Options
	if err := s.apply(&o); err != nil {
		t.Fatal(err)
	}
	if len(o.Papers) != 1 || o.Papers[0].Path != marker.Path || o.PapersLen != 64<<20 {
		t.Fatalf("options %+v", o)
	}
	m, err := marker.Open(bytes.TrimSpace(o.Papers[0].Data), roots, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Permits(time.Now(), record.Identity{Serial: "STICK-1"}); err != nil {
		t.Error(err)
	}
	if err := m.Permits(time.Now(), record.Identity{Serial: "STICK-2"}); !errors.Is(err, marker.ErrDrive) {
		t.Errorf("another stick: %v", err)
	}
	for _, bad := range []stickFlags{{serial: "X", mib: 64}, {mib: 1}, {key: key, cert: cert, mib: 64}} {
		var use *usageError
		if err := bad.apply(&o); !errors.As(err, &use) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// A site where the menu's "list only" would not count must not be built.
//
// mutant: site.go: && !slices.Contains(s.Permit, "lethe.list") { => && slices.Contains(s.Permit, "lethe.none") {
func TestSite(t *testing.T) {
	for text, want := range map[string]string{
		"version: 1\nconsoles: [ttyS1]\n":        "",
		"version: 1\npermit: [lethe.list]\n":     "",
		"version: 1\npermit: []\n":               "list only would erase",
		"version: 1\npermit: [lethe.poweroff]\n": "list only would erase",
		"version: 1\nnosuch: 1\n":                "nosuch",
	} {
		name := filepath.Join(t.TempDir(), "site.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var o image.Options
		_, err := addSite(&o, name)
		switch {
		case want == "" && (err != nil || len(o.Overlay) != 1 || o.Overlay[0].Path != "etc/lethe/site.json"):
			t.Errorf("%q: %v, %+v", text, err, o.Overlay)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
