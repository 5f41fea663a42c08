package spool_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool runs a system program that has to succeed.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// mounted mounts an image until the test ends.
func mounted(t *testing.T, img, options string) string {
	t.Helper()
	dir := t.TempDir()
	dev := tool(t, "losetup", "--find", "--show", img)
	t.Cleanup(func() { tool(t, "losetup", "--detach", dev) })
	tool(t, "mount", "-o", options, dev, dir)
	t.Cleanup(func() { tool(t, "umount", dir) })
	return dir
}

// The power fails right after Open: the folder, and those made above it, are there
// when it is back.
//
// mutant: spool.go: return durable.SyncDir(above) => return nil
func TestOpenSurvivesPowerCut(t *testing.T) {
	img := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(img, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "mkfs.ext4", "-q", "-F", img)
	open(t, filepath.Join(mounted(t, img, "commit=300"), "a/b/papers"))
	b, err := os.ReadFile(img) // what the medium has at this moment
	if err != nil {
		t.Fatal(err)
	}
	after := filepath.Join(t.TempDir(), "after.img")
	if err := os.WriteFile(after, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(mounted(t, after, "rw"), "a/b/papers")); err != nil {
		t.Error(err)
	}
}
