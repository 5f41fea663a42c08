package efi_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lethe/cmd/internal/efi"
	"lethe/image/secureboot"
)

const (
	global   = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	security = "-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
	loader   = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
)

// vars is a folder in the place of efivarfs.
func vars(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for n, s := range files {
		if err := os.WriteFile(filepath.Join(dir, n), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const attr = "\x06\x00\x00\x00"

// Verified must be said of nothing but a unified image under Secure Boot.
//
// mutant: efi.go: return s.SecureBoot && !s.SetupMode && s.Stub => return s.SecureBoot
// mutant: efi.go: return s.SecureBoot && !s.SetupMode && s.Stub => return s.Stub
func TestRead(t *testing.T) {
	on, off := attr+"\x01", attr+"\x00"
	for name, c := range map[string]struct {
		files    map[string]string
		want     efi.State
		verified bool
	}{
		"BIOS":      {nil, efi.State{}, false},
		"off":       {map[string]string{"SecureBoot" + global: off, "SetupMode" + global: off}, efi.State{EFI: true}, false},
		"setup":     {map[string]string{"SecureBoot" + global: off, "SetupMode" + global: on}, efi.State{EFI: true, SetupMode: true}, false},
		"shim":      {map[string]string{"SecureBoot" + global: on, "SetupMode" + global: off}, efi.State{EFI: true, SecureBoot: true}, false},
		"no SB":     {map[string]string{"Boot0000" + global: "x", "StubInfo" + loader: "x"}, efi.State{EFI: true, Stub: true}, false},
		"UKI, keys": {map[string]string{"SecureBoot" + global: on, "SetupMode" + global: off, "StubInfo" + loader: "x"}, efi.State{EFI: true, SecureBoot: true, Stub: true}, true},
	} {
		got, err := efi.Read(vars(t, c.files))
		if err != nil || got != c.want || got.Verified() != c.verified {
			t.Errorf("%s: %+v, verified %v, %v", name, got, got.Verified(), err)
		}
		if strings.Contains(got.Sentence(), "not verified") == c.verified {
			t.Errorf("%s: %s", name, got.Sentence())
		}
	}
	if s, err := efi.Read(filepath.Join(t.TempDir(), "none")); err != nil || s.EFI {
		t.Errorf("no folder: %+v, %v", s, err)
	}
	for _, bad := range []string{"", "\x01", attr, attr + "\x02", attr + "\x01\x01"} {
		dir := vars(t, map[string]string{"SecureBoot" + global: bad, "StubInfo" + loader: "x"})
		if s, err := efi.Read(dir); err == nil {
			t.Errorf("SecureBoot = %x gives %+v", bad, s)
		}
		if w := efi.Word(dir); !strings.Contains(w, "not verified") {
			t.Errorf("SecureBoot = %x: %s", bad, w)
		}
	}
}

func keys(t *testing.T) string {
	t.Helper()
	now := time.Now()
	s, err := secureboot.NewSet("Test", now)
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
	return dir
}

// Outside of setup mode not a byte is written.
//
// mutant: enrol.go: case !s.SetupMode: => case false:
func TestEnrolOnlyInSetupMode(t *testing.T) {
	k, err := efi.ReadKeys(keys(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := vars(t, map[string]string{"SecureBoot" + global: attr + "\x01", "SetupMode" + global: attr + "\x00"})
	if err := efi.Enrol(dir, k); !errors.Is(err, efi.ErrNotSetup) {
		t.Errorf("not in setup mode: %v", err)
	}
	if es, err := os.ReadDir(dir); err != nil || len(es) != 2 {
		t.Errorf("variables were written: %v, %v", es, err)
	}
	if err := efi.Enrol(t.TempDir(), k); !errors.Is(err, efi.ErrNoEFI) {
		t.Errorf("no EFI: %v", err)
	}
}

func TestEnrol(t *testing.T) {
	from := keys(t)
	k, err := efi.ReadKeys(from)
	if err != nil {
		t.Fatal(err)
	}
	dir := vars(t, map[string]string{"SetupMode" + global: attr + "\x01"})
	// A folder leaves no setup mode by itself, which must be told.
	if err := efi.Enrol(dir, k); err == nil || !strings.Contains(err.Error(), "stays in setup mode") {
		t.Errorf("Enrol: %v", err)
	}
	for name, file := range map[string]string{"db" + security: "db.auth", "KEK" + global: "KEK.auth", "PK" + global: "PK.auth"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(from, file))
		if err != nil || !bytes.Equal(got, append([]byte{0x27, 0, 0, 0}, want...)) {
			t.Errorf("%s is not %s with its attributes: %v", name, file, err)
		}
	}
}

func TestReadKeysRefuses(t *testing.T) {
	for _, bad := range []string{"", "no key", strings.Repeat("x", 500)} {
		dir := keys(t)
		if err := os.WriteFile(filepath.Join(dir, "KEK.auth"), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := efi.ReadKeys(dir); err == nil {
			t.Errorf("%q was taken for a key", bad)
		}
	}
	if _, err := efi.ReadKeys(t.TempDir()); err == nil {
		t.Error("no keys were taken for keys")
	}
}

func FuzzKeys(f *testing.F) {
	f.Add([]byte("x"))
	f.Add(append(make([]byte, 16), 30, 0, 0, 0, 0, 2, 0xf1, 0x0e))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		for _, n := range []string{"db.auth", "KEK.auth", "PK.auth"} {
			if err := os.WriteFile(filepath.Join(dir, n), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if k, err := efi.ReadKeys(dir); err == nil && len(k.PK) < 40 {
			t.Errorf("took %x", k.PK)
		}
	})
}
