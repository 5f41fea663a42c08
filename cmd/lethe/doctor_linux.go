package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// rights looks for the two capabilities that drive commands and device files need.
func (d *doctor) rights() {
	var data [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
	const need = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_SYS_RAWIO
	switch {
	case err != nil:
		d.fail("rights", fmt.Sprintf("they cannot be read: %v", err), "run lethe as root")
	case data[0].Effective&need != need:
		d.fail("rights", fmt.Sprintf("user %d has not CAP_SYS_ADMIN and CAP_SYS_RAWIO, which drive commands need", os.Geteuid()), "run lethe as root")
	default:
		d.ok("rights", "CAP_SYS_ADMIN and CAP_SYS_RAWIO")
	}
}

// room is how many bytes the file system of a folder, which need not be there yet,
// has free, and whether it is memory.
func room(dir string) (free int64, memory bool, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return 0, false, err
	}
	for {
		st, err := os.Stat(dir)
		if err == nil && !st.IsDir() {
			return 0, false, fmt.Errorf("%s is a file", dir)
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	if err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return 0, false, err
	}
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false, err
	}
	return int64(s.Bavail) * s.Bsize, s.Type == unix.TMPFS_MAGIC || s.Type == unix.RAMFS_MAGIC, nil
}
