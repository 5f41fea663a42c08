package confine

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// State is what holds a process, for the record.
type State struct {
	Landlock     int // its version, 0 without
	Capabilities []string
}

func (s State) String() string {
	files := "files by seccomp only"
	if s.Landlock > 0 {
		files = fmt.Sprintf("files by landlock %d", s.Landlock)
	}
	caps := "none"
	if len(s.Capabilities) > 0 {
		caps = strings.Join(s.Capabilities, " ")
	}
	return "no-new-privileges, seccomp, " + files + ", capabilities: " + caps
}

// Enter confines this process for good, all threads of it. It keeps what is open.
// requests are the numbers of the ioctls that its drive may be asked. An error
// means that it is not confined as it should be, and must not go on.
func Enter(n Needs, requests []uint32) (State, error) {
	var s State
	if err := NoCore(); err != nil {
		return s, err
	}
	v, err := fence()
	if err != nil {
		return s, err
	}
	left, err := keep(n.capabilities())
	if err != nil {
		return s, err
	}
	s.Landlock, s.Capabilities = v, left.names()
	if n == Reading {
		return s, filter(readerCalls(os.Getpid()))
	}
	return s, filter(calls(os.Getpid(), requests))
}

// NoCore forbids core dumps of this process, and that another one of its user looks
// into its memory.
func NoCore() error {
	err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	if err == nil {
		err = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	}
	if err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	return nil
}

// names are those of the capabilities a worker may have.
func (c capabilities) names() (out []string) {
	for _, n := range []struct {
		bit  int
		name string
	}{{unix.CAP_DAC_OVERRIDE, "DAC_OVERRIDE"}, {unix.CAP_DAC_READ_SEARCH, "DAC_READ_SEARCH"},
		{unix.CAP_SYS_RAWIO, "SYS_RAWIO"}, {unix.CAP_SYS_PTRACE, "SYS_PTRACE"},
		{unix.CAP_SYS_ADMIN, "SYS_ADMIN"}, {unix.CAP_LEASE, "LEASE"}} {
		if c&(1<<n.bit) != 0 {
			out = append(out, n.name)
		}
	}
	return out
}
