package devio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

// image makes a regular file of size bytes.
func image(t *testing.T, dir string, size int64) string {
	t.Helper()
	p := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(p, bytes.Repeat([]byte{0x5a}, int(size)), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func openFile(t *testing.T, path string) *devio.Handle {
	t.Helper()
	h, err := devio.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// TestFileHandle is a safety test: a file is written past the cache and never
// grows.
//
// mutant: file_linux.go: openRegular(path, unix.O_RDWR|unix.O_DIRECT) => openRegular(path, unix.O_RDWR)
// mutant: io_linux.go: if !h.t.regular { => if true {
func TestFileHandle(t *testing.T) {
	const size = mib + 512
	p := image(t, t.TempDir(), size)
	h := openFile(t, p)
	all := descriptors(t, p)
	const want = unix.O_RDWR | unix.O_DIRECT | unix.O_CLOEXEC
	if len(all) != 1 || all[0]&want != want {
		t.Errorf("handle is open with flags %o; want one descriptor with %o", all, want)
	}
	if h.Size() != size || h.LogicalSector() != 512 {
		t.Fatalf("handle of %d bytes, sectors of %d", h.Size(), h.LogicalSector())
	}
	b := inventorytest.Buffer(size)
	if n, err := h.WriteAt(b, 0); n != size || err != nil {
		t.Fatalf("WriteAt = %d, %v", n, err)
	}
	if err := h.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := h.Invalidate(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(p); err != nil || !bytes.Equal(got, make([]byte, size)) {
		t.Errorf("the file holds %d bytes, zero %v, %v", len(got), bytes.Equal(got, make([]byte, len(got))), err)
	}
	if n, err := h.WriteAt(b[:1024], size-512); n != 512 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("WriteAt over the end = %d, %v; want 512, short write", n, err)
	}
	if n, err := h.WriteAt(b[:512], size); n != 0 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("WriteAt past the end = %d, %v; want 0, short write", n, err)
	}
	if n, err := h.ReadAt(b[:1024], size-512); n != 512 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt over the end = %d, %v; want 512, EOF", n, err)
	}
	if st, _ := os.Stat(p); st.Size() != size {
		t.Errorf("the file has grown to %d bytes", st.Size())
	}
}

func TestFileIdentity(t *testing.T) {
	p := image(t, t.TempDir(), mib)
	var st syscall.Stat_t
	if err := syscall.Stat(p, &st); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("file:%d:%d:%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino, mib)
	id, err := openFile(t, p).Identify(context.Background())
	if err != nil || id.Identity.Backing != want || id.Transport != "file" || id.Size != mib || len(id.Evidence) == 0 {
		t.Errorf("Identify = %+v, %v; want backing %s", id, err, want)
	}
}

// TestFileExcludes is a safety test: two erases of one file, and an erase of a
// file that something else uses.
//
// mutant: file_linux.go: case errors.Is(err, unix.EAGAIN): => case false:
// mutant: file_linux.go: if name != "" { => if false {
func TestFileExcludes(t *testing.T) {
	p := image(t, t.TempDir(), 16*mib)
	busy := func(what, words string) {
		t.Helper()
		h, err := devio.OpenFile(p)
		if !errors.Is(err, devio.ErrBusy) || !strings.Contains(fmt.Sprint(err), words) {
			t.Errorf("%s: OpenFile = %v; want ErrBusy, %q", what, err, words)
		}
		if err == nil {
			h.Close()
		}
	}
	free := func(after string) {
		t.Helper()
		h, err := devio.OpenFile(p)
		if err != nil {
			t.Fatalf("after %s: %v", after, err)
		}
		h.Close()
	}
	free("nothing")

	h := openFile(t, p)
	busy("a second OpenFile", "another program has it open")
	h.Close()
	free("Close")

	for name, flag := range map[string]int{"a reader": os.O_RDONLY, "a writer": os.O_RDWR} {
		f, err := os.OpenFile(p, flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		busy(name, "another program has it open")
		f.Close()
		free(name)
	}

	dev := inventorytest.Run(t, "losetup", "--find", "--show", p)
	dev = strings.TrimSpace(dev)
	busy("a loop device", "the loop device "+filepath.Base(dev)+" is attached to it")
	inventorytest.Run(t, "losetup", "--detach", dev)
	free("losetup --detach")
}

// TestFileLocks looks at the locks alone: a lock that another holds through a
// file system that gives no leases.
//
// mutant: file_linux.go: err = t.lock() => err = nil
func TestFileLocks(t *testing.T) {
	p := image(t, t.TempDir(), mib)
	h := openFile(t, p)
	f, err := os.OpenFile(p, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &all); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("a second lock of the whole file: %v; want EAGAIN", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("flock beside a handle: %v; want EAGAIN", err)
	}
	probe, err := devio.OpenFileProbe(p)
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	if err := probe.InUse(); !errors.Is(err, devio.ErrBusy) {
		t.Errorf("InUse beside a handle: %v; want ErrBusy", err)
	}
	h.Close()
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	good := image(t, dir, mib)
	made := func(name string, make func(string) error) string {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := make(p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	dev := inventorytest.Loop(t, "", 8*mib)
	part := inventorytest.Partition(t, dev, 1, 2048, 2048)
	immutable := made("immutable", func(p string) error { return os.WriteFile(p, make([]byte, 512), 0o600) })
	inventorytest.Run(t, "chattr", "+i", immutable)
	t.Cleanup(func() { inventorytest.Run(t, "chattr", "-i", immutable) })
	for _, c := range []struct {
		name, path string
		want       error
		words      string
	}{
		{"directory", dir, devio.ErrNotFile, "a directory"},
		{"symbolic link", made("link", func(p string) error { return os.Symlink(good, p) }), devio.ErrNotFile, "a symbolic link"},
		{"named pipe", made("fifo", func(p string) error { return unix.Mkfifo(p, 0o600) }), devio.ErrNotFile, "a named pipe"},
		{"character device", "/dev/null", devio.ErrNotFile, "a character device"},
		{"whole drive", dev, devio.ErrNotFile, "a block device"},
		{"partition", part, devio.ErrPartition, part + " is a partition of " + dev},
		{"empty", made("empty", func(p string) error { return os.WriteFile(p, nil, 0o600) }), devio.ErrSize, "empty"},
		{"odd", made("odd", func(p string) error { return os.WriteFile(p, make([]byte, 1000), 0o600) }), devio.ErrSize, "1000 bytes"},
		{"immutable", immutable, devio.ErrReadOnly, "immutable"},
		{"nothing", filepath.Join(dir, "none"), os.ErrNotExist, ""},
	} {
		h, err := devio.OpenFile(c.path)
		if err == nil {
			h.Close()
		}
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.words) {
			t.Errorf("%s: OpenFile = %v; want %v, %q", c.name, err, c.want, c.words)
		}
	}
	if _, err := devio.Open(part); !errors.Is(err, devio.ErrPartition) || !strings.Contains(err.Error(), dev+",") {
		t.Errorf("Open of a partition: %v; want ErrPartition that names %s", err, dev)
	}
}
