package inventorytest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Loop attaches a new loop device of size bytes over a file in dir, a temporary
// directory when dir is "", and returns its device file. args go to losetup, for
// example "--sector-size=4096" or "--read-only". The device is detached when the
// test ends. It needs root.
func Loop(t testing.TB, dir string, size int64, args ...string) string {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	f, err := os.CreateTemp(dir, "loop-*.img")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	t.Cleanup(func() { os.Remove(f.Name()) })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return Attach(t, f.Name(), args...)
}

// Attach attaches a new loop device over an existing file or block device.
func Attach(t testing.TB, backing string, args ...string) string {
	t.Helper()
	out := Run(t, "losetup", append(append([]string{"--find", "--show"}, args...), backing)...)
	dev := strings.TrimSpace(out)
	t.Cleanup(func() { Run(t, "losetup", "--detach", dev) })
	return dev
}

// Partition makes the kernel see one partition of a device, of count 512-byte
// sectors from start on, and returns its device file. Nothing is written to the
// device: not every kernel reads partition tables, every one takes this request.
func Partition(t testing.TB, dev string, number int, start, count int64) string {
	t.Helper()
	n := fmt.Sprint(number)
	Run(t, "addpart", dev, n, fmt.Sprint(start), fmt.Sprint(count))
	t.Cleanup(func() { Run(t, "delpart", dev, n) })
	return dev + "p" + n
}

// Mount mounts a device on a new directory until the test ends.
func Mount(t testing.TB, dev string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	Run(t, "mount", dev, dir)
	t.Cleanup(func() { Run(t, "umount", dir) })
	return dir
}

// Run runs a program of the test machine and returns what it printed; the test
// ends when it fails.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Throttle makes the kernel limit a device's reads and writes, each to rate bytes a
// second, until the test ends. It reports whether that is so: it takes control groups
// of version 1, and it holds for what runs in the group of the test.
func Throttle(t testing.TB, dev string, rate int64) bool {
	t.Helper()
	number, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(dev), "dev"))
	if err != nil {
		t.Fatal(err)
	}
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(groups)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 || f[1] != "blkio" {
			continue
		}
		for _, what := range []string{"read", "write"} {
			file := filepath.Join("/sys/fs/cgroup/blkio", f[2], "blkio.throttle."+what+"_bps_device")
			limit := func(rate int64) error {
				return os.WriteFile(file, fmt.Appendf(nil, "%s %d", strings.TrimSpace(string(number)), rate), 0)
			}
			if err := limit(rate); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = limit(0) })
		}
		return true
	}
	return false
}
