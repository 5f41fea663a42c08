package site

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testFiles writes root.pem and key.pem and returns their folder.
func testFiles(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k}))
	return dir
}

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLoadExample(t *testing.T) {
	dir := testFiles(t)
	b, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, files, err := Load(write(t, dir, "site.yaml", b))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Path)
	}
	want := "etc/lethe/site.json etc/lethe/depot-ca.pem etc/lethe/trust-1.pem etc/lethe/syslog-ca.pem"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files %s\nwant  %s", got, want)
	}
	if s.Key != "/etc/lethe/agent-key.pem" || s.Trust[0] != "/etc/lethe/trust-1.pem" {
		t.Errorf("paths %q, %q", s.Key, s.Trust)
	}
	again, err := Parse(files[0].Data)
	if err != nil {
		t.Fatalf("the machine would refuse it: %v", err)
	}
	if again.Network.VLAN != 42 || again.TFTP == nil || again.Permit == nil {
		t.Errorf("lost on the way: %+v", again)
	}
	_, files2, err := Load(filepath.Join(dir, "site.yaml"))
	if err != nil || !bytes.Equal(files[0].Data, files2[0].Data) {
		t.Errorf("two loads differ, %v", err)
	}
}

func TestLoadKeyIsPrivate(t *testing.T) {
	dir := testFiles(t)
	_, files, err := Load(write(t, dir, "s.yaml", []byte("version: 1\nkey: key.pem\norder: s.yaml\n")))
	if err != nil || len(files) != 3 || files[2].Path != "etc/lethe/agent-key.pem" || files[2].Mode != 0o600 {
		t.Errorf("%+v, %v", files, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := testFiles(t)
	for yaml, want := range map[string]string{
		"version: 1\ndepott: x\nfoo: y\n":           `line 2: unknown field "depott"`,
		"version: 1\nnetwork: {vlann: 4}\n":         `line 2: unknown field "vlann"`,
		"version: 1\ntrust: [missing.pem]\n":        "trust: open",
		"version: 1\ntrust: [key.pem]\n":            "trust: a private key where only certificates may be",
		"version: 1\ntrust: [bad.yaml]\n":           "trust: no certificate",
		"version: 1\nkey: root.pem\n":               "key: no private key",
		"version: 1\nkeymap: root.pem\n":            "keymap: not a keymap",
		"version: 1\norder: /dev/null\n":            "order: the file is empty",
		"version: 1\n---\nversion: 1\n":             "more than one document",
		"version: 1\nntp: 3\n":                      "line 2",
		"version: 1\nversion: 1\n":                  "already defined",
		"":                                          "EOF",
		"depot: https://a\n":                        "version is 0",
		"version: 1\nnetwork: {address: [10.1/24]}": "address",
	} {
		_, _, err := Load(write(t, dir, "bad.yaml", []byte(yaml)))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want one line with %q", yaml, err, want)
		}
	}
}

func TestParseKeymap(t *testing.T) {
	b := append([]byte(keymapMagic), make([]byte, keymapTables)...)
	b[len(keymapMagic)+4] = 1
	b = append(b, make([]byte, 2*keymapKeys)...)
	b[len(b)-2], b[len(b)-1] = 0x34, 0x12
	keys, err := ParseKeymap(b)
	if err != nil || len(keys) != 128 || keys[127] != (Key{4, 127, 0x1234}) {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	for _, bad := range [][]byte{nil, b[:10], b[:len(b)-1], append(bytes.Clone(b), 0), append([]byte("Bkeymap"), b[7:]...)} {
		if _, err := ParseKeymap(bad); !errors.Is(err, ErrKeymap) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func FuzzParseKeymap(f *testing.F) {
	f.Add(append([]byte(keymapMagic), make([]byte, 600)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if keys, err := ParseKeymap(b); err == nil && len(keys)%keymapKeys != 0 {
			t.Fatalf("%d keys", len(keys))
		}
	})
}

func FuzzDecode(f *testing.F) {
	b, err := os.ReadFile("example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := decode(b); err == nil {
			_ = s.Validate()
		}
	})
}
