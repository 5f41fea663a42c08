package secureboot_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lethe/image/pecoff"
	"lethe/image/secureboot"
	"lethe/image/uki"
)

var now = time.Date(2026, 11, 24, 12, 30, 45, 0, time.UTC)

func keys(t *testing.T) (secureboot.Set, string) {
	t.Helper()
	s, err := secureboot.NewSet("Example Ltd", now)
	if err != nil {
		t.Fatal(err)
	}
	files, err := s.Files(now)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "keys")
	if err := secureboot.Write(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := secureboot.Write(dir, files); err == nil {
		t.Error("keys were replaced")
	}
	return s, dir
}

// sbverify(1), which knows nothing of us, accepts the image under the database's
// certificate, under no other, and not after a change.
func TestSignImage(t *testing.T) {
	_, dir := keys(t)
	_, other := keys(t)
	s, err := secureboot.ReadSigner(filepath.Join(dir, "db.key"), filepath.Join(dir, "db.pem"))
	if err != nil {
		t.Fatal(err)
	}
	stub, err := os.ReadFile(uki.Stub)
	if err != nil {
		t.Fatal(err)
	}
	image, err := uki.Build(stub, uki.Parts{OSRelease: "o", Cmdline: "c", Uname: "u", Kernel: []byte("k"), Initrd: []byte("i")})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.SignImage(image)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.SignImage(signed)
	if err != nil || !bytes.Equal(again, signed) {
		t.Errorf("signing again gives other bytes: %v", err)
	}
	m, err := pecoff.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(signed)
	changed[bytes.LastIndex(changed[:len(changed)-len(m.Signature())], []byte("k"))] = 'x'
	for _, c := range []struct {
		name  string
		image []byte
		cert  string
		ok    bool
	}{
		{"signed", signed, dir, true}, {"another's certificate", signed, other, false},
		{"changed", changed, dir, false}, {"unsigned", image, dir, false},
	} {
		name := filepath.Join(t.TempDir(), "x.efi")
		if err := os.WriteFile(name, c.image, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("sbverify", "--cert", filepath.Join(c.cert, "db.pem"), name).CombinedOutput()
		if (err == nil) != c.ok {
			t.Errorf("%s: sbverify: %v\n%s", c.name, err, out)
		}
	}
}

// The signature in an .auth file is one that openssl(1) verifies over what UEFI
// says is signed, and the list is the one sig-list tools read.
func TestVariables(t *testing.T) {
	_, dir := keys(t)
	for _, c := range []struct{ name, signer, vendor string }{
		{"PK", "PK", "61dfe48bca93d211aa0d00e098032b8c"}, {"KEK", "PK", "61dfe48bca93d211aa0d00e098032b8c"},
		{"db", "KEK", "cbb219d73a3d9645a3bcdad00e67656f"},
	} {
		auth, err := os.ReadFile(filepath.Join(dir, c.name+".auth"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadFile(filepath.Join(dir, c.name+".esl"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(auth, list) || !bytes.HasPrefix(auth, []byte{0xea, 0x07, 11, 24, 12, 30, 45, 0}) {
			t.Fatalf("%s.auth begins %x", c.name, auth[:16])
		}
		var text []byte
		for _, r := range c.name {
			text = append(text, byte(r), 0)
		}
		text = append(text, unhex(t, c.vendor)...)
		text = append(text, 0x27, 0, 0, 0)
		text = append(append(text, auth[:16]...), list...)
		verify(t, dir, c.signer, auth[16+24:len(auth)-len(list)], text)
	}
	if st, err := os.Stat(filepath.Join(dir, "db.key")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("db.key: %v %v", st.Mode(), err)
	}
}

func verify(t *testing.T, dir, signer string, signedData, text []byte) {
	t.Helper()
	// openssl wants the outer ContentInfo, which UEFI leaves out.
	oid := unhex(t, "06092a864886f70d010702")
	inner := der(0xa0, signedData)
	tmp := t.TempDir()
	for name, b := range map[string][]byte{"sig": der(0x30, append(oid, inner...)), "text": text} {
		if err := os.WriteFile(filepath.Join(tmp, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("openssl", "smime", "-verify", "-binary", "-inform", "DER", "-in", filepath.Join(tmp, "sig"),
		"-content", filepath.Join(tmp, "text"), "-CAfile", filepath.Join(dir, signer+".pem"), "-purpose", "any",
		"-nointern", "-certfile", filepath.Join(dir, signer+".pem"), "-out", os.DevNull).CombinedOutput()
	if err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

func der(tag byte, b []byte) []byte {
	return append([]byte{tag, 0x82, byte(len(b) >> 8), byte(len(b))}, b...)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var out []byte
	for i := 0; i < len(s); i += 2 {
		var v byte
		for _, c := range s[i : i+2] {
			v = v<<4 | byte(strings.IndexRune("0123456789abcdef", c))
		}
		out = append(out, v)
	}
	return out
}

func TestKeysRefuse(t *testing.T) {
	a, dir := keys(t)
	b, _ := keys(t)
	if _, err := secureboot.NewSigner(a.DB.Key, b.DB.Cert); !errors.Is(err, secureboot.ErrKey) {
		t.Errorf("another's certificate: %v", err)
	}
	if _, err := secureboot.ReadSigner(filepath.Join(dir, "db.der"), filepath.Join(dir, "db.pem")); !errors.Is(err, secureboot.ErrKey) {
		t.Errorf("no key: %v", err)
	}
	if _, err := a.DB.SignImage([]byte("MZ")); err == nil {
		t.Error("signed what is no image")
	}
	if secureboot.Owner(a.PK.Cert) == secureboot.Owner(b.PK.Cert) {
		t.Error("two owners, one GUID")
	}
}
