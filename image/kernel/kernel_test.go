package kernel

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testLock = Lock{
	Meta: Meta, Package: "linux-image-6.1.0-56-amd64", Version: "6.1.192-2",
	Release: "6.1.0-56-amd64", Size: 1, SHA256: strings.Repeat("0a", 32),
}

func TestLockRoundTrip(t *testing.T) {
	name := filepath.Join(t.TempDir(), "kernel.lock")
	if err := testLock.Write(name); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLock(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testLock, got); diff != "" {
		t.Errorf("lock (-want +got):\n%s", diff)
	}
}

func TestLockRefuses(t *testing.T) {
	for name, change := range map[string]func(*Lock){
		"option as package": func(l *Lock) { l.Package = "--allow-unauthenticated" },
		"option as version": func(l *Lock) { l.Version = "-x" },
		"path as release":   func(l *Lock) { l.Release = "../../etc" },
		"short digest":      func(l *Lock) { l.SHA256 = "0a" },
		"upper-case digest": func(l *Lock) { l.SHA256 = strings.Repeat("0A", 32) },
	} {
		l := testLock
		change(&l)
		if l.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ParseLock([]byte(`{"package":"x","extra":1}`)); err == nil {
		t.Error("unknown field accepted")
	}
}

// The committed lock must be readable by this code.
func TestCommittedLock(t *testing.T) {
	if _, err := ReadLock("kernel.lock"); err != nil {
		t.Error(err)
	}
}

func TestDependency(t *testing.T) {
	const show = "Package: linux-image-amd64\nDepends: linux-base, linux-image-6.1.0-56-amd64 (= 6.1.192-2)\n" +
		"Description: x\n more: y\n\nPackage: other\nDepends: linux-image-9\n"
	got, err := dependency([]byte(show))
	if err != nil || got != "linux-image-6.1.0-56-amd64" {
		t.Errorf("dependency = %q, %v", got, err)
	}
	if _, err := dependency(nil); err == nil {
		t.Error("no stanza, no error")
	}
}

// apt itself is asked: a version that never was must give ErrGone and one line
// that says what to do.
func TestGone(t *testing.T) {
	l := testLock
	l.Version = "1.0-1"
	_, err := Get(t.Context(), l, t.TempDir())
	if !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), "kernel update") ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("error = %v", err)
	}
}

// Without the comparison in downloadTo this stays green only by luck: a package
// that differs from the lock must not be unpacked.
func TestWrongDigest(t *testing.T) {
	l, err := ReadLock("kernel.lock")
	if err != nil {
		t.Fatal(err)
	}
	l.SHA256 = strings.Repeat("0a", 32)
	cache := t.TempDir()
	if _, err := Get(t.Context(), l, cache); err == nil || !strings.Contains(err.Error(), "the lock says") {
		t.Errorf("error = %v", err)
	}
	if left, _ := os.ReadDir(cache); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzParseLock(f *testing.F) {
	f.Add([]byte(`{"meta":"linux-image-amd64"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := ParseLock(b); err == nil && l.Validate() != nil {
			t.Fatal("accepted an invalid lock")
		}
	})
}

func FuzzStanza(f *testing.F) {
	f.Add([]byte("A: b\n c\n\nD: e"))
	f.Fuzz(func(t *testing.T, b []byte) { stanza(b) })
}

// Each series has a lock of its own, readable by this code, of its own package.
func TestSeries(t *testing.T) {
	for series, name := range Locks() {
		l, err := ReadLock(name)
		if err != nil {
			t.Errorf("%s: %v", series, err)
			continue
		}
		if l.Meta != MetaOf(series) || !strings.HasPrefix(l.Release, series+".") {
			t.Errorf("series %s is locked to %s of %s", series, l.Release, l.Meta)
		}
	}
	if name, err := LockFile(""); err != nil || name != "kernel.lock" {
		t.Errorf("default lock = %q, %v", name, err)
	}
	if _, err := LockFile("5.10"); !errors.Is(err, ErrSeries) {
		t.Errorf("unknown series: %v", err)
	}
}

// Packed modules must come out whole; xz itself packs them here.
func TestUnxz(t *testing.T) {
	dir := t.TempDir()
	ko := filepath.Join(dir, "kernel", "a.ko")
	if err := os.MkdirAll(filepath.Dir(ko), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ko, []byte("module"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("xz", ko).CombinedOutput(); err != nil {
		t.Fatalf("xz: %v\n%s", err, out)
	}
	if err := unxz(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(ko); err != nil || string(b) != "module" {
		t.Errorf("unpacked module = %q, %v", b, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.ko.xz"), []byte("no xz"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unxz(t.Context(), dir); err == nil {
		t.Error("a broken file was accepted")
	}
}
