package devio

import (
	"errors"
	"fmt"
	"os"

	"lethe/inventory/sysfs"
)

// Errors that callers decide on.
var (
	// ErrBusy says that something else holds the drive or one of its partitions:
	// a mount, swap, LVM, md, dm, ZFS, or another program that opened it O_EXCL.
	ErrBusy = errors.New("in use by something else")
	// ErrReadOnly says that the kernel will not write to the drive.
	ErrReadOnly = errors.New("read-only")
	// ErrReplaced says that the device file now belongs to another drive.
	ErrReplaced = errors.New("the drive behind the device file has changed")
	// ErrNotBlock says that a path is no block device.
	ErrNotBlock = errors.New("not a block device")
	// ErrPartition says that a path is a partition; the error around it is a
	// *sysfs.PartitionError, which names the whole drive.
	ErrPartition = sysfs.ErrPartition
	// ErrNotFile says that a path is no regular file.
	ErrNotFile = errors.New("not a regular file")
	// ErrSize says that a file is empty or no whole number of sectors.
	ErrSize = errors.New("not a size a drive can have")
	// ErrNoDirect says that a file system cannot go past the page cache.
	ErrNoDirect = errors.New("its file system cannot read and write past the page cache")
	// ErrClosed says that the handle was closed.
	ErrClosed = os.ErrClosed
)

// TransportError is a command that did not complete: the adapter or the kernel
// failed it, and the drive may or may not have seen it.
type TransportError struct {
	Name         string
	Err          error  // the kernel's error, nil when the adapter failed
	Host, Driver uint16 // host_status and driver_status of SG_IO
}

func (e *TransportError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s: not completed, host status %02Xh%s, driver status %02Xh",
		e.Name, e.Host, hostWord(e.Host), e.Driver)
}

// Unwrap returns the kernel's error.
func (e *TransportError) Unwrap() error { return e.Err }

func hostWord(h uint16) string {
	w := map[uint16]string{1: "no connection", 2: "bus busy", 3: "timed out", 5: "aborted", 7: "adapter error", 8: "reset"}[h]
	if w == "" {
		return ""
	}
	return " (" + w + ")"
}
