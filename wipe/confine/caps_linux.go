package confine

import (
	"errors"
	"fmt"
	goruntime "runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// capabilities is a set, bit n being capability n.
type capabilities uint64

func capsOf(ns ...int) (c capabilities) {
	for _, n := range ns {
		c |= 1 << n
	}
	return c
}

// Opening are the capabilities that a worker has until it holds its drive: those of
// its commands, and those to open a drive or file of any owner and to see who else
// has it open.
var opening = capsOf(unix.CAP_SYS_ADMIN, unix.CAP_SYS_RAWIO,
	unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_LEASE, unix.CAP_SYS_PTRACE)

// Needs is what the commands to a drive ask of the kernel.
type Needs int

// A file, a block device without commands of its own, one with, and whatever is only
// read from now on: it gets no command, and no call that writes at an offset.
const (
	File Needs = iota
	Block
	Commands
	Reading
)

func (n Needs) capabilities() capabilities {
	switch n {
	case Block:
		return capsOf(unix.CAP_SYS_ADMIN)
	case Commands:
		return capsOf(unix.CAP_SYS_ADMIN, unix.CAP_SYS_RAWIO)
	}
	return 0
}

// permitted are this thread's.
func permitted() (capabilities, error) {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var d [2]unix.CapUserData
	if err := unix.Capget(&head, &d[0]); err != nil {
		return 0, fmt.Errorf("read capabilities: %w", err)
	}
	return capabilities(d[0].Permitted) | capabilities(d[1].Permitted)<<32, nil
}

// keep gives up every capability of the process but those in want, and returns
// what it has now. In a binary linked with cgo it gives up none.
func keep(want capabilities) (capabilities, error) {
	have, err := permitted()
	if err != nil {
		return 0, err
	}
	left := have & want
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	d := [2]unix.CapUserData{
		{Effective: uint32(left), Permitted: uint32(left)},
		{Effective: uint32(left >> 32), Permitted: uint32(left >> 32)},
	}
	err = onAllThreads(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&d[0])))
	goruntime.KeepAlive(&head)
	goruntime.KeepAlive(&d)
	if errors.Is(err, syscall.ENOTSUP) {
		return have, nil
	}
	if err != nil {
		return have, fmt.Errorf("drop capabilities: %w", err)
	}
	return left, nil
}

// bound sees to it that no program started from this thread has a capability that
// is not in want.
func bound(want capabilities) error {
	have, err := permitted()
	if err != nil || have == 0 { // nothing to hand on, nor a right to limit it
		return err
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("drop ambient capabilities: %w", err)
	}
	for n := range 64 {
		if want&(1<<n) != 0 {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(n), 0, 0, 0)
		if errors.Is(err, unix.EINVAL) { // past the last one
			return nil
		}
		if err != nil {
			return fmt.Errorf("drop capability %d: %w", n, err)
		}
	}
	return nil
}
