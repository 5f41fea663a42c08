package devio

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Request numbers x/sys does not name (include/uapi/linux/fs.h, scsi/sg.h,
// linux/nvme_ioctl.h), for x86-64 and arm64 alike.
const (
	blkGetSize64   = 0x80081272
	blkGetDiskSeq  = 0x80081280
	sgIO           = 0x2285
	nvmeIoctlID    = 0x4e40
	nvmeIoctlAdmin = 0xc0484e41
	nvmeIoctlIO    = 0xc0484e43
)

// ioctl makes one request, again when a signal interrupts it before it began.
// The pointer becomes a uintptr in the call itself, as package unsafe demands.
func ioctl(f *os.File, req uint, arg unsafe.Pointer) (n int, err error) {
	held := hold(f, func(fd uintptr) {
		for {
			r, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, uintptr(req), uintptr(arg))
			if errno == unix.EINTR {
				continue
			}
			if n = int(r); errno != 0 {
				err = errno
			}
			return
		}
	})
	if held != nil {
		return 0, held
	}
	return n, err
}

// hold runs call with a file's descriptor, which cannot be closed, nor its
// number be given to another file, until call returns. The one error is
// ErrClosed.
func hold(f *os.File, call func(fd uintptr)) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return ErrClosed
	}
	if raw.Control(call) != nil {
		return ErrClosed
	}
	return nil
}

// geometry asks the block layer for size and sectors (BLKGETSIZE64, BLKSSZGET,
// BLKPBSZGET, BLKROGET).
func geometry(f *os.File) (Geometry, error) {
	var g Geometry
	var size uint64
	var logical, ro int32
	var physical uint32
	_, e1 := ioctl(f, blkGetSize64, unsafe.Pointer(&size))
	_, e2 := ioctl(f, unix.BLKSSZGET, unsafe.Pointer(&logical))
	_, e3 := ioctl(f, unix.BLKPBSZGET, unsafe.Pointer(&physical))
	_, e4 := ioctl(f, unix.BLKROGET, unsafe.Pointer(&ro))
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return g, err
	}
	if size > 1<<63-1 {
		return g, errors.New("drive of more than 8 EiB")
	}
	return Geometry{int64(size), int(logical), int(physical), ro != 0}, nil
}

// diskSeq is the kernel's serial number of the disk object, 0 before Linux 5.15.
func diskSeq(f *os.File) uint64 {
	var seq uint64
	if _, err := ioctl(f, blkGetDiskSeq, unsafe.Pointer(&seq)); err != nil {
		return 0
	}
	return seq
}
