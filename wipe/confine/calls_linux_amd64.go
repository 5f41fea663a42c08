package confine

import "golang.org/x/sys/unix"

// auditArch is AUDIT_ARCH_X86_64.
const auditArch = 0xc000003e

// archCalls: a thread's local storage is set with arch_prctl(ARCH_SET_FS).
var archCalls = append(allowed(unix.SYS_NEWFSTATAT, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_READLINK, unix.SYS_EPOLL_WAIT, unix.SYS_TIME),
	rule{call: unix.SYS_ARCH_PRCTL, say: allow, only: among(0, 0x1002)})
