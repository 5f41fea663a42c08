package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another process owns the directory.
var ErrLocked = errors.New("in use by another process")

// ErrDiffers says that a file read back is not what was written.
var ErrDiffers = errors.New("content read back differs")

// renameNew renames without replacing. File systems that do not know the flag
// (NFS, some FUSE) get a look first; the lock on the directory keeps others out.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}

// Lock takes the directory for this process until the returned file is closed or
// the process ends. Another owner gives ErrLocked at once.
func Lock(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), d.Close())
	}
	return d, nil
}

// ReadBack compares the file with want after asking the kernel to forget its
// pages, so that the medium answers and not the cache. A file system that keeps
// its pages anyway (tmpfs) is read from them.
func ReadBack(path string, want []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	defer f.Close() // read only: nothing to lose
	// Dirty pages are not dropped, hence the sync before.
	if err := f.Sync(); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return fmt.Errorf("read back: drop pages: %w", err)
	}
	got, err := io.ReadAll(io.LimitReader(f, int64(len(want))+1))
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("read back %s: %w", path, ErrDiffers)
	}
	return nil
}
