package confine

import (
	"fmt"
	goruntime "runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filter holds every thread of this process to the calls, for good.
func filter(rules []rule) error {
	p, err := assemble(auditArch, rules)
	if err != nil {
		return err
	}
	raw := bytesOf(p)
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0]))}
	// No-new-privileges is a thread's own; the filter hands it on to the others.
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no-new-privileges: %w", err)
	}
	r, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&prog)))
	goruntime.KeepAlive(raw)
	switch {
	case e != 0:
		return fmt.Errorf("set seccomp filter: %w", e)
	case r != 0:
		return fmt.Errorf("set seccomp filter: thread %d does not take it", r)
	}
	return nil
}
