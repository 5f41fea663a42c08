package confine

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rights are the accesses to files that Landlock knows, by its version (1 to 5).
var rights = []uint64{0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff}

// readable is what stays of the file system.
const readable = "/sys"

// fence leaves the process the files below readable for reading. It returns
// Landlock's version, 0 where the kernel has none or the binary is linked with cgo,
// whose threads Go cannot reach. Landlock's other fences are of no use here: seccomp
// knows no sockets, and that for signals would come between the threads (each has a
// domain of its own; Linux before 6.15).
func fence() (int, error) {
	const version = unix.LANDLOCK_CREATE_RULESET_VERSION
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version)
	if errno == unix.ENOSYS || errno == unix.EOPNOTSUPP {
		return 0, nil
	}
	if errno != 0 || v < 1 {
		return 0, fmt.Errorf("ask for landlock: %w", errno)
	}
	set, err := ruleset(int(v))
	if err != nil {
		return 0, err
	}
	defer unix.Close(set)
	err = onAllThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(set), 0)
	if errors.Is(err, syscall.ENOTSUP) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("restrict files: %w", err)
	}
	return int(v), nil
}

func ruleset(v int) (int, error) {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: rights[min(v, len(rights))-1]}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)),
		unsafe.Sizeof(attr.Handled_access_fs), 0)
	if errno != 0 {
		return -1, fmt.Errorf("make landlock rules: %w", errno)
	}
	set := int(fd)
	root, err := os.OpenFile(readable, unix.O_PATH, 0)
	if err != nil {
		return -1, errors.Join(fmt.Errorf("make landlock rules: %w", err), unix.Close(set))
	}
	defer root.Close()
	below := unix.LandlockPathBeneathAttr{Parent_fd: int32(root.Fd()),
		Allowed_access: unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR}
	_, _, errno = unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&below)), 0, 0, 0)
	if errno != 0 {
		return -1, errors.Join(fmt.Errorf("make landlock rules: %w", errno), unix.Close(set))
	}
	return set, nil
}

// onAllThreads makes a call whose effect is a thread's own on every thread. Threads
// that come later inherit it.
func onAllThreads(call, a, b uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall(call, a, b, 0); errno != 0 {
		return errno
	}
	return nil
}
