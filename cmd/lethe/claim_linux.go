package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/inventory"
	"lethe/inventory/sysfs"
)

// claimWait is how long a drive that is locked is waited for: udev locks one for
// moments while it looks at it.
const claimWait = time.Second

// claims are drives kept for this run: other copies of lethe, and udev, stay away
// from them while the person still thinks and until the last paper is made. The
// claim that protects the drive is the worker's own, exclusive one; this one gives
// the second comer its answer before anything of it can disturb the first.
type claims []io.Closer

// claim locks the drives of a plan, all or none.
func claim(ctx context.Context, ds []inventory.Device) (c claims, err error) {
	for _, d := range ds {
		var one io.Closer
		if d.Transport == sysfs.File {
			one, err = claimFile(d.NodePath)
		} else {
			one, err = lock(ctx, d.NodePath)
		}
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c = append(c, one)
	}
	return c, nil
}

// lock takes the drive's BSD lock, as programs do that want udev to leave a drive
// alone, and then looks whether something has it open exclusively.
func lock(ctx context.Context, node string) (io.Closer, error) {
	f, err := os.OpenFile(node, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, cli.Refusedf("%s cannot be opened (%v): nothing was touched", node, unwrapPath(err))
	}
	until := time.Now().Add(claimWait)
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) || time.Now().After(until) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%w before anything was written", cli.ErrSignal), f.Close())
		case <-time.After(claimWait / 20):
		}
	}
	if err == nil {
		err = exclusive(node)
	}
	if err != nil {
		return nil, errors.Join(inUse(node, err), f.Close())
	}
	return f, nil
}

// exclusive reports whether a block device could be claimed at this moment. It
// is asked under the lock, so that it cannot take the drive from another lethe.
func exclusive(node string) error {
	fd, err := unix.Open(node, unix.O_RDONLY|unix.O_EXCL|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func inUse(node string, err error) error {
	switch {
	case errors.Is(err, unix.EWOULDBLOCK), errors.Is(err, unix.EADDRINUSE):
		err = errors.New("it is locked")
	case errors.Is(err, unix.EBUSY):
		err = errors.New("it is open exclusively")
	}
	return cli.Refusedf("%s is in use by another program, perhaps another lethe (%v): nothing was touched by this one", node, err)
}

// claimFile keeps other copies of lethe from an image file by a name in the
// kernel's abstract socket space that ends with this process: the worker wants
// nobody else to have the file itself open.
func claimFile(path string) (io.Closer, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return nil, cli.Refusedf("%s cannot be looked at (%v): nothing was touched", path, err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", path, err)
	}
	name := os.NewFile(uintptr(fd), "claim of "+path)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@lethe/file/%d/%d", st.Dev, st.Ino)}); err != nil {
		return nil, errors.Join(inUse(path, err), name.Close())
	}
	return name, nil
}

// pin keeps an image file's inode from being given to another file: as long as it
// is held, who has this inode is this file, so that what a person confirmed and what
// the worker opens by its path are the same or are seen not to be. It is no open file
// to the kernel, and does not count where the worker wants to be the only one.
type pin struct{ *os.File }

func pinFile(path string) (pin, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return pin{}, cli.Refusedf("%s cannot be looked at (%v): nothing was touched", path, err)
	}
	return pin{os.NewFile(uintptr(fd), path)}, nil
}

// is reports whether an identity is of the pinned file.
func (p pin) is(id record.Identity) bool {
	var st unix.Stat_t
	if err := unix.Fstat(int(p.Fd()), &st); err != nil {
		return false
	}
	return strings.HasPrefix(id.Backing, fmt.Sprintf("file:%d:%d:%d:", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino))
}

// Close gives the drives back.
func (c claims) Close() error {
	var errs []error
	for _, f := range c {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
