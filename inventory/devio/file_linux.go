package devio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"lethe/inventory/sysfs"
)

// fileSector is the sector of a file, in bytes, unless its file system asks for
// larger steps past the page cache.
const fileSector = 512

// OpenFile claims a regular file for erasing in place of a drive, past the page
// cache: the Handle works as one of a drive does, Flush is fsync. The last
// element of path may not be a symbolic link. It fails with ErrNotFile, ErrSize,
// ErrReadOnly, ErrNoDirect, and with ErrBusy when a loop device is attached to
// the file, the machine swaps to it, or any other program has it open.
//
// The claim is a write lock (F_OFD_SETLK, which QEMU and other users of images
// respect, and flock) and keeps out only programs that ask for a lock. That
// nobody else has the file open is looked at once, here.
func OpenFile(path string) (*Handle, error) {
	t, err := openRegular(path, unix.O_RDWR|unix.O_DIRECT)
	if err != nil {
		return nil, err
	}
	err = t.inUse(unix.F_WRLCK)
	if err == nil {
		err = t.lock()
	}
	if err == nil {
		err = t.checkSize()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), t.f.Close())
	}
	return &Handle{t: t}, nil
}

// OpenFileProbe opens a regular file read-only, for listing.
func OpenFileProbe(path string) (*Probe, error) {
	t, err := openRegular(path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return &Probe{t}, nil
}

// InUse is nil, or an ErrBusy in words, when a loop device is attached to the
// file of OpenFileProbe, the machine swaps to it, or another program has it
// open for writing or locked. A drive's use is not for this to tell.
func (p *Probe) InUse() error {
	if !p.t.regular {
		return nil
	}
	return p.t.inUse(unix.F_RDLCK)
}

func openRegular(path string, flags int) (*target, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := kind(abs); err != nil { // words first: open would wait on a FIFO
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	fd, err := openRetry(abs, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY)
	switch {
	case errors.Is(err, unix.EROFS):
		err = fmt.Errorf("%w: %w", ErrReadOnly, err)
	case errors.Is(err, unix.EPERM):
		err = fmt.Errorf("%w (immutable or append-only): %w", ErrReadOnly, err)
	case errors.Is(err, unix.ETXTBSY):
		err = fmt.Errorf("%w: %w", ErrBusy, err)
	case errors.Is(err, unix.EINVAL) && flags&unix.O_DIRECT != 0:
		err = fmt.Errorf("%w: %w", ErrNoDirect, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	t := &target{f: os.NewFile(uintptr(fd), abs), regular: true}
	if t.src, err = t.source(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), t.f.Close())
	}
	return t, nil
}

// kind is nil for a regular file, else ErrNotFile and what the path is instead;
// a partition is a *sysfs.PartitionError.
func kind(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		return nil
	}
	if st.Mode&unix.S_IFMT == unix.S_IFBLK {
		_, err := sysfs.Root("").ByNumber(unix.Major(st.Rdev), unix.Minor(st.Rdev))
		if errors.Is(err, ErrPartition) {
			return err
		}
	}
	word := map[uint32]string{unix.S_IFDIR: "a directory", unix.S_IFLNK: "a symbolic link", unix.S_IFBLK: "a block device",
		unix.S_IFCHR: "a character device", unix.S_IFIFO: "a named pipe", unix.S_IFSOCK: "a socket"}[st.Mode&unix.S_IFMT]
	return fmt.Errorf("%w but %s", ErrNotFile, word)
}

// fileSource describes the open file as it is now.
func (t *target) fileSource() (Source, error) {
	info, err := t.f.Stat()
	if err != nil {
		return Source{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return Source{}, ErrNotFile
	}
	f := FileStatus{Major: unix.Major(st.Dev), Minor: unix.Minor(st.Dev), Inode: st.Ino}
	var fs unix.Statfs_t
	held := hold(t.f, func(fd uintptr) { err = unix.Fstatfs(int(fd), &fs) })
	if err := errors.Join(held, err); err != nil {
		return Source{}, fmt.Errorf("read file system: %w", err)
	}
	f.FileSystem, f.Volume = fileSystem(fs)
	g := Geometry{Size: info.Size(), LogicalSector: t.step(), PhysicalSector: t.step(), ReadOnly: fs.Flags&unix.ST_RDONLY != 0}
	b := sysfs.Block{Name: filepath.Base(t.f.Name()), Path: t.f.Name(), Transport: sysfs.File, Size: uint64(g.Size),
		LogicalSector: int64(g.LogicalSector), PhysicalSector: int64(g.PhysicalSector)}
	return Source{Root: t.root, Block: b, Geometry: g, File: &f}, nil
}

// step is the unit of reads and writes past the page cache, where the file
// system says it (statx, since Linux 6.1).
func (t *target) step() int {
	var x unix.Statx_t
	hold(t.f, func(fd uintptr) { _ = unix.Statx(int(fd), "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &x) })
	if x.Mask&unix.STATX_DIOALIGN != 0 {
		return max(fileSector, int(x.Dio_offset_align))
	}
	return fileSector
}

func (t *target) checkSize() error {
	s := t.src
	switch {
	case s.Size == 0:
		return fmt.Errorf("%w: it is empty", ErrSize)
	case s.Size%int64(s.LogicalSector) != 0:
		return fmt.Errorf("%w: %d bytes are no whole number of sectors of %d bytes", ErrSize, s.Size, s.LogicalSector)
	}
	return nil
}

// lock takes both kinds of advisory lock on the whole file.
func (t *target) lock() (err error) {
	all := unix.Flock_t{Type: unix.F_WRLCK}
	held := hold(t.f, func(fd uintptr) {
		if err = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			err = unix.FcntlFlock(fd, unix.F_OFD_SETLK, &all)
		}
	})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w: another program has locked it", ErrBusy)
	}
	return errors.Join(held, err)
}

// inUse looks for other users of the file. The kernel gives a lease of type
// F_WRLCK only while nobody else has the file open, and one of type F_RDLCK only
// while nobody has it open for writing (fcntl(2)); it is given back at once, for
// a lease that is kept makes others wait. File systems without leases tell
// nothing.
func (t *target) inUse(lease int) (err error) {
	f := t.src.File
	name, err := loopOver(t.root, f.Major, f.Minor, f.Inode)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if name != "" {
		return fmt.Errorf("%w: the loop device %s is attached to it", ErrBusy, name)
	}
	if t.isSwap() {
		return fmt.Errorf("%w: the machine swaps to it", ErrBusy)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	held := hold(t.f, func(fd uintptr) {
		if _, err = unix.FcntlInt(fd, unix.F_SETLEASE, lease); err == nil {
			_, err = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		}
		if unix.FcntlFlock(fd, unix.F_OFD_GETLK, &lock) != nil {
			lock.Type = unix.F_UNLCK
		}
	})
	switch {
	case held != nil:
		return held
	case errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("%w: another program has it open", ErrBusy)
	case lock.Type != unix.F_UNLCK:
		return fmt.Errorf("%w: another program has locked it", ErrBusy)
	}
	return nil
}

// isSwap looks for the file among the areas the machine swaps to.
func (t *target) isSwap() bool {
	mine, err := t.f.Stat()
	if err != nil {
		return true
	}
	for _, line := range strings.Split(t.root.Text("proc/swaps"), "\n") {
		name, _, _ := strings.Cut(line, " ")
		info, err := os.Stat(t.root.Join(strings.ReplaceAll(name, `\040`, " ")))
		if err == nil && os.SameFile(mine, info) {
			return true
		}
	}
	return false
}

// loopOver names a loop device whose backing is a file, "" when there is none.
// An attached one that will not say what it is attached to is an error.
func loopOver(root sysfs.Root, major, minor uint32, inode uint64) (string, error) {
	for _, name := range root.Disks() {
		if !strings.HasPrefix(name, "loop") || !root.Exists("sys/block", name, "loop/backing_file") {
			continue
		}
		l, err := attachment(root, name)
		if err != nil {
			return "", err
		}
		if l != nil && l.Block == "" && l.Major == major && l.Minor == minor && l.Inode == inode {
			return name, nil
		}
	}
	return "", nil
}

// attachment is what a loop device is attached to, nil when it has been detached
// since it was listed. One that will not say is an error.
func attachment(root sysfs.Root, name string) (*LoopStatus, error) {
	l, err := backingOf(root, name)
	switch {
	case errors.Is(err, unix.ENXIO):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot tell what %s is attached to: %w", name, err)
	}
	return l, nil
}

func backingOf(root sysfs.Root, name string) (*LoopStatus, error) {
	fd, err := openRetry(root.Join(sysfs.Node(name)), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	b, err := root.Block(name)
	if err != nil {
		return nil, unix.ENXIO
	}
	return loopStatus(root, b, f)
}

// invalidateFile writes the file back and drops its pages.
func (h *Handle) invalidateFile() (err error) {
	if err := h.t.f.Sync(); err != nil {
		return fmt.Errorf("invalidate cache of %s: %w", h.t.f.Name(), err)
	}
	held := hold(h.t.f, func(fd uintptr) { err = unix.Fadvise(int(fd), 0, 0, unix.FADV_DONTNEED) })
	if err := errors.Join(held, err); err != nil {
		return fmt.Errorf("invalidate cache of %s: %w", h.t.f.Name(), err)
	}
	return nil
}
