//go:build cgo

package confine

import "golang.org/x/sys/unix"

// cgoCalls are what the C library needs for threads and memory, where it is linked:
// by the race detector, and in tests. What is delivered is built without cgo.
var cgoCalls = allowed(unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_MREMAP)
