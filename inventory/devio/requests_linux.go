package devio

import "golang.org/x/sys/unix"

// Requests are the numbers of all ioctls that a Handle makes, for a process that
// confines itself to them.
func Requests() []uint32 {
	return []uint32{
		blkGetSize64, blkGetDiskSeq, unix.BLKSSZGET, unix.BLKPBSZGET, unix.BLKROGET, unix.BLKFLSBUF,
		sgIO, nvmeIoctlID, nvmeIoctlAdmin, nvmeIoctlIO, unix.LOOP_GET_STATUS64,
	}
}
