package confine

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// run is what the kernel makes of a filter (Documentation/networking/filter.rst),
// for the instructions that assemble uses.
func run(t *testing.T, p []instruction, arch, call uint32, args [6]uint64) uint32 {
	t.Helper()
	data := binary.NativeEndian.AppendUint32(nil, call)
	data = binary.NativeEndian.AppendUint32(data, arch)
	data = append(data, make([]byte, 8)...) // instruction pointer
	for _, a := range args {
		data = binary.NativeEndian.AppendUint64(data, a)
	}
	var acc uint32
	for pc := 0; pc < len(p); pc++ {
		i := p[pc]
		met := false
		switch i.op {
		case opLoad:
			acc = binary.NativeEndian.Uint32(data[i.k:])
			continue
		case opAnd:
			acc &= i.k
			continue
		case opRet:
			return i.k
		case opEq:
			met = acc == i.k
		default:
			t.Fatalf("instruction %#x", i.op)
		}
		if met {
			pc += int(i.then)
		} else {
			pc += int(i.other)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

const pid = 4711

// x32 is in the numbers of x86-64's second interface.
const x32 = 0x40000000

func workers(t *testing.T) []instruction {
	t.Helper()
	p, err := assemble(auditArch, calls(pid, []uint32{unix.BLKGETSIZE64, 0x2285}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Only what has a rule may be called, whatever the arguments are.
//
// mutant: bpf.go: if p = append(p, instruction{op: opRet, k: kill}); len(p) => if p = append(p, instruction{op: opRet, k: allow}); len(p)
// mutant: bpf.go: {op: opEq, k: arch, then: 1}, => {op: opEq, k: arch, then: 1, other: 1},
// mutant: bpf.go: {op: opLoad, k: offCall}, => {op: opLoad, k: offCall}, {op: opAnd, k: 0xffff},
func TestUnlistedCallsEndTheProcess(t *testing.T) {
	p := workers(t)
	listed := map[uint32]bool{}
	for _, r := range calls(pid, nil) {
		if listed[r.call] {
			t.Errorf("call %d has two rules: the second one is never reached", r.call)
		}
		listed[r.call] = true
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for call := range uint32(1200) {
		for range 20 {
			args := [6]uint64{}
			for i := range args {
				args[i] = rng.Uint64() >> rng.UintN(64)
			}
			if got := run(t, p, auditArch, call, args); (got == kill) == listed[call] {
				t.Fatalf("call %d%v: %#x", call, args, got)
			}
			if got := run(t, p, auditArch^1, call, args); got != kill {
				t.Fatalf("call %d of another architecture: %#x", call, got)
			}
			if got := run(t, p, auditArch, call|x32, args); got != kill {
				t.Fatalf("x32 call %d: %#x", call, got)
			}
		}
	}
}

// Who only reads a drive has no call that writes to it or commands it.
//
// mutant: calls_linux.go: rs := allowed(unix.SYS_PREAD64, unix.SYS_FUTEX) => rs := allowed(unix.SYS_PREAD64, unix.SYS_FUTEX, unix.SYS_PWRITE64)
// mutant: calls_linux.go: rs = append(rs, answered(eperm, unix.SYS_IOCTL)...) => rs = append(rs, allowed(unix.SYS_IOCTL)...)
func TestReaderCannotWrite(t *testing.T) {
	p, err := assemble(auditArch, readerCalls(pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []uint32{unix.SYS_PWRITE64, unix.SYS_PWRITEV, unix.SYS_PWRITEV2, unix.SYS_FALLOCATE, unix.SYS_FTRUNCATE,
		unix.SYS_SENDFILE, unix.SYS_SPLICE, unix.SYS_COPY_FILE_RANGE, unix.SYS_IO_SUBMIT, unix.SYS_FSYNC} {
		if got := run(t, p, auditArch, call, [6]uint64{3}); got != kill {
			t.Errorf("call %d: %#x, want the process's end", call, got)
		}
	}
	for _, request := range []uint64{0x2285, 0x1277, unix.BLKGETSIZE64, unix.BLKFLSBUF} {
		if got := run(t, p, auditArch, unix.SYS_IOCTL, [6]uint64{3, request}); got != errno|eperm {
			t.Errorf("ioctl %#x: %#x, want EPERM", request, got)
		}
	}
	if got := run(t, p, auditArch, unix.SYS_PREAD64, [6]uint64{3}); got != allow {
		t.Errorf("pread: %#x", got)
	}
}

// No thread of a worker gets out by one of these.
func TestNeverListed(t *testing.T) {
	for _, call := range []uint32{unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_SOCKET, unix.SYS_CONNECT,
		unix.SYS_MOUNT, unix.SYS_MOVE_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_SETNS, unix.SYS_UNSHARE,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_BPF, unix.SYS_IO_URING_SETUP,
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_MKNODAT, unix.SYS_KILL,
		unix.SYS_CAPSET, unix.SYS_SWAPON, unix.SYS_REBOOT, unix.SYS_UNLINKAT, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE, unix.SYS_OPENAT2} {
		if got := run(t, workers(t), auditArch, call, [6]uint64{}); got != kill {
			t.Errorf("call %d: %#x, want the process's end", call, got)
		}
	}
}

// Arguments are looked at, as far as the kernel does.
//
// mutant: bpf.go: {op: opAnd, k: r.only.mask}} => {op: opAnd, k: 0}}
func TestArguments(t *testing.T) {
	p := workers(t)
	const refused = errno | eperm
	for _, c := range []struct {
		what string
		call uint32
		args [6]uint64
		want uint32
	}{
		{"SG_IO", unix.SYS_IOCTL, [6]uint64{3, 0x2285}, allow},
		{"the kernel cuts off the upper half of a request", unix.SYS_IOCTL, [6]uint64{3, 1<<40 | 0x2285}, allow},
		{"discard", unix.SYS_IOCTL, [6]uint64{3, 0x1277}, refused},
		{"typing into the terminal", unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI}, refused},
		{"read", unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_RDONLY | unix.O_CLOEXEC}, allow},
		{"list", unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_DIRECTORY | unix.O_CLOEXEC}, allow},
		{"write", unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_WRONLY}, refused},
		{"both", unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_RDWR}, refused},
		{"create", unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_CREAT}, refused},
		{"empty", unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_TRUNC}, refused},
		{"temporary", unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_TMPFILE}, refused},
		{"memory", unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE}, allow},
		{"code", unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, refused},
		{"code out of data", unix.SYS_MPROTECT, [6]uint64{0, 4096, unix.PROT_EXEC}, refused},
		{"poison", unix.SYS_MADVISE, [6]uint64{0, 4096, unix.MADV_HWPOISON}, refused},
		{"thread", unix.SYS_CLONE, [6]uint64{unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD}, allow},
		{"process", unix.SYS_CLONE, [6]uint64{uint64(unix.SIGCHLD)}, refused},
		{"namespace", unix.SYS_CLONE, [6]uint64{unix.CLONE_VM | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_NEWPID}, refused},
		{"own thread", unix.SYS_TGKILL, [6]uint64{pid, pid + 1}, allow},
		{"another process's", unix.SYS_TGKILL, [6]uint64{1, 1}, refused},
		{"new thread of libc", unix.SYS_CLONE3, [6]uint64{}, errno | enosys},
		{"tracer", unix.SYS_PRCTL, [6]uint64{unix.PR_SET_PTRACER}, refused},
	} {
		if got := run(t, p, auditArch, c.call, c.args); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.what, got, c.want)
		}
	}
}

// Every value of a list counts, and only those.
//
// mutant: bpf.go: then: uint8(len(r.only.values) - i)} => then: uint8(len(r.only.values) - i - 1)}
func TestLists(t *testing.T) {
	for n := range 200 {
		var values []uint32
		for i := range n {
			values = append(values, uint32(i*3))
		}
		p, err := assemble(auditArch, []rule{{call: 7, say: allow, only: among(5, values...)}, {call: 8, say: allow}})
		if err != nil {
			t.Fatal(err)
		}
		for v := range uint32(n*3 + 2) {
			want := uint32(errno | eperm)
			if slices.Contains(values, v) {
				want = allow
			}
			if got := run(t, p, auditArch, 7, [6]uint64{5: uint64(v)}); got != want {
				t.Fatalf("%d of %d values: %#x", v, n, got)
			}
		}
		if run(t, p, auditArch, 8, [6]uint64{}) != allow {
			t.Fatal("the next rule is not reached")
		}
	}
	if _, err := assemble(auditArch, []rule{{only: among(0, make([]uint32, 300)...)}}); err == nil {
		t.Error("a jump that cannot be made was made")
	}
}
