package pecoff_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lethe/image/pecoff"
)

const shim = "/usr/lib/shim/shimx64.efi.signed"

// Debian's signed shim carries in its signature the digest that others computed.
func TestDigestOfSigned(t *testing.T) {
	b, err := os.ReadFile(shim)
	if err != nil {
		t.Fatal(err)
	}
	m, err := pecoff.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	d := m.Digest()
	if !bytes.Contains(m.Signature(), d[:]) {
		t.Errorf("digest %x is not the one that was signed", d)
	}
}

// What has no signature has the digest that sbsign(1) would sign.
func TestDigestOfUnsigned(t *testing.T) {
	b, err := os.ReadFile("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "in.efi")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := pecoff.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	key, cert, out := filepath.Join(dir, "key"), filepath.Join(dir, "cert"), filepath.Join(dir, "out")
	for _, args := range [][]string{
		{"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=t", "-keyout", key, "-out", cert},
		{"sbsign", "--key", key, "--cert", cert, "--output", out, name},
	} {
		if text, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, text)
		}
	}
	signed, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	s, err := pecoff.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	want := m.Digest()
	if !bytes.Contains(s.Signature(), want[:]) || s.Digest() != want {
		t.Errorf("sbsign signed another digest than %x", want)
	}
}

func TestParseRefuses(t *testing.T) {
	b, err := os.ReadFile(shim)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 2, 63, 100, 300, len(b) / 2, len(b) - 1} {
		if _, err := pecoff.Parse(b[:n]); !errors.Is(err, pecoff.ErrMalformed) {
			t.Errorf("%d bytes of an image: %v", n, err)
		}
	}
	if _, err := pecoff.Parse([]byte(strings.Repeat("MZ", 200))); !errors.Is(err, pecoff.ErrMalformed) {
		t.Errorf("no image: %v", err)
	}
	m, err := pecoff.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Append(pecoff.New{Name: ".x", Data: []byte{1}}); err == nil {
		t.Error("appended to a signed image")
	}
}

// Whatever is appended to or signed must be readable again.
func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")
	if err != nil {
		f.Fatal(err)
	}
	// The headers alone, with sections that hold nothing: small inputs are quick.
	small := bytes.Clone(b[:0x400])
	pe := int(binary.LittleEndian.Uint32(small[0x3c:]))
	table := pe + 24 + int(binary.LittleEndian.Uint16(small[pe+20:]))
	for i := range int(binary.LittleEndian.Uint16(small[pe+6:])) {
		clear(small[table+40*i+8 : table+40*i+24])
	}
	if _, err := pecoff.Parse(small); err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := pecoff.Parse(b)
		if err != nil {
			return
		}
		before := m.Digest()
		signed, err := pecoff.Parse(m.Sign([]byte("signature")))
		if err != nil {
			t.Fatalf("signed: %v", err)
		}
		if signed.Digest() != before && m.Signature() == nil {
			t.Error("signing changed the digest")
		}
		if out, err := m.Append(pecoff.New{Name: ".new", Data: []byte("new")}); err == nil {
			n, err := pecoff.Parse(out)
			if err != nil || len(n.Sections) != len(m.Sections)+1 {
				t.Errorf("appended: %v", err)
			}
		}
	})
}
