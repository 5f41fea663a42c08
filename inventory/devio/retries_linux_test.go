package devio

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lethe/inventory/sysfs"
)

// withRetries is a handle of a drive whose sysfs entry says value, on a regular
// file.
func withRetries(t *testing.T, value string) (*Handle, string) {
	t.Helper()
	root, dir := t.TempDir(), "sys/devices/pci/host0/block/sda"
	attr := filepath.Join(root, dir, "device/scsi_disk/0:0:0:0/max_retries")
	if err := os.MkdirAll(filepath.Dir(attr), 0o755); err != nil {
		t.Fatal(err)
	}
	if value != "" {
		if err := os.WriteFile(attr, []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(root, "drive"))
	if err != nil {
		t.Fatal(err)
	}
	h := &Handle{t: &target{f: f, root: sysfs.Root(root), src: Source{Block: sysfs.Block{Dir: "/" + dir}}}}
	t.Cleanup(func() { h.Close() })
	return h, attr
}

func holds(t *testing.T, file, want string) {
	t.Helper()
	if b, err := os.ReadFile(file); err != nil || strings.TrimSpace(string(b)) != want {
		t.Errorf("%s holds %q, %v; want %q", filepath.Base(file), b, err, want)
	}
}

// The kernel's retries are off while the drive is worked on, on for a flush, and
// as they were afterwards.
//
// mutant: retries_linux.go: err = setAttr(file, []byte("0\n")) => _ = file
func TestRetriesAreLimitedAndRestored(t *testing.T) {
	h, attr := withRetries(t, "5\n")
	if e, ok := h.Retries(); ok {
		t.Errorf("nothing was limited: %+v", e)
	}
	for range 2 {
		h.LimitRetries()
	}
	holds(t, attr, "0")
	if e, ok := h.Retries(); !ok || string(e.Response) != "0\n" || e.Status != "ok" {
		t.Errorf("evidence %+v, %t", e, ok)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, attr, "5")
}

// A flush is not repeated by us, so the kernel may.
//
// mutant: retries_linux.go: case by > 0 && r.lifting == 1: => case false:
func TestFlushHasTheKernelsRetries(t *testing.T) {
	h, attr := withRetries(t, "5\n")
	h.LimitRetries()
	if err := h.retries.lifted(func() error { holds(t, attr, "5"); return nil }); err != nil {
		t.Error(err)
	}
	holds(t, attr, "0")
	if err := h.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	holds(t, attr, "0")
}

func TestKernelsWithoutTheLimitAreLeftAlone(t *testing.T) {
	h, _ := withRetries(t, "")
	h.LimitRetries()
	if e, ok := h.Retries(); ok {
		t.Errorf("nothing was limited: %+v", e)
	}
	if err := h.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}
