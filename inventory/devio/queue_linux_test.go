package devio_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

// mapped is memory that does not move, as a queue asks for.
func mapped(t *testing.T, n int) []byte {
	p, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(p) })
	return p
}

// settled waits for n transfers and returns how many bytes each moved, by its id.
func settled(t *testing.T, h *devio.Handle, n int) map[int]int {
	t.Helper()
	got := map[int]int{}
	for deadline := time.Now().Add(30 * time.Second); len(got) < n && time.Now().Before(deadline); {
		err := h.Await(20*time.Millisecond, func(id, n int, err error) {
			if got[id] = n; err != nil {
				t.Errorf("transfer %d: %v", id, err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// What a queue writes is there for everybody, and what it reads is what is there.
//
// mutant: queue_linux.go: op, what = opWrite, "write" => what = "write"
func TestQueueMovesWhatItSays(t *testing.T) {
	const each, n = 256 << 10, 8
	dev := inventorytest.Loop(t, "", n*each)
	h, err := devio.Open(dev)
	if err != nil {
		t.Fatal(err)
	}
	if m := h.Most(); m < each || m%512 != 0 {
		t.Fatalf("Most() = %d", m)
	}
	out, in := mapped(t, n*each), mapped(t, n*each)
	for i := range out {
		out[i] = byte(i>>9) ^ byte(i)
	}
	want := bytes.Clone(out)
	for i := range n {
		if err := h.Start(true, out[i*each:][:each], int64(i*each), i); err != nil {
			t.Fatal(err)
		}
	}
	if h.Most() != 0 {
		t.Error("a queue with transfers in flight says that it is free")
	}
	for i, n := range settled(t, h, n) {
		if n != each {
			t.Errorf("write %d moved %d bytes", i, n)
		}
	}
	if n, err := h.ReadAt(in, 0); err != nil || n != len(in) || !bytes.Equal(in, want) {
		t.Fatalf("read %d, %v; the same %t", n, err, bytes.Equal(in, want))
	}
	clear(in)
	for i := range n {
		if err := h.Start(false, in[i*each:][:each], int64(i*each), i); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, h, n)
	if !bytes.Equal(in, want) {
		t.Error("a queue reads something else")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Start(true, out[:each], 0, 0); !errors.Is(err, devio.ErrClosed) || h.Most() != 0 {
		t.Errorf("Start after Close: %v, Most %d", err, h.Most())
	}
	again, err := devio.Open(dev) // the ring does not keep the claim
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

// What the drive refuses comes back as an error, of the transfer that it concerns.
func TestQueueTellsErrors(t *testing.T) {
	h, err := devio.Open(inventorytest.Loop(t, "", 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	p := mapped(t, 4096)
	if err := h.Start(true, p, 1<<20, 7); err != nil { // behind the end
		t.Fatal(err)
	}
	told := false
	for range 100 {
		_ = h.Await(20*time.Millisecond, func(id, n int, err error) {
			told = true
			if id != 7 || n != 0 || !errors.Is(err, unix.ENOSPC) {
				t.Errorf("transfer %d: %d, %v", id, n, err)
			}
		})
		if told {
			return
		}
	}
	t.Error("nothing was told")
}
