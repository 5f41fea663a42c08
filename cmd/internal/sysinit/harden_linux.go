package sysinit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Hardened says what the machine was closed to, and what it could not be.
type Hardened struct{ Failed []string }

func (e Hardened) String() string {
	if len(e.Failed) > 0 {
		return "NOT WHOLLY HARDENED: " + strings.Join(e.Failed, "; ")
	}
	return "hardened: root read-only, no programs outside of it, no swap, no core dumps, no kexec, no debugger"
}

// settings are files of /proc/sys and what they are to say. Those that a kernel
// does not have are left out: what they limit is not there either.
var settings = [][2]string{
	{"kernel/kexec_load_disabled", "1"},
	{"kernel/core_pattern", "|/bin/false"}, // no dump, whatever a process's limit says
	{"fs/suid_dumpable", "0"},
	{"kernel/yama/ptrace_scope", "3"},
	{"kernel/dmesg_restrict", "1"},
	{"kernel/kptr_restrict", "2"},
	{"kernel/sysrq", "0"},
	{"kernel/unprivileged_bpf_disabled", "1"},
	{"kernel/perf_event_paranoid", "3"},
	{"user/max_user_namespaces", "0"},
	{"vm/unprivileged_userfaultfd", "0"},
}

// inMemory are the folders that are written to; u-root's init has put /etc, /tmp
// and /dev/shm in memory already. Nothing in them is a program.
var inMemory = []string{"/run", "/var", "/tmp", "/etc", "/dev/shm"}

// harden closes the machine to what it does not need. What fails is told, and the
// machine goes on: a drive is erased no worse for it. A second call, after a crash
// of the first agent, finds it done.
func harden(say func(Event)) {
	if !InImage() {
		return // an ordinary machine would be left without a root to write to
	}
	var e Hardened
	note := func(what string, err error) {
		if err != nil {
			e.Failed = append(e.Failed, fmt.Sprintf("%s: %v", what, err))
		}
	}
	for _, s := range settings {
		note(s[0], set("/proc/sys/"+s[0], s[1]))
	}
	const still = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	for _, dir := range inMemory {
		note(dir, memory(dir, still))
	}
	if err := unix.Unmount("/sys/kernel/debug", unix.MNT_DETACH); !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		note("/sys/kernel/debug", err)
	}
	note("/", readOnly("/"))
	note("swap", noSwap())
	say(e)
}

// set writes a setting and reads it back.
func set(file, value string) error {
	err := os.WriteFile(file, []byte(value), 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	now, rerr := os.ReadFile(file)
	if got := strings.TrimSpace(string(now)); rerr == nil && got != value {
		return errors.Join(err, fmt.Errorf("it says %q", got))
	}
	return rerr
}

// memory puts a folder in memory, unless it is, and takes programs, device files
// and set-user-ID from it.
func memory(dir string, flags uintptr) error {
	if mounted(dir) {
		return unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|flags, "")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return unix.Mount("tmpfs", dir, "tmpfs", flags, "mode=0755")
}

// readOnly takes writing from the mount, and asks the kernel whether it did.
func readOnly(dir string) error {
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		return err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	if st.Flags&unix.ST_RDONLY == 0 {
		return errors.New("it can still be written to")
	}
	return nil
}

// noSwap is an error when the kernel swaps to anything: nobody here told it to.
func noSwap() error {
	b, err := os.ReadFile("/proc/swaps")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if lines := strings.Split(strings.TrimSpace(string(b)), "\n"); err == nil && len(lines) > 1 {
		return fmt.Errorf("the machine swaps to %s", strings.Fields(lines[1])[0])
	}
	return err
}
