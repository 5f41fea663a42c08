package inventory_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

func imageFile(t *testing.T, dir string, size int64) string {
	t.Helper()
	p := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(p, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func file(t *testing.T, path string) inventory.Device {
	t.Helper()
	d, err := inventory.File(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRealFile(t *testing.T) {
	p := imageFile(t, t.TempDir(), mib)
	d := file(t, p)
	if err := d.Eligible(); err != nil {
		t.Fatal(err)
	}
	if d.Transport != "file" || d.Size != mib || d.LogicalSector != 512 || d.Node != "disk.img" || d.NodePath != p || d.Path != p ||
		!d.Virtual || d.Medium != record.MediumVirtual || !strings.HasPrefix(d.Identity.Backing, "file:") {
		t.Errorf("File = %+v", d)
	}
	// As the worker does it: the record's device and the path, nothing else.
	h, id, err := inventory.Open(ctx, inventory.Device{Device: d.Device, NodePath: d.NodePath})
	if err != nil || !id.Identity.Same(d.Identity) {
		t.Fatalf("Open = %+v, %v", id.Identity, err)
	}
	if _, _, err := inventory.Open(ctx, d); !errors.Is(err, devio.ErrBusy) {
		t.Errorf("a second Open: %v; want ErrBusy", err)
	}
	h.Close()
}

func TestRealFileHolds(t *testing.T) {
	p := imageFile(t, t.TempDir(), mib)
	dev := inventorytest.Attach(t, p)
	has(t, file(t, p), inventory.HoldHeld)
	if g := inventory.Duplicates([]inventory.Device{find(t, dev), file(t, p)}); len(g) != 1 {
		t.Errorf("Duplicates of a file and the loop device over it = %v; want one pair", g)
	}
	has(t, file(t, imageFile(t, t.TempDir(), 0)), inventory.HoldSize)
	has(t, file(t, imageFile(t, t.TempDir(), 700)), inventory.HoldSize)
	if _, err := inventory.File(ctx, t.TempDir()); !errors.Is(err, devio.ErrNotFile) {
		t.Errorf("File of a directory: %v; want ErrNotFile", err)
	}
	part := inventorytest.Partition(t, inventorytest.Loop(t, "", 8*mib), 1, 2048, 2048)
	if _, err := inventory.File(ctx, part); !errors.Is(err, inventory.ErrPartition) {
		t.Errorf("File of a partition: %v; want ErrPartition", err)
	}
}

// TestRealFileSwapped holds that a machine does not lose the file it swaps to.
//
// mutant: devio/file_linux.go: if t.isSwap() { => if false {
func TestRealFileSwapped(t *testing.T) {
	p := imageFile(t, t.TempDir(), 4*mib)
	inventorytest.Run(t, "chmod", "600", p)
	inventorytest.Run(t, "mkswap", p)
	inventorytest.Run(t, "swapon", p)
	t.Cleanup(func() { inventorytest.Run(t, "swapoff", p) })
	d := file(t, p)
	has(t, d, inventory.HoldHeld)
	if !strings.Contains(fmt.Sprint(d.Eligible()), "swaps to it") {
		t.Errorf("%v; does not say that it is swap", d.Eligible())
	}
}

// TestRealFileChanges is a safety test (law 4): another file, or another size,
// behind the path since it was listed.
//
// mutant: open_linux.go: if !id.Identity.Same(d.Identity) || => if
func TestRealFileChanges(t *testing.T) {
	for name, change := range map[string]func(string) error{
		"another file": func(p string) error {
			if err := os.WriteFile(p+".new", make([]byte, mib), 0o600); err != nil {
				return err
			}
			return os.Rename(p+".new", p)
		},
		"another size": func(p string) error { return os.Truncate(p, 2*mib) },
	} {
		p := imageFile(t, t.TempDir(), mib)
		d := file(t, p)
		if err := change(p); err != nil {
			t.Fatal(err)
		}
		h, _, err := inventory.Open(ctx, d)
		var ie *inventory.IdentityError
		if !errors.As(err, &ie) {
			t.Errorf("%s: Open = %v; want an IdentityError", name, err)
		}
		if err == nil {
			h.Close()
		}
	}
}

// TestRealFileReadOnly lists a file of a file system mounted read-only, and one
// that never overwrites in place.
func TestRealFileReadOnly(t *testing.T) {
	dev := inventorytest.Loop(t, "", 16*mib)
	inventorytest.Run(t, "mkfs.ext4", "-q", dev)
	dir := inventorytest.Mount(t, dev)
	p := imageFile(t, dir, mib)
	inventorytest.Run(t, "mount", "-o", "remount,ro", dir)
	has(t, file(t, p), inventory.HoldReadOnly)
	if _, err := devio.OpenFile(p); !errors.Is(err, devio.ErrReadOnly) {
		t.Errorf("OpenFile = %v; want ErrReadOnly", err)
	}
}

func TestRealFileCopyOnWrite(t *testing.T) {
	low, top, at := t.TempDir(), t.TempDir(), t.TempDir()
	up, work := filepath.Join(top, "u"), filepath.Join(top, "w")
	os.Mkdir(up, 0o755)
	os.Mkdir(work, 0o755)
	inventorytest.Run(t, "mount", "-t", "overlay", "overlay", "-o", "lowerdir="+low+",upperdir="+up+",workdir="+work, at)
	t.Cleanup(func() { inventorytest.Run(t, "umount", at) })
	if d := file(t, imageFile(t, at, mib)); d.Volume != "copy-on-write" {
		t.Errorf("a file on overlayfs: volume %q; want copy-on-write", d.Volume)
	}
}
