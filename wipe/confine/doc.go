// Package confine locks a worker in with its one drive. A worker parses what a
// drive says, and a drive may lie with intent: what takes over a worker must get
// no other drive, no key, no network, and no say in the machine.
//
// Two steps, for a worker needs more to find and claim its drive than to erase it:
//
//   - [Start] starts the process: no-new-privileges, a network namespace of its
//     own with nothing in it, no descriptor but the three it is given, and of the
//     capabilities only [Opening].
//   - [Enter], called by the worker when it holds its drive exclusively and has
//     compared its identity: no core dumps and no debugger, files below /sys for
//     reading only (Landlock), the capabilities of [Needs], and a list of system
//     calls (seccomp) that all its threads, now and later, are held to.
//
// # What happens to a call that is not on the list
//
// The kernel ends the process (SECCOMP_RET_KILL_PROCESS). An honest worker makes
// none, so one that does is no longer ours, and what it would go on to say must not
// come on record; with an error number it could try again and report success. Its
// task ends Incomplete, and its last line names SIGSYS.
//
// A call that is on the list with arguments that are not (an ioctl request, a file
// opened for writing, memory that may be executed) is answered with EPERM instead:
// that is what a mistake of our own looks like, and an error says where. The kernel
// has no way to look at what a pointer points at: which file is opened is
// Landlock's to limit, and what a SCSI or NVMe command does to its drive is up to
// the drive.
//
// # Capabilities
//
// CAP_SYS_RAWIO is for SG_IO: without it the kernel lets through a short list of
// harmless commands only (drivers/scsi/scsi_ioctl.c, scsi_cmd_allowed), and neither
// ATA PASS-THROUGH nor SANITIZE is on it. CAP_SYS_ADMIN is for NVMe pass-through
// (drivers/nvme/host/ioctl.c), for BLKFLSBUF, and for a drive's max_retries in
// sysfs. A file that stands for a drive needs none.
package confine
