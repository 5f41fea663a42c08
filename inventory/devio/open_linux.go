package devio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"lethe/inventory/sysfs"
)

// target is one open whole drive and what the kernel says of it.
type target struct {
	f            *os.File
	root         sysfs.Root
	major, minor uint32
	regular      bool   // a regular file, see file_linux.go
	src          Source // as it was at the open
}

// open opens a whole drive and finds it in sysfs by the number of the file that
// was opened, never by the name that was asked for.
func open(path string, flags int) (*target, error) {
	fd, err := openRetry(path, flags|unix.O_CLOEXEC|unix.O_NOCTTY)
	if err != nil {
		switch {
		case errors.Is(err, unix.EBUSY):
			err = fmt.Errorf("%w: %w", ErrBusy, err)
		case errors.Is(err, unix.EROFS):
			err = fmt.Errorf("%w: %w", ErrReadOnly, err)
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	t := &target{f: os.NewFile(uintptr(fd), path)}
	if err := t.describe(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), t.f.Close())
	}
	return t, nil
}

func openRetry(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// describe finds the drive in sysfs and reads its source.
func (t *target) describe() error {
	info, err := t.f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return ErrNotBlock
	}
	t.major, t.minor = unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))
	t.src, err = t.source()
	return err
}

// source reads number, sysfs entry, geometry and channels as they are now. It
// checks that the sysfs entry belongs to this very disk and not to a successor
// that got its number.
func (t *target) source() (Source, error) {
	if t.regular {
		return t.fileSource()
	}
	b, err := t.root.ByNumber(t.major, t.minor)
	if err != nil {
		return Source{}, err
	}
	if seq := diskSeq(t.f); seq != 0 && b.DiskSeq != 0 && seq != b.DiskSeq {
		return Source{}, ErrReplaced
	}
	g, err := geometry(t.f)
	if err != nil {
		return Source{}, fmt.Errorf("read geometry: %w", err)
	}
	s := Source{Root: t.root, Block: b, Geometry: g}
	return s, t.channels(&s)
}

// channels picks the ioctls by the transport sysfs shows. An NVMe ioctl on a
// USB drive breaks the UAS transport of some bridges for good, so nothing is
// tried out.
func (t *target) channels(s *Source) (err error) {
	switch s.Block.Transport {
	case sysfs.NVMe:
		s.NVMe, s.NVMeIO = nvmeConn{t.f}, nvmeIO{t.f}
		s.NSID, err = nsid(t.f)
	case sysfs.SATA, sysfs.SAS, sysfs.SCSI, sysfs.USB:
		s.SCSI = sgConn{t.f}
	case sysfs.Loop:
		s.Loop, err = loopStatus(t.root, s.Block, t.f)
	}
	return err
}

// identify asks on the open file; the source is read anew, so that a capacity
// or a backing that changed since the open shows.
func (t *target) identify(ctx context.Context) (Identification, error) {
	s, err := t.source()
	if err != nil {
		return Identification{}, fmt.Errorf("identify %s: %w", t.f.Name(), err)
	}
	return Identify(ctx, s)
}

// Probe is a drive opened for listing. It cannot write.
type Probe struct{ t *target }

// OpenProbe opens a whole drive read-only, without waiting for a medium and
// without claiming it.
func OpenProbe(path string) (*Probe, error) {
	t, err := open(path, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	return &Probe{t}, nil
}

// Identify asks the drive who it is.
func (p *Probe) Identify(ctx context.Context) (Identification, error) { return p.t.identify(ctx) }

// Survey asks the drive what else it can do and what it hides.
func (p *Probe) Survey(ctx context.Context, id Identification) Survey {
	return Explore(ctx, p.t.src, id)
}

// ReadAt reads the drive through the page cache, at any alignment.
func (p *Probe) ReadAt(b []byte, off int64) (int, error) { return p.t.f.ReadAt(b, off) }

// Close ends the probe.
func (p *Probe) Close() error { return p.t.f.Close() }

// Block is the kernel's description of the drive.
func (p *Probe) Block() sysfs.Block { return p.t.src.Block }
