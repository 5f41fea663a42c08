package overwritetest

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// aligned reports whether p begins on a multiple of n.
func aligned(p []byte, n uintptr) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(p)))%n == 0
}

// Loop makes a loop device of size bytes and the given logical sector over a
// fresh file in dir, direct where the file system can, and returns the paths
// of both. The test's cleanup detaches and removes them.
func Loop(t testing.TB, dir string, size int64, sector int) (device, backing string) {
	t.Helper()
	f, err := os.CreateTemp(dir, "lethe-loop-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(f.Name()) })
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	device, err = attach(t, f, sector)
	if err != nil {
		t.Fatalf("attach loop device: %v", err)
	}
	return device, f.Name()
}

// attach takes the next free loop device; another program may take it first.
func attach(t testing.TB, f *os.File, sector int) (string, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer control.Close()
	for range 100 {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("/dev/loop%d", n)
		err = configure(t, name, f, sector)
		if !errors.Is(err, unix.EBUSY) {
			return name, err
		}
	}
	return "", unix.EBUSY
}

// configure binds f to the loop device. Nothing stays open, so that the last
// user's close drops its pages from the cache as with any other disk.
func configure(t testing.TB, name string, f *os.File, sector int) error {
	loop, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer loop.Close()
	c := unix.LoopConfig{Fd: uint32(f.Fd()), Size: uint32(sector)}
	c.Info.Flags = unix.LO_FLAGS_DIRECT_IO
	if err := unix.IoctlLoopConfigure(int(loop.Fd()), &c); err != nil {
		return err
	}
	t.Cleanup(func() { detach(t, name) })
	return nil
}

func detach(t testing.TB, name string) {
	loop, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Errorf("detach %s: %v", name, err)
		return
	}
	defer loop.Close()
	if err := unix.IoctlSetInt(int(loop.Fd()), unix.LOOP_CLR_FD, 0); err != nil {
		t.Errorf("detach %s: %v", name, err)
	}
}
