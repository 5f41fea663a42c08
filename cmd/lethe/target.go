package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"lethe/cmd/internal/cli"
	"lethe/inventory"
)

// targets finds the drive of every path. Two paths to one drive are refused: a
// person who typed two names meant two drives. Image files stay what they are until
// pins are closed.
func targets(ctx context.Context, paths []string, ds []inventory.Device, pins *claims) ([]inventory.Device, error) {
	var out []inventory.Device
	for i, path := range paths {
		d, err := at(ctx, path, ds, pins)
		if err != nil {
			return nil, err
		}
		for j, o := range out {
			if sameDrive(d, o) {
				return nil, cli.Refusedf("%s and %s are the same drive: name each drive once; nothing was touched", paths[j], paths[i])
			}
		}
		out = append(out, d)
	}
	return out, nil
}

func sameDrive(a, b inventory.Device) bool {
	return a.NodePath == b.NodePath || a.Identity.Known() && a.Identity.Same(b.Identity)
}

// at finds the drive a path leads to. A link such as /dev/disk/by-id/... is
// followed, and the drive goes by the kernel's name for it from then on; a
// partition, a link to an image file and whatever is no drive are refused.
func at(ctx context.Context, path string, ds []inventory.Device, pins *claims) (inventory.Device, error) {
	no := func(f string, a ...any) (inventory.Device, error) {
		return inventory.Device{}, cli.Refusedf("%s "+f+"; nothing was touched", append([]any{path}, a...)...)
	}
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return no("is not there: lethe list shows the drives of this machine")
	case errors.Is(err, syscall.ELOOP):
		return no("is a symbolic link that leads to itself: name the drive")
	case errors.Is(err, fs.ErrPermission):
		return no("may not be looked at by this user: run lethe as root")
	case err != nil:
		return no("cannot be looked at: %v", unwrapPath(err))
	}
	if why := notDrive(path, st); why != "" {
		return no("%s", why)
	}
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK|unix.W_OK, unix.AT_EACCESS); err != nil {
		return no("may not be opened for writing (%v): run lethe as root", err)
	}
	if st.Mode().IsRegular() {
		return imageFile(ctx, path, pins)
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return no("has no device number")
	}
	major, minor := unix.Major(sys.Rdev), unix.Minor(sys.Rdev)
	for _, d := range ds {
		if d.Major == major && d.Minor == minor {
			return d, nil
		}
		if i := slices.IndexFunc(d.Partitions, func(p inventory.Partition) bool {
			return p.Major == major && p.Minor == minor
		}); i >= 0 {
			return no("is a partition of %s: an erase is of the whole drive, name %s", d.NodePath, d.NodePath)
		}
	}
	if strings.HasPrefix(filepath.Base(path), "loop") {
		return no("has no image attached: attach one with losetup, or name the image file")
	}
	return no("is not a whole drive that Lethe knows: lethe list shows them")
}

// notDrive says what a file is that can never be erased, "" for one that may be.
func notDrive(path string, st os.FileInfo) string {
	link := false
	if l, err := os.Lstat(path); err == nil {
		link = l.Mode()&os.ModeSymlink != 0
	}
	switch mode := st.Mode(); {
	case mode.IsDir():
		return "is a directory, not a drive"
	case mode&os.ModeNamedPipe != 0:
		return "is a pipe, not a drive"
	case mode&os.ModeSocket != 0:
		return "is a socket, not a drive"
	case mode&os.ModeCharDevice != 0:
		return "is a character device, not a drive"
	case mode.IsRegular() && link:
		return "is a symbolic link to an image file: name the file itself"
	case mode.IsRegular() && st.Size() == 0:
		return "is an empty file: there is nothing to erase"
	case mode.IsRegular(), mode&os.ModeDevice != 0:
		return ""
	}
	return "is no drive"
}

// imageFile describes an image file as a drive. It is not looked at while another
// lethe has it: to find out who uses a file one must open it, and the other's
// worker insists on being alone. From before it is identified it is pinned.
func imageFile(ctx context.Context, path string, pins *claims) (inventory.Device, error) {
	var none inventory.Device
	pinned, err := pinFile(path)
	if err != nil {
		return none, err
	}
	*pins = append(*pins, pinned)
	c, err := claimFile(path)
	if err != nil {
		return none, err
	}
	if err := c.Close(); err != nil {
		return none, err
	}
	d, err := inventory.File(ctx, path)
	if err != nil {
		return none, cli.Refusedf("%s cannot be erased (%v): nothing was touched", path, unwrapPath(err))
	}
	if !pinned.is(d.Identity) {
		return none, cli.Refusedf("%s was replaced while it was looked at: nothing was touched", path)
	}
	return d, nil
}
