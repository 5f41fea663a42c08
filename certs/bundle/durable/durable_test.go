package durable_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle/durable"
)

func list(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

// mutant: durable_linux.go: unix.RENAME_NOREPLACE) => 0)
func TestWriteIsWholeAndNeverReplaces(t *testing.T) {
	dir := t.TempDir()
	if err := durable.Write(dir, "a", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := durable.Write(dir, "a", []byte("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Write = %v; want fs.ErrExist", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(b) != "one" {
		t.Errorf("content = %q, %v; want the first", b, err)
	}
	if n := list(t, dir); len(n) != 1 {
		t.Errorf("left behind: %v", n)
	}
}

// A writer killed between the flush and the rename leaves a temporary file, no
// name; the next owner sweeps it.
func TestKilledBetweenTempAndRename(t *testing.T) {
	dir := t.TempDir()
	if _, err := durable.Stage(dir, []byte("half a promise")); err != nil {
		t.Fatal(err)
	}
	if n := list(t, dir); len(n) != 1 || n[0][:len(durable.TempPrefix)] != durable.TempPrefix {
		t.Fatalf("staged: %v", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "kept"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.Sweep(dir); err != nil {
		t.Fatal(err)
	}
	if n := list(t, dir); len(n) != 1 || n[0] != "kept" {
		t.Errorf("after Sweep: %v; want [kept]", n)
	}
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	for _, s := range []string{"one", "two"} {
		st, err := durable.Stage(dir, []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Replace("a"); err != nil {
			t.Fatal(err)
		}
		st.Discard() // after the rename there is nothing to discard
	}
	if err := durable.ReadBack(filepath.Join(dir, "a"), []byte("two")); err != nil {
		t.Error(err)
	}
}

func TestReadBack(t *testing.T) {
	dir := t.TempDir()
	if err := durable.Write(dir, "a", []byte("content")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a")
	for want, ok := range map[string]bool{"content": true, "contenu": false, "conten": false, "content+": false, "": false} {
		if err := durable.ReadBack(path, []byte(want)); ok != (err == nil) || !ok && !errors.Is(err, durable.ErrDiffers) {
			t.Errorf("ReadBack(%q) = %v; want ok %v", want, err, ok)
		}
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	l, err := durable.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Lock(dir); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("second Lock = %v; want ErrLocked", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := durable.Lock(dir)
	if err != nil {
		t.Fatalf("Lock after Close = %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("lethe-test", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	err := durable.Write(dir, "a", bytes.Repeat([]byte("x"), 1<<20))
	if !durable.Full(err) {
		t.Errorf("Write to a full disk = %v; want Full", err)
	}
	if n := list(t, dir); len(n) != 0 {
		t.Errorf("left behind: %v", n)
	}
}
