package boottest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrRealDisk is wrapped when a drive for the machine is not something made for it:
// neither a regular file nor a loop device in front of one.
var ErrRealDisk = errors.New("only regular files and loop devices")

// loopMajor is the major number of loop devices (Linux, devices.txt).
const loopMajor = 7

// CheckDisk refuses what a machine that is being tried out must not get: a disk of
// the host, a loop device in front of one, and what the host itself uses.
func CheckDisk(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	if real, err = filepath.Abs(real); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	if st.Mode().IsRegular() {
		return checkFile(path, real)
	}
	var s unix.Stat_t
	if err := unix.Stat(real, &s); err != nil {
		return fmt.Errorf("disk %s: %w", path, err)
	}
	if st.Mode().Type() != fs.ModeDevice || unix.Major(uint64(s.Rdev)) != loopMajor {
		return fmt.Errorf("disk %s: %w", path, ErrRealDisk)
	}
	return checkLoop(path, unix.Minor(uint64(s.Rdev)))
}

// checkFile refuses a file that a loop device stands in front of: two writers.
func checkFile(path, real string) error {
	all, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	for _, name := range all {
		if b, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(b)) == real {
			return fmt.Errorf("disk %s is behind /dev/%s: name that", path, strings.Split(name, "/")[3])
		}
	}
	return nil
}

// checkLoop wants a regular file behind the loop device, and nobody at it.
func checkLoop(path string, minor uint32) error {
	b, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/loop/backing_file", loopMajor, minor))
	if err != nil {
		return fmt.Errorf("disk %s: there is no file behind it, or it is a partition: %w", path, ErrRealDisk)
	}
	behind := strings.TrimSpace(string(b))
	if st, err := os.Stat(behind); err != nil || !st.Mode().IsRegular() {
		return fmt.Errorf("disk %s stands in front of %s: %w", path, behind, ErrRealDisk)
	}
	// An exclusive open fails where the device is mounted or otherwise held.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_EXCL, 0)
	if err != nil {
		return fmt.Errorf("disk %s is in use: %w", path, err)
	}
	return f.Close()
}
