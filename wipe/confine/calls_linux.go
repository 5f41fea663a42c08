package confine

import (
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	eperm  = uint32(syscall.EPERM)
	enosys = uint32(syscall.ENOSYS)
)

// calls are the rules of a worker whose process is pid. The first ones are those
// that a pass makes by the million.
func calls(pid int, requests []uint32) []rule {
	// A ring can only be entered: the one that was made before is restricted to reads and
	// writes, and no other can be made.
	rs := allowed(unix.SYS_IO_URING_ENTER, unix.SYS_PWRITE64, unix.SYS_PREAD64, unix.SYS_FUTEX, unix.SYS_FSYNC, unix.SYS_FDATASYNC)
	rs = append(rs, rule{call: unix.SYS_IOCTL, say: allow, only: among(1, requests...)})
	return append(rs, common(pid)...)
}

// readerCalls are the rules of a process that only reads its drive from now on: none
// of them writes to a file at an offset or commands a drive.
func readerCalls(pid int) []rule {
	rs := allowed(unix.SYS_PREAD64, unix.SYS_FUTEX)
	rs = append(rs, answered(eperm, unix.SYS_IOCTL)...)
	return append(rs, common(pid)...)
}

// common are the rules of both.
func common(pid int) (rs []rule) {
	rs = append(rs, pipes...)
	rs = append(rs, memory...)
	rs = append(rs, reading...)
	rs = append(rs, runtime(pid)...)
	rs = append(rs, archCalls...)
	return append(rs, cgoCalls...)
}

func allowed(calls ...uint32) (rs []rule) {
	for _, c := range calls {
		rs = append(rs, rule{call: c, say: allow})
	}
	return rs
}

// answered are calls that libraries try and do without.
func answered(with uint32, calls ...uint32) (rs []rule) {
	for _, c := range calls {
		rs = append(rs, rule{call: c, say: errno | with})
	}
	return rs
}

// among passes the values, none passes what has no bit of the mask, all what has
// every bit of must and none of never.
func among(arg int, values ...uint32) *limit { return &limit{arg, math.MaxUint32, values} }
func none(arg int, mask uint32) *limit       { return &limit{arg, mask, []uint32{0}} }
func all(arg int, must, never uint32) *limit { return &limit{arg, must | never, []uint32{must}} }

// pipes are the way to the supervisor. epoll and eventfd are the Go runtime's way
// to wait for them.
var pipes = append(allowed(unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2),
	rule{call: unix.SYS_FCNTL, say: allow, only: among(1, unix.F_GETFD, unix.F_GETFL, unix.F_SETFL)},
)

// memory: no page may become code. madvise with CAP_SYS_ADMIN can break pages for
// good (MADV_HWPOISON), hence the list.
var memory = append(allowed(unix.SYS_MUNMAP, unix.SYS_BRK, unix.SYS_MINCORE),
	rule{call: unix.SYS_MMAP, say: allow, only: none(2, unix.PROT_EXEC)},
	rule{call: unix.SYS_MPROTECT, say: allow, only: none(2, unix.PROT_EXEC)},
	rule{call: unix.SYS_MADVISE, say: allow, only: among(2, unix.MADV_DONTNEED, unix.MADV_FREE,
		unix.MADV_HUGEPAGE, unix.MADV_NOHUGEPAGE, unix.MADV_COLLAPSE, unix.MADV_DONTDUMP, unix.MADV_DODUMP)},
)

// reading is for sysfs, where the worker looks its drive up again before each
// judgement of its identity.
var reading = append(allowed(unix.SYS_GETDENTS64, unix.SYS_READLINKAT, unix.SYS_LSEEK,
	unix.SYS_FSTAT, unix.SYS_STATX, unix.SYS_STATFS, unix.SYS_FSTATFS, unix.SYS_FADVISE64, unix.SYS_GETCWD),
	rule{call: unix.SYS_OPENAT, say: allow, only: none(2, writing)},
)

// writing are the flags of an open that does more than read. O_TMPFILE is a bit of
// its own and O_DIRECTORY.
const writing = unix.O_ACCMODE | unix.O_CREAT | unix.O_TRUNC | unix.O_APPEND | unix.O_TMPFILE&^unix.O_DIRECTORY | unix.O_PATH

// runtime is what the Go runtime needs for threads, time, chance and signals, and
// to end in a crash that is told in full. clone makes threads, and no process; what
// clone3 would make cannot be seen, and the C library falls back on clone.
func runtime(pid int) []rule {
	rs := allowed(unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
		unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
		unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY, unix.SYS_RESTART_SYSCALL, unix.SYS_GETRANDOM,
		unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_UNAME,
		unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_MEMBARRIER)
	rs = append(rs,
		rule{call: unix.SYS_CLONE, say: allow, only: all(0, unix.CLONE_THREAD|unix.CLONE_VM|unix.CLONE_SIGHAND, namespaces)},
		rule{call: unix.SYS_TGKILL, say: allow, only: among(0, uint32(pid))},
		rule{call: unix.SYS_PRCTL, say: allow, only: among(0, unix.PR_SET_VMA)}) // names of mappings
	rs = append(rs, answered(enosys, unix.SYS_CLONE3)...)
	return append(rs, answered(eperm, unix.SYS_PRLIMIT64)...)
}

const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
