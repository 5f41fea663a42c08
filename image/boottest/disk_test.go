package boottest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/image/boottest"
)

// A machine that is tried out gets no disk of the host. The node here names a SCSI
// disk, whether there is one or not.
//
// mutant: disk_linux.go: unix.Major(uint64(s.Rdev)) != loopMajor => false
func TestCheckDiskRefusesRealDisks(t *testing.T) {
	node := filepath.Join(t.TempDir(), "sda")
	if err := unix.Mknod(node, unix.S_IFBLK|0o600, int(unix.Mkdev(8, 0))); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "disk.img")
	if err := os.Symlink(node, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{node, link, "/dev/null", t.TempDir()} {
		if err := boottest.CheckDisk(path); !errors.Is(err, boottest.ErrRealDisk) {
			t.Errorf("%s: %v, want ErrRealDisk", path, err)
		}
	}
}

// A loop device in front of another is not a file's: whatever is behind that one.
//
// mutant: disk_linux.go: err != nil || !st.Mode().IsRegular() => err != nil || st == nil
func TestCheckDiskLooksBehindLoops(t *testing.T) {
	file := blank(t, "file")
	if err := boottest.CheckDisk(file); err != nil {
		t.Errorf("file: %v", err)
	}
	first := loopDevice(t, file)
	if err := boottest.CheckDisk(first); err != nil {
		t.Errorf("loop device: %v", err)
	}
	if err := boottest.CheckDisk(file); err == nil {
		t.Error("a file behind a loop device was taken")
	}
	if err := boottest.CheckDisk(loopDevice(t, first)); !errors.Is(err, boottest.ErrRealDisk) {
		t.Errorf("loop device before a device: %v, want ErrRealDisk", err)
	}
}

// What the host has mounted stays the host's.
//
// mutant: disk_linux.go: os.O_RDONLY|unix.O_EXCL => os.O_RDONLY
func TestCheckDiskRefusesMounted(t *testing.T) {
	file := blank(t, "file")
	if out, err := exec.Command("mkfs.ext4", "-q", file).CombinedOutput(); err != nil {
		t.Fatalf("mkfs: %v\n%s", err, out)
	}
	dev, dir := loopDevice(t, file), t.TempDir()
	if err := unix.Mount(dev, dir, "ext4", unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	err := boottest.CheckDisk(dev)
	if uerr := unix.Unmount(dir, 0); uerr != nil {
		t.Fatal(uerr)
	}
	if !errors.Is(err, unix.EBUSY) {
		t.Errorf("mounted: %v, want EBUSY", err)
	}
	if err := boottest.CheckDisk(dev); err != nil {
		t.Errorf("unmounted: %v", err)
	}
}
