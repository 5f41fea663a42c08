package devio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

const mib = 1 << 20

func open(t *testing.T, dev string) *devio.Handle {
	t.Helper()
	h, err := devio.Open(dev)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func TestHandleReadsAndWrites(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		size := int64(4*mib + sector) // an odd tail
		dev := inventorytest.Loop(t, "", size, fmt.Sprintf("--sector-size=%d", sector))
		h := open(t, dev)
		if h.Size() != size || h.LogicalSector() != sector {
			t.Fatalf("handle of %d bytes, sectors of %d; want %d, %d", h.Size(), h.LogicalSector(), size, sector)
		}
		p := inventorytest.Buffer(mib + sector)
		for i := range p {
			p[i] = byte(i * 7)
		}
		off := size - int64(len(p))
		if n, err := h.WriteAt(p, off); n != len(p) || err != nil {
			t.Fatalf("WriteAt = %d, %v", n, err)
		}
		if err := h.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		q := inventorytest.Buffer(len(p))
		if n, err := h.ReadAt(q, off); n != len(q) || err != nil || !bytes.Equal(p, q) {
			t.Errorf("ReadAt = %d, %v, equal %v", n, err, bytes.Equal(p, q))
		}
		if n, err := h.ReadAt(q, off+int64(sector)); n != len(q)-sector || !errors.Is(err, io.EOF) {
			t.Errorf("ReadAt past the end = %d, %v; want %d, EOF", n, err, len(q)-sector)
		}
		if n, err := h.WriteAt(p, off+int64(sector)); err == nil || n > len(p)-sector {
			t.Errorf("WriteAt past the end = %d, %v; want an error", n, err)
		}
		if _, err := h.WriteAt(p[:sector], 1); !errors.Is(err, unix.EINVAL) {
			t.Errorf("WriteAt at byte 1: %v; want EINVAL", err)
		}
		if err := h.Invalidate(); err != nil {
			t.Error(err)
		}
	}
}

func TestHandleClosesOnce(t *testing.T) {
	h := open(t, inventorytest.Loop(t, "", mib))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	// The number of a closed descriptor may belong to another drive by now.
	if err := h.Close(); err != nil {
		t.Errorf("second Close: %v; want nil", err)
	}
	if _, err := h.WriteAt(inventorytest.Buffer(512), 0); !errors.Is(err, devio.ErrClosed) {
		t.Errorf("WriteAt after Close: %v; want ErrClosed", err)
	}
	if err := h.Flush(context.Background()); !errors.Is(err, devio.ErrClosed) {
		t.Errorf("Flush after Close: %v; want ErrClosed", err)
	}
	if _, err := h.Identify(context.Background()); !errors.Is(err, devio.ErrClosed) {
		t.Errorf("Identify after Close: %v; want ErrClosed", err)
	}
}

// TestOpenExcludes is a safety test.
//
// mutant: handle_linux.go: unix.O_RDWR|unix.O_EXCL|unix.O_DIRECT => unix.O_RDWR|unix.O_DIRECT
func TestOpenExcludes(t *testing.T) {
	dev := inventorytest.Loop(t, "", 64*mib)
	part := inventorytest.Partition(t, dev, 1, 2048, 65536)
	inventorytest.Run(t, "mkfs.ext4", "-q", part)

	h := open(t, dev)
	if _, err := devio.Open(dev); !errors.Is(err, devio.ErrBusy) {
		t.Errorf("a second Open of the drive: %v; want ErrBusy", err)
	}
	if fd, err := unix.Open(part, unix.O_RDWR|unix.O_EXCL, 0); err == nil {
		unix.Close(fd)
		t.Error("a partition of a held drive could be claimed")
	}
	at := t.TempDir()
	if out, err := exec.Command("mount", part, at).CombinedOutput(); err == nil {
		t.Errorf("a partition of a held drive was mounted: %s", out)
		inventorytest.Run(t, "umount", at)
	}
	h.Close()

	dir := inventorytest.Mount(t, part)
	if _, err := devio.Open(dev); !errors.Is(err, devio.ErrBusy) {
		t.Errorf("Open of a drive with a mounted partition (%s): %v; want ErrBusy", dir, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	ro := inventorytest.Loop(t, "", mib, "--read-only")
	dev := inventorytest.Loop(t, "", 8*mib)
	part := inventorytest.Partition(t, dev, 1, 2048, 2048)
	for _, c := range []struct {
		path string
		want error
	}{
		{ro, devio.ErrReadOnly},
		{part, devio.ErrPartition},
		{t.TempDir() + "/none", os.ErrNotExist},
		{"/dev/null", nil},
	} {
		h, err := devio.Open(c.path)
		if err == nil {
			h.Close()
			t.Errorf("Open(%s) succeeded", c.path)
		}
		if c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("Open(%s) = %v; want %v", c.path, err, c.want)
		}
	}
	if _, err := devio.OpenProbe("/dev/null"); !errors.Is(err, devio.ErrNotBlock) {
		t.Errorf("OpenProbe(/dev/null) = %v; want ErrNotBlock", err)
	}
}

func TestIdentifyLoop(t *testing.T) {
	dev := inventorytest.Loop(t, "", 3*mib)
	p, err := devio.OpenProbe(dev)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	id, err := p.Identify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(id.Loop.File, &st); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("loop:%d:%d:%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino, 3*mib)
	if id.Identity.Backing != want || id.Size != 3*mib || id.Transport != "loop" || id.Volume != "" {
		t.Errorf("Identify = %+v of %d bytes; want backing %s", id.Identity, id.Size, want)
	}
	if len(id.Evidence) == 0 {
		t.Error("Identify left no evidence")
	}
	h := open(t, dev)
	again, err := h.Identify(context.Background())
	if err != nil || !again.Identity.Same(id.Identity) {
		t.Errorf("Identify on the handle = %+v, %v; want %+v", again.Identity, err, id.Identity)
	}
}

// TestProbeCannotWrite is a safety test: listing must never write.
//
// mutant: open_linux.go: open(path, unix.O_RDONLY|unix.O_NONBLOCK) => open(path, unix.O_RDWR|unix.O_NONBLOCK)
func TestProbeCannotWrite(t *testing.T) {
	dev := inventorytest.Loop(t, "", mib)
	p, err := devio.OpenProbe(dev)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	all := descriptors(t, dev)
	for _, flags := range all {
		if flags&unix.O_ACCMODE != unix.O_RDONLY || flags&unix.O_CLOEXEC == 0 {
			t.Errorf("probe is open with flags %o; want read-only and close-on-exec", flags)
		}
	}
	if len(all) != 1 {
		t.Errorf("probe holds %d descriptors of %s; want 1", len(all), dev)
	}
}

// descriptors returns the open flags of every descriptor this process has on dev.
func descriptors(t *testing.T, dev string) (out []int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range fds {
		if l, _ := os.Readlink("/proc/self/fd/" + e.Name()); l != dev {
			continue
		}
		info, _ := os.ReadFile("/proc/self/fdinfo/" + e.Name())
		for _, line := range strings.Split(string(info), "\n") {
			var flags int
			if n, _ := fmt.Sscanf(line, "flags: %o", &flags); n == 1 {
				out = append(out, flags)
			}
		}
	}
	return out
}

// TestHandleGoesPastTheCache is a safety test: a verification that reads the
// page cache proves nothing.
//
// mutant: handle_linux.go: unix.O_EXCL|unix.O_DIRECT) => unix.O_EXCL)
func TestHandleGoesPastTheCache(t *testing.T) {
	dev := inventorytest.Loop(t, "", mib)
	open(t, dev)
	all := descriptors(t, dev)
	const want = unix.O_RDWR | unix.O_DIRECT | unix.O_CLOEXEC
	if len(all) != 1 || all[0]&want != want {
		t.Errorf("handle is open with flags %o; want one descriptor with %o", all, want)
	}
}
