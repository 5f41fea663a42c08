package confine

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The test binary is also the worker that is confined.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "be-confined" {
		be(os.Args[2], os.Args[3])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// acts are what a worker that is not itself any more would try. Each runs on a
// thread that was there before the process was confined.
var acts = map[string]func(file string) error{
	"nothing": func(string) error { return nil },
	"read sysfs": func(string) error {
		_, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
		return err
	},
	"list sysfs":     func(string) error { _, err := os.ReadDir("/sys/block"); return err },
	"read a key":     func(file string) error { _, err := os.ReadFile(file); return err },
	"read a drive":   func(string) error { return opened("/dev/loop0", unix.O_RDONLY) },
	"open a drive":   func(string) error { return opened("/dev/loop0", unix.O_RDWR) },
	"look at others": func(string) error { _, err := os.ReadFile("/proc/1/status"); return err },
	"write sysfs":    func(string) error { return opened("/sys/power/state", unix.O_WRONLY) },
	"make a file":    func(file string) error { return opened(file+".new", unix.O_CREAT|unix.O_WRONLY) },
	"discard":        func(string) error { return unix.IoctlSetInt(2, 0x1277, 0) },
	"machine code": func(string) error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	},
	"more rights":     func(string) error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) },
	"network":         func(string) error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err },
	"packets":         func(string) error { _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); return err },
	"another program": func(string) error { return unix.Exec("/bin/true", []string{"true"}, nil) },
	"mount":           func(string) error { return unix.Mount("none", "/mnt", "tmpfs", 0, "") },
	"remove a file":   func(file string) error { return unix.Unlink(file) },
	"kill others":     func(string) error { return unix.Kill(os.Getppid(), 0) },
	"device file":     func(file string) error { return unix.Mknod(file+".dev", unix.S_IFBLK, 7<<8) },
	"debugger":        func(string) error { return unix.PtraceAttach(os.Getppid()) },
	"load a module":   func(string) error { return unix.FinitModule(0, "", 0) },
	"by handle":       func(string) error { _, err := unix.OpenByHandleAt(0, unix.FileHandle{}, 0); return err },
}

func opened(name string, flags int) error {
	fd, err := unix.Open(name, flags|unix.O_CLOEXEC, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// be confines itself and says what came of the act.
func be(act, file string) {
	begin, done := make(chan bool), make(chan error)
	go func() {
		goruntime.LockOSThread()
		<-begin
		done <- acts[act](file)
	}()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	s, err := Enter(Commands, []uint32{unix.BLKGETSIZE64})
	if err != nil {
		panic(err)
	}
	fmt.Println(s)
	bufio.NewReader(os.Stdin).ReadString('\n')
	close(begin)
	err = <-done
	work(f)
	fmt.Println("did:", err)
}

// work is what an honest worker does: it writes and reads, makes threads and
// garbage, and waits.
func work(f *os.File) {
	results := make(chan error)
	for i := range 32 {
		go func() {
			goruntime.LockOSThread()
			b := bytes.Repeat([]byte{byte(i)}, 1<<20)
			goruntime.GC()
			_, err := f.WriteAt(b[:512], int64(i)*512)
			if err == nil {
				err = f.Sync()
			}
			if err == nil {
				_, err = f.ReadAt(b[:512], int64(i)*512)
			}
			results <- err
		}()
	}
	for range 32 {
		if err := <-results; err != nil {
			panic(err)
		}
	}
}

// child is a confined process that waits for its word.
type child struct {
	*exec.Cmd
	in    *os.File
	out   *bufio.Reader
	state string
}

func newChild(t *testing.T, act string) *child {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, make([]byte, 32*512), 0o600); err != nil {
		t.Fatal(err)
	}
	theirs, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command("/proc/self/exe", "be-confined", act, file), in: in}
	c.Stdin, c.Stderr = theirs, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := Start(c.SysProcAttr, c.Cmd.Start); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	t.Cleanup(func() { in.Close(); c.Process.Kill(); c.Wait() })
	c.out = bufio.NewReader(out)
	if c.state, err = c.out.ReadString('\n'); err != nil {
		t.Fatalf("not confined: %v", err)
	}
	return c
}

// let says the word and returns what the act came to.
func (c *child) let(t *testing.T) (string, error) {
	t.Helper()
	c.in.Write([]byte("\n"))
	said, _ := c.out.ReadString('\n')
	return strings.TrimSpace(said), c.Wait()
}

const killed = "signal: bad system call"

// A worker that is not itself any more gets nothing but its drive, on any thread.
//
// mutant: landlock_linux.go: err = onAllThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(set), 0) => err = nil
// mutant: calls_linux.go: only: none(2, writing)} => only: none(2, 0)}
// mutant: seccomp_linux.go: unix.SECCOMP_FILTER_FLAG_TSYNC, => 0,
// mutant: enter_linux.go: return s, filter(calls(os.Getpid(), requests)) => return s, nil
func TestConfined(t *testing.T) {
	for _, c := range []struct{ act, want string }{
		{"nothing", "<nil>"},
		{"read sysfs", "<nil>"},
		{"list sysfs", "<nil>"},
		{"read a key", "permission denied"},
		{"read a drive", "permission denied"},
		{"look at others", "permission denied"},
		{"open a drive", "operation not permitted"},
		{"write sysfs", "operation not permitted"},
		{"make a file", "operation not permitted"},
		{"discard", "operation not permitted"},
		{"machine code", "operation not permitted"},
		{"more rights", "operation not permitted"},
		{"network", killed},
		{"packets", killed},
		{"another program", killed},
		{"mount", killed},
		{"remove a file", killed},
		{"kill others", killed},
		{"device file", killed},
		{"debugger", killed},
		{"load a module", killed},
		{"by handle", killed},
	} {
		if !everyThread && c.want == "permission denied" {
			c.want = "<nil>"
		}
		t.Run(strings.ReplaceAll(c.act, " ", "-"), func(t *testing.T) {
			said, err := newChild(t, c.act).let(t)
			switch {
			case c.want == killed:
				if err == nil || err.Error() != killed {
					t.Errorf("ended with %v and said %q, want %s", err, said, killed)
				}
			case err != nil || !strings.HasPrefix(said, "did:") || !strings.HasSuffix(said, c.want):
				t.Errorf("said %q, ended with %v, want %s", said, err, c.want)
			}
		})
	}
}

// What the kernel says of a confined process and of each of its threads.
//
// mutant: caps_linux.go: left := have & want => left := have
// mutant: start_linux.go: bound(opening) => bound(^capabilities(0))
// mutant: start_linux.go: attr.Cloneflags |= unix.CLONE_NEWNET => _ = attr
// mutant: enter_linux.go: unix.RLIMIT_CORE, &unix.Rlimit{} => unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}
func TestWhatTheKernelSays(t *testing.T) {
	c := newChild(t, "nothing")
	want := "no-new-privileges, seccomp, files by landlock"
	drive := capsOf(unix.CAP_SYS_ADMIN, unix.CAP_SYS_RAWIO)
	if !everyThread {
		want, drive = "no-new-privileges, seccomp, files by seccomp only", opening
	}
	if !strings.HasPrefix(c.state, want) {
		t.Errorf("it says %q, want %q", c.state, want)
	}
	proc := fmt.Sprintf("/proc/%d", c.Process.Pid)
	tasks, _ := filepath.Glob(proc + "/task/*/status")
	if len(tasks) < 2 {
		t.Errorf("%d threads", len(tasks))
	}
	for _, f := range tasks {
		status, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]string{"NoNewPrivs": "1", "Seccomp": "2", "CapInh": hex(0), "CapAmb": hex(0),
			"CapPrm": hex(uint64(drive)), "CapEff": hex(uint64(drive)), "CapBnd": hex(uint64(opening))} {
			if !strings.Contains(string(status), "\n"+field+":\t"+want+"\n") {
				t.Errorf("%s: %s is not %s\n%s", f, field, want, status)
			}
		}
	}
	if ours, theirs := link(t, "/proc/self/ns/net"), link(t, proc+"/ns/net"); ours == theirs {
		t.Error("it shares our network")
	}
	limits, err := os.ReadFile(proc + "/limits")
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), "Max core file size 0 0 ") {
		t.Errorf("core files: %v\n%s", err, limits)
	}
	if said, err := c.let(t); err != nil || said != "did: <nil>" {
		t.Errorf("%q, %v", said, err)
	}
}

// What whoever started us had open stays with us.
//
// mutant: start_linux.go: unix.CloseRange(3, => unix.CloseRange(math.MaxUint32,
func TestNoDescriptorIsInherited(t *testing.T) {
	left, err := unix.Open("/dev/null", unix.O_RDONLY, 0) // not O_CLOEXEC, as a shell leaves them
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(left)
	c := newChild(t, "nothing")
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, fd := range fds {
		to := link(t, fmt.Sprintf("/proc/%d/fd/%s", c.Process.Pid, fd.Name()))
		switch {
		case strings.HasPrefix(to, "pipe:") && len(fd.Name()) == 1 && fd.Name() < "2", fd.Name() == "2":
		case strings.HasPrefix(to, "anon_inode:[event"), strings.HasPrefix(to, "/sys/fs/cgroup/"): // Go's own
		case strings.HasSuffix(to, "/secret"):
			files++
		default:
			t.Errorf("descriptor %s is %s", fd.Name(), to)
		}
	}
	if files != 1 {
		t.Errorf("it has its file %d times", files)
	}
	c.let(t)
}

func hex(c uint64) string { return fmt.Sprintf("%016x", c) }

func link(t *testing.T, name string) string {
	t.Helper()
	to, err := os.Readlink(name)
	if err != nil {
		t.Fatal(err)
	}
	return to
}
