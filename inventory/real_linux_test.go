package inventory_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

// find discovers on the running system and returns one drive. Other drives of
// the test machine may well be unreadable; that is no failure here.
func find(t *testing.T, dev string) inventory.Device {
	t.Helper()
	ds, err := inventory.Discover(ctx)
	for _, d := range ds {
		if d.NodePath == dev {
			return d
		}
	}
	t.Fatalf("Discover does not list %s (%v)", dev, err)
	return inventory.Device{}
}

func has(t *testing.T, d inventory.Device, k inventory.HoldKind) {
	t.Helper()
	var he *inventory.HoldError
	if err := d.Eligible(); !errors.As(err, &he) || !he.Has(k) {
		t.Errorf("%s: %v; want a hold of kind %s", d.NodePath, err, k)
	}
	if h, _, err := inventory.Open(ctx, d); err == nil {
		h.Close()
		t.Errorf("Open claimed %s, which is held", d.NodePath)
	}
}

func TestRealLoop(t *testing.T) {
	dev := inventorytest.Loop(t, "", 8*mib, "--sector-size=4096")
	d := find(t, dev)
	if err := d.Eligible(); err != nil {
		t.Errorf("a fresh loop device: %v", err)
	}
	if d.Size != 8*mib || d.LogicalSector != 4096 || !strings.HasPrefix(d.Identity.Backing, "loop:") || d.Transport != "loop" ||
		!d.Virtual || d.Medium != record.MediumVirtual {
		t.Errorf("device = %+v", d.Device)
	}
	h, id, err := inventory.Open(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	if !id.Identity.Same(d.Identity) {
		t.Errorf("Open: identity %+v; want %+v", id.Identity, d.Identity)
	}
	h.Close()
}

func TestRealMountedPartition(t *testing.T) {
	dev := inventorytest.Loop(t, "", 64*mib)
	part := inventorytest.Partition(t, dev, 1, 2048, 65536)
	inventorytest.Run(t, "mkfs.ext4", "-q", part)
	before := find(t, dev)
	if err := before.Eligible(); err != nil {
		t.Fatalf("before the mount: %v", err)
	}
	at := inventorytest.Mount(t, part)
	d := find(t, dev)
	has(t, d, inventory.HoldMounted)
	if err := d.Eligible(); !strings.Contains(fmt.Sprint(err), at) {
		t.Errorf("%v; does not name %s", err, at)
	}
	// Listed free, mounted since: the claim fails.
	if h, _, err := inventory.Open(ctx, before); !errors.Is(err, devio.ErrBusy) {
		if err == nil {
			h.Close()
		}
		t.Errorf("Open by an old listing: %v; want ErrBusy", err)
	}
}

// TestRealOtherNamespace mounts where this process cannot see it.
func TestRealOtherNamespace(t *testing.T) {
	dev := inventorytest.Loop(t, "", 32*mib)
	inventorytest.Run(t, "mkfs.ext4", "-q", dev)
	at := t.TempDir()
	attr := &os.ProcAttr{Sys: &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}}
	ready, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	attr.Files = []*os.File{r, w, os.Stderr}
	script := fmt.Sprintf("mount --make-rprivate / && mount %s %s && echo ok && read x; umount %s", dev, at, at)
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", script}, attr)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Close()
	defer func() {
		hold.Close()
		p.Wait()
	}()
	if line, err := bufio.NewReader(ready).ReadString('\n'); line != "ok\n" {
		t.Fatalf("the other namespace said %q, %v", line, err)
	}
	if b, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(b), at) {
		t.Fatal("the mount is visible here: the test proves nothing")
	}
	has(t, find(t, dev), inventory.HoldMounted)
}

func TestRealSwap(t *testing.T) {
	dev := inventorytest.Loop(t, "", 16*mib)
	inventorytest.Run(t, "mkswap", dev)
	inventorytest.Run(t, "swapon", dev)
	t.Cleanup(func() { inventorytest.Run(t, "swapoff", dev) })
	has(t, find(t, dev), inventory.HoldSwap)
}

func TestRealReadOnly(t *testing.T) {
	has(t, find(t, inventorytest.Loop(t, "", mib, "--read-only")), inventory.HoldReadOnly)
}

func TestRealTwoLoopsOverOneFile(t *testing.T) {
	f := filepath.Join(t.TempDir(), "a.img")
	if err := os.WriteFile(f, make([]byte, 2*mib), 0o600); err != nil {
		t.Fatal(err)
	}
	a := inventorytest.Attach(t, f)
	b := inventorytest.Attach(t, f, fmt.Sprintf("--offset=%d", mib))
	has(t, find(t, a), inventory.HoldDuplicate)
	has(t, find(t, b), inventory.HoldDuplicate)
}

// TestRealLoopOverLoop is a safety test: claiming a loop device claims nothing of
// the block device below it, which may be mounted.
//
// mutant: compose.go: hs = append(hs, backingHolds(a.id)...) =>
// mutant: usage_loops_linux.go: return number{major, minor}, ok, err => return number{major, minor + 1}, ok, err
// mutant: open_linux.go: holds = append(holds, backingHolds(id)...) =>
func TestRealLoopOverLoop(t *testing.T) {
	below := inventorytest.Loop(t, "", 4*mib)
	inventorytest.Run(t, "mkfs.ext4", "-q", below)
	above := inventorytest.Attach(t, below)
	has(t, find(t, below), inventory.HoldHeld)
	d := find(t, above)
	if !strings.HasPrefix(d.Identity.Backing, "loop:block:7:") {
		t.Errorf("backing %q; want the block device below", d.Identity.Backing)
	}
	has(t, d, inventory.HoldHeld)
	if d.Volume != "unknown" {
		t.Errorf("volume %q: what lies below may be thin or copy-on-write", d.Volume)
	}
	inventorytest.Mount(t, below)
	has(t, find(t, above), inventory.HoldHeld)
	d.Holds = nil // an old listing
	if h, _, err := inventory.Open(ctx, d); !errors.As(err, new(*inventory.HoldError)) {
		if err == nil {
			h.Close()
		}
		t.Errorf("Open by an old listing: %v; want a HoldError", err)
	}
}

// TestRealLoopByAnotherPath is a safety test: the path in backing_file is the
// attacher's, in a chroot or a container no path of ours.
//
// mutant: usage_loops_linux.go: if !live(root) { => if true {
func TestRealLoopByAnotherPath(t *testing.T) {
	below := inventorytest.Loop(t, "", 4*mib)
	node := filepath.Join(t.TempDir(), "x")
	mknod(t, node, below)
	inventorytest.Attach(t, node)
	has(t, find(t, below), inventory.HoldHeld)
}

// mknod makes a device file like another one.
func mknod(t *testing.T, path, like string) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(like, &st); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mknod(path, unix.S_IFBLK|0o600, int(st.Rdev)); err != nil {
		t.Fatal(err)
	}
}

// TestRealOpenForWriting is a safety test: a partition has a page cache of its
// own, and what another program wrote there reaches the drive after it is erased.
//
// mutant: usage.go: u.readWriters(root) =>
// mutant: usage_linux.go: return statBlock(link) => return resolve(root, file)
func TestRealOpenForWriting(t *testing.T) {
	dev := inventorytest.Loop(t, "", 16*mib)
	part := inventorytest.Partition(t, dev, 1, 2048, 8192)
	node := filepath.Join(t.TempDir(), "x")
	mknod(t, node, part)
	before := find(t, dev)
	if err := before.Eligible(); err != nil {
		t.Fatal(err)
	}
	reader := open(t, "0<"+node)
	d := find(t, dev)
	if err := d.Eligible(); err != nil {
		t.Errorf("a reader holds: %v", err)
	}
	reader()
	defer open(t, "0<>"+node)()
	has(t, find(t, dev), inventory.HoldHeld)
	if h, _, err := inventory.Open(ctx, before); !errors.As(err, new(*inventory.HoldError)) {
		if err == nil {
			h.Close()
		}
		t.Errorf("Open by an old listing: %v; want a HoldError", err)
	}
}

// open starts a process with a file opened by the shell's redirection; the
// function that it returns ends it.
func open(t *testing.T, redirection string) func() {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "exec sleep 60 "+redirection)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The shell has opened the file when it has become sleep.
	for range 500 {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", cmd.Process.Pid)); string(b) == "sleep\n" {
			return func() { cmd.Process.Kill(); cmd.Wait() }
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("sleep did not start")
	return nil
}

// TestRealDeletedBacking is a safety test: a backing file that cannot be looked at
// any more may be copy-on-write as before.
//
// mutant: devio/loop_linux.go: l.Volume = unknownVolume =>
func TestRealDeletedBacking(t *testing.T) {
	f := filepath.Join(t.TempDir(), "a.img")
	if err := os.WriteFile(f, make([]byte, 2*mib), 0o600); err != nil {
		t.Fatal(err)
	}
	dev := inventorytest.Attach(t, f)
	if d := find(t, dev); d.Volume != "" {
		t.Errorf("volume %q, want none", d.Volume)
	}
	if err := os.Remove(f); err != nil {
		t.Fatal(err)
	}
	if d := find(t, dev); d.Volume != "unknown" {
		t.Errorf("volume %q, want unknown", d.Volume)
	}
}

// TestRealIdentityChanges is a safety test (law 4): the listing's drive is not
// the one behind the file any more.
//
// mutant: open_linux.go: if !id.Identity.Same(d.Identity) || => if
// mutant: open_linux.go: id.Size != int64(d.Size) || =>
// mutant: open_linux.go: || int64(id.LogicalSector) != d.LogicalSector =>
func TestRealIdentityChanges(t *testing.T) {
	dev := inventorytest.Loop(t, "", mib)
	for name, edit := range map[string]func(*inventory.Device){
		"identity": func(d *inventory.Device) { d.Identity.Backing += "0" },
		"size":     func(d *inventory.Device) { d.Size++ },
		"sector":   func(d *inventory.Device) { d.LogicalSector = 4096 },
	} {
		d := find(t, dev)
		edit(&d)
		h, _, err := inventory.Open(ctx, d)
		var ie *inventory.IdentityError
		if !errors.As(err, &ie) {
			t.Errorf("%s: Open = %v; want an IdentityError", name, err)
		}
		if err == nil {
			h.Close()
		}
	}
	// Every refusal gave the drive back.
	h, _, err := inventory.Open(ctx, find(t, dev))
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
}

// TestRealRoot is a safety test: the disk this very system runs from is held.
func TestRealRoot(t *testing.T) {
	var st unix.Stat_t
	if err := unix.Stat("/", &st); err != nil {
		t.Fatal(err)
	}
	if unix.Major(st.Dev) == 0 {
		t.Log("/ is on no block device of its own here")
		return
	}
	ds, _ := inventory.Discover(ctx)
	for _, d := range ds {
		var he *inventory.HoldError
		if errors.As(d.Eligible(), &he) && he.Has(inventory.HoldBoot) && he.Has(inventory.HoldMounted) {
			return
		}
	}
	t.Errorf("none of %d drives is held as the one that carries /", len(ds))
}

// TestRealDiscoverWritesNothing holds the image of a loop device against its
// content before, and the kernel's own count of writes.
func TestRealDiscoverWritesNothing(t *testing.T) {
	dev := inventorytest.Loop(t, "", mib)
	stat := "/sys/block/" + filepath.Base(dev) + "/stat"
	writes := func() string {
		b, err := os.ReadFile(stat)
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Fields(string(b))
		return f[4] + " " + f[11] + " " + f[15] // writes, discards, flushes
	}
	before := writes()
	find(t, dev)
	if after := writes(); after != before {
		t.Errorf("writes, discards, flushes went from %s to %s", before, after)
	}
}
