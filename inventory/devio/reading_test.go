package devio

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Reading reads what is there and has no descriptor that writes; it keeps out, and
// is kept out by, whoever locks or writes.
//
// mutant: reading_linux.go: openRegular(path, unix.O_RDONLY|unix.O_DIRECT) => openRegular(path, unix.O_RDWR|unix.O_DIRECT)
// mutant: reading_linux.go: err = t.lockReading() => err = nil
// mutant: reading_linux.go: err = t.inUse(unix.F_RDLCK) => err = nil
func TestFileReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	want := bytes.Repeat([]byte("old data"), 1024)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenFileReading(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b := make([]byte, 3*4096)
	for len(b) > 0 && uintptr(unsafe.Pointer(&b[0]))%4096 != 0 {
		b = b[1:]
	}
	b = b[:8192]
	if n, err := r.ReadAt(b, 0); n != len(want) || err != nil || !bytes.Equal(b, want) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if n, err := r.h.WriteAt(b, 0); n != 0 || !errors.Is(err, unix.EBADF) {
		t.Errorf("wrote %d bytes, %v: want a descriptor that does not write", n, err)
	}
	if _, err := OpenFileReading(path); !errors.Is(err, ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	w, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := OpenFileReading(path); !errors.Is(err, ErrBusy) {
		t.Errorf("opened beside a writer: %v", err)
	}
}
