package inventory_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

// ownLoop makes a loop device that losetup --find takes last, so that it stays
// ours while nothing is attached to it.
func ownLoop(t *testing.T) string {
	t.Helper()
	ctl, err := os.Open("/dev/loop-control")
	if err != nil {
		t.Fatal(err)
	}
	for n := 700; n < 800; n++ {
		err := unix.IoctlSetInt(int(ctl.Fd()), unix.LOOP_CTL_ADD, n)
		if errors.Is(err, unix.EEXIST) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := unix.IoctlSetInt(int(ctl.Fd()), unix.LOOP_CTL_REMOVE, n); err != nil {
				t.Errorf("remove loop%d: %v", n, err)
			}
			ctl.Close()
		})
		return fmt.Sprint("/dev/loop", n)
	}
	t.Fatal("loop700 to loop799 are all there")
	return ""
}

// refused opens a drive by an old listing.
func refused(t *testing.T, what string, d inventory.Device, want error) {
	t.Helper()
	h, _, err := inventory.Open(ctx, d)
	if err == nil {
		h.Close()
		t.Errorf("%s: Open succeeded", what)
		return
	}
	var ie *inventory.IdentityError
	var he *inventory.HoldError
	switch want {
	case errIdentity:
		if !errors.As(err, &ie) {
			t.Errorf("%s: %v; want an IdentityError", what, err)
		}
	case errHeld:
		if !errors.As(err, &he) {
			t.Errorf("%s: %v; want a HoldError", what, err)
		}
	default:
		if !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", what, err, want)
		}
	}
}

var errIdentity, errHeld = errors.New("identity"), errors.New("held")

// TestRealBackingSwapped is a safety test (law 4): another file of the same size
// is attached under the same name between plan and open.
//
// mutant: open_linux.go: if !id.Identity.Same(d.Identity) || => if
func TestRealBackingSwapped(t *testing.T) {
	dev, dir := ownLoop(t), t.TempDir()
	attach := func(name string) {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, make([]byte, mib), 0o600); err != nil {
			t.Fatal(err)
		}
		inventorytest.Run(t, "losetup", dev, p)
	}
	attach("a")
	t.Cleanup(func() { inventorytest.Run(t, "losetup", "--detach", dev) })
	d := find(t, dev)
	inventorytest.Run(t, "losetup", "--detach", dev)
	attach("b")
	refused(t, "another file", d, errIdentity)

	d = find(t, dev)
	inventorytest.Run(t, "losetup", "--detach", dev)
	inventorytest.Run(t, "losetup", "--offset=512", "--sizelimit=524288", dev, filepath.Join(dir, "b"))
	refused(t, "another part of the file", d, errIdentity)
}

// TestRealSizeChanged grows and shrinks the drive between plan and open.
//
// mutant: open_linux.go: !id.Identity.Same(d.Identity) || id.Size != int64(d.Size) || =>
func TestRealSizeChanged(t *testing.T) {
	p := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(p, make([]byte, mib), 0o600); err != nil {
		t.Fatal(err)
	}
	dev := inventorytest.Attach(t, p)
	d := find(t, dev)
	for _, size := range []int64{2 * mib, mib / 2} {
		if err := os.Truncate(p, size); err != nil {
			t.Fatal(err)
		}
		inventorytest.Run(t, "losetup", "--set-capacity", dev)
		refused(t, fmt.Sprint(size, " bytes"), d, errIdentity)
	}
	if err := os.Truncate(p, mib); err != nil {
		t.Fatal(err)
	}
	inventorytest.Run(t, "losetup", "--set-capacity", dev)
	h, _, err := inventory.Open(ctx, d)
	if err != nil {
		t.Fatalf("with its old size: %v", err)
	}
	h.Close()
}

// TestRealUsedSince uses the drive in every way a loop device can be used,
// between plan and open.
//
// mutant: chain.go: for _, x := range c.by[n] { => for range 0 { x := use{}
func TestRealUsedSince(t *testing.T) {
	fresh := func(t *testing.T) (string, inventory.Device) {
		dev := inventorytest.Loop(t, "", 32*mib)
		inventorytest.Run(t, "mkfs.ext4", "-q", dev)
		return dev, find(t, dev)
	}
	t.Run("mounted", func(t *testing.T) {
		dev, d := fresh(t)
		inventorytest.Mount(t, dev)
		refused(t, "mounted", d, devio.ErrBusy)
	})
	t.Run("swap", func(t *testing.T) {
		dev, d := fresh(t)
		inventorytest.Run(t, "mkswap", "-f", dev)
		inventorytest.Run(t, "swapon", dev)
		t.Cleanup(func() { inventorytest.Run(t, "swapoff", dev) })
		refused(t, "swap", d, devio.ErrBusy)
	})
	t.Run("loop device over it", func(t *testing.T) {
		dev, d := fresh(t)
		inventorytest.Attach(t, dev)
		refused(t, "loop device over it", d, errHeld)
	})
	t.Run("read-only", func(t *testing.T) {
		dev, d := fresh(t)
		inventorytest.Run(t, "blockdev", "--setro", dev)
		t.Cleanup(func() { inventorytest.Run(t, "blockdev", "--setrw", dev) })
		refused(t, "read-only", d, devio.ErrReadOnly)
	})
	t.Run("gone", func(t *testing.T) {
		_, d := fresh(t)
		d.NodePath += "x"
		refused(t, "gone", d, os.ErrNotExist)
	})
}
