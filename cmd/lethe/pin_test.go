package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

// reusing is a folder on a file system that gives a removed file's inode to the next.
func reusing(t *testing.T) string {
	t.Helper()
	dev := inventorytest.Loop(t, "", 8<<20)
	inventorytest.Run(t, "mkfs.ext4", "-q", "-F", dev)
	return inventorytest.Mount(t, dev)
}

// replacedRow: another file of the same size that takes the place of the confirmed one
// during the countdown is not erased, though it would have had the same inode.
var replacedRow = row{name: "image file replaced while lethe counts down", status: 4, say: "1 of 1 drives were not sanitised", notice: true,
	args: func(w *world) []string {
		b, err := os.ReadFile(w.image(8192))
		w.must(err)
		w.dev = filepath.Join(reusing(w.t), "a.img")
		w.must(os.WriteFile(w.dev, b, 0o600))
		w.watched = append(w.watched, w.dev)
		return append(named(w.dev, w.fileName(w.dev)), "--countdown", "1s")
	},
	during: func(w *world) {
		b, err := os.ReadFile(w.dev)
		w.must(err)
		w.must(os.Remove(w.dev))
		w.must(os.WriteFile(w.dev, b, 0o600))
	}}

// A pinned file gives its inode to nobody, and the pin is not another user of it.
//
// mutant: claim_linux.go: unix.O_PATH|unix.O_NOFOLLOW => unix.O_RDONLY|unix.O_NOFOLLOW
// mutant: claim_linux.go: return strings.HasPrefix(id.Backing, => return true || strings.HasPrefix(id.Backing,
func TestPin(t *testing.T) {
	name := filepath.Join(reusing(t), "a.img")
	again := func() inventory.Device {
		t.Helper()
		if err := os.WriteFile(name, make([]byte, 8192), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := inventory.File(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	remove := func() {
		t.Helper()
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	first := again()
	remove()
	if second := again(); !second.Identity.Same(first.Identity) {
		t.Fatalf("%s, then %s: this file system does not reuse inodes", first.Identity, second.Identity)
	}
	p, err := pinFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	h, err := devio.OpenFile(name)
	if err != nil {
		t.Fatalf("the pin counts as a user: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	remove()
	if third := again(); third.Identity.Same(first.Identity) || p.is(third.Identity) || !p.is(first.Identity) {
		t.Errorf("the pinned file's inode was given away: %s, then %s", first.Identity, third.Identity)
	}
}

// A plan that leaves out a drive that was asked for is a refusal, whatever becomes of
// the others.
//
// mutant: erase.go: case len(b)+len(miss) > 0: => case false:
func TestPlanRefuses(t *testing.T) {
	w := newWorld(t).in(t)
	dev, _ := w.mounted()
	cmd := exec.Command(os.Args[0], append([]string{"plan"}, w.free(named(dev, w.nameOf(dev))...)...)...)
	w.expect(cmd, row{status: 3, say: "1 of 2 drives would not be touched"})
}
