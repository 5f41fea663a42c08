package confine

import "golang.org/x/sys/unix"

// auditArch is AUDIT_ARCH_AARCH64.
const auditArch = 0xc00000b7

var archCalls = allowed(unix.SYS_FSTATAT)
