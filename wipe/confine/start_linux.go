package confine

import (
	"errors"
	"fmt"
	"math"
	goruntime "runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts a worker's process with the first step's limits: it adds to attr and
// calls fork, which starts the process with it. Descriptors that this process was
// given by whoever started it are not handed on, to this child nor to any later one.
func Start(attr *syscall.SysProcAttr, fork func() error) error {
	err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) { // before Linux 5.11
		return fmt.Errorf("keep descriptors: %w", err)
	}
	started := make(chan error)
	go func() {
		// What is given up here is the thread's, and its children's. It is never
		// unlocked, so the runtime ends it with the goroutine.
		goruntime.LockOSThread()
		started <- start(attr, fork)
	}()
	return <-started
}

func start(attr *syscall.SysProcAttr, fork func() error) error {
	if err := bound(opening); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no-new-privileges: %w", err)
	}
	have, err := permitted()
	if err != nil {
		return err
	}
	if have&capsOf(unix.CAP_SYS_ADMIN) != 0 {
		// A user without rights has no namespace to give; seccomp stands in for it.
		attr.Cloneflags |= unix.CLONE_NEWNET
	}
	return fork()
}
