package devio

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"lethe/inventory/sysfs"
)

// Reading owns one whole drive, or a regular file in place of one, for reading only.
// It claims a drive as Handle does, so that nothing can mount it or build on it
// meanwhile, on a descriptor that the kernel does not let write.
type Reading struct{ h *Handle }

// OpenReading claims a whole drive for reading, past the page cache. Its errors are
// those of Open; a drive that the kernel will not write to is none.
func OpenReading(path string) (*Reading, error) {
	t, err := open(path, unix.O_RDONLY|unix.O_EXCL|unix.O_DIRECT)
	if err != nil {
		return nil, err
	}
	return &Reading{&Handle{t: t}}, nil
}

// OpenFileReading claims a regular file for reading in place of a drive. Its errors
// are those of OpenFile, but for a file that others have open for reading.
func OpenFileReading(path string) (*Reading, error) {
	t, err := openRegular(path, unix.O_RDONLY|unix.O_DIRECT)
	if err != nil {
		return nil, err
	}
	err = t.inUse(unix.F_RDLCK)
	if err == nil {
		err = t.lockReading()
	}
	if err == nil {
		err = t.checkSize()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), t.f.Close())
	}
	return &Reading{&Handle{t: t}}, nil
}

// lockReading takes the lock that keeps out other copies of this program.
func (t *target) lockReading() (err error) {
	held := hold(t.f, func(fd uintptr) { err = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("%w: another program has locked it", ErrBusy)
	}
	return errors.Join(held, err)
}

// Identify asks the drive who it is, on this very handle (law 4).
func (r *Reading) Identify(ctx context.Context) (Identification, error) { return r.h.Identify(ctx) }

// Claims asks the drive who else has reserved it or registered with it.
func (r *Reading) Claims(ctx context.Context, id Identification) Claims { return r.h.Claims(ctx, id) }

// ReadAt reads straight from the drive, as Handle.ReadAt does.
func (r *Reading) ReadAt(p []byte, off int64) (int, error) { return r.h.ReadAt(p, off) }

// Size is the drive in bytes as the kernel had it at the open.
func (r *Reading) Size() int64 { return r.h.Size() }

// LogicalSector is the unit of every read, in bytes.
func (r *Reading) LogicalSector() int { return r.h.LogicalSector() }

// Block is the kernel's description of the drive.
func (r *Reading) Block() sysfs.Block { return r.h.Block() }

// Close gives the drive back.
func (r *Reading) Close() error { return r.h.Close() }
