// Package tcmu makes a simulated drive a disk of the running kernel, /dev/sdX, by the
// kernel's own SCSI target (TCM): its user-space backend (target_core_user, TCMU) hands
// each command to this program through a ring in shared memory, and its loopback fabric
// (tcm_loop) shows the backend as a SCSI disk of this machine. SG_IO, reads and writes
// then go the whole way through the kernel.
//
// It needs root, configfs on /sys/kernel/config, and the modules in [Modules]. It is
// used by tests only, inside virtual machines: the kernel does not forgive a handler
// that goes away.
//
// The layout of the ring is in include/uapi/linux/target_core_user.h.
package tcmu

import "context"

// Modules are what the kernel must have loaded, their dependencies apart.
func Modules() []string { return []string{"sd_mod", "sg", "uio", "target_core_user", "tcm_loop"} }

// Target is a drive that takes raw commands. in is how many bytes the host takes. An
// error is a drive that does not answer: the command is never completed then, and what
// waits for it waits until its time is up.
type Target interface {
	Do(ctx context.Context, cdb, out []byte, in int) (status byte, sense, data []byte, err error)
}

// Disk describes what the kernel is to be shown.
type Disk struct {
	Name string // of the backend: letters, digits and hyphens; unique
	Size int64  // bytes; only the kernel's target core looks at it
	NAA  uint64 // names the port: unique
}
