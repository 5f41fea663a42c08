package wipe_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/confine"
	"lethe/wipe/profile"
	"lethe/wipe/wipetest"
)

// The test binary is also the worker and, for one test, the supervisor: real
// processes that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "be-worker":
		os.Exit(beWorker(os.Args[2]))
	case "be-traitor":
		os.Exit(beTraitor(os.Args[2]))
	case "be-supervisor":
		os.Exit(beSupervisor(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

// workers starts the test binary as worker. pause is how long each transfer takes
// at least.
func workers(pause time.Duration) wipe.Processes {
	return wipe.Processes{Path: "/proc/self/exe", Args: []string{"be-worker", pause.String()}, Stderr: os.Stderr}
}

func beWorker(pause string) int {
	d, err := time.ParseDuration(pause)
	if err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := wipe.ServeWorker(ctx, os.Stdin, os.Stdout, openFile(d)); err != nil {
		return 1
	}
	return 0
}

// beSupervisor erases files until it is killed. It prints the workers' processes.
func beSupervisor(pause string, files []string) int {
	d, err := time.ParseDuration(pause)
	if err != nil {
		panic(err)
	}
	prof, err := profile.ByID(profile.Default)
	if err != nil {
		panic(err)
	}
	var cs []wipe.Candidate
	var words []string
	for _, f := range files {
		c := candidate(f)
		cs, words = append(cs, c), append(words, c.Device.Identity.Serial)
	}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: cs, Grant: wipe.GrantConfirmed(words...), Now: time.Now(),
		Policy: wipe.Policy{Least: record.MethodClear, Profile: prof}})
	if err != nil {
		panic(err)
	}
	spawn := &watched{Processes: workers(d), started: func(_ string, pid int) { fmt.Println(pid) }}
	e := &wipe.Engine{Spawn: spawn, Journal: &wipetest.Journal{}, Clock: wipetest.NewClock()}
	if err := e.Run(context.Background(), plan, func(wipe.TaskReport) {}); err != nil {
		panic(err)
	}
	return 0
}

// watched tells of every process that is started.
type watched struct {
	wipe.Processes
	started func(node string, pid int)
}

func (s *watched) Start(ctx context.Context, spec wipe.Spec) (wipe.Worker, error) {
	w, err := s.Processes.Start(ctx, spec)
	if err == nil {
		s.started(spec.Node, wipe.WorkerPID(w))
	}
	return w, err
}

// fileDrive is a drive over a file. Its serial number is the file's name.
type fileDrive struct {
	*os.File
	size  int64
	pause time.Duration
	turn  sync.Mutex // a drive does one thing at a time
}

const fileSector = 512

func openFile(pause time.Duration) wipe.Opener {
	return func(_ context.Context, s wipe.Spec) (wipe.Drive, error) {
		f, err := os.OpenFile(s.Node, os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		st, err := f.Stat()
		if err != nil {
			return nil, err
		}
		if _, err := confine.Enter(confine.File, nil); err != nil {
			return nil, err
		}
		return &fileDrive{File: f, size: st.Size(), pause: pause}, nil
	}
}

func (d *fileDrive) wait() {
	if d.pause > 0 {
		d.turn.Lock()
		defer d.turn.Unlock()
		time.Sleep(d.pause)
	}
}

func (d *fileDrive) WriteAt(p []byte, off int64) (int, error) {
	d.wait()
	return d.File.WriteAt(p, off)
}

func (d *fileDrive) ReadAt(p []byte, off int64) (int, error) {
	d.wait()
	return d.File.ReadAt(p, off)
}

func (d *fileDrive) Flush(ctx context.Context) error { return ctx.Err() }
func (d *fileDrive) Size() int64                     { return d.size }
func (d *fileDrive) LogicalSector() int              { return fileSector }

func (d *fileDrive) State(context.Context) (record.Opened, error) {
	return record.Opened{Exclusive: true, Direct: true, Size: record.Size(d.size), LogicalSector: fileSector,
		Identity: fileIdentity(d.Name())}, nil
}

func fileIdentity(name string) record.Identity {
	return record.Identity{Model: "FILE", Serial: filepath.Base(name)}
}

func candidate(file string) wipe.Candidate {
	st, err := os.Stat(file)
	if err != nil {
		panic(err)
	}
	return wipe.Candidate{Node: file, Device: record.Device{Identity: fileIdentity(file), Size: record.Size(st.Size()),
		LogicalSector: fileSector, PhysicalSector: 4096, Medium: record.MediumMagnetic, Transport: "sata", Path: file,
		Node: filepath.Base(file)}}
}

// rack makes files full of old data in memory and returns them with it.
func rack(t *testing.T, n int, size int64) (files []string, old [][]byte) {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lethe-wipe-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for i := range n {
		d := wipetest.NewDrive(wipetest.Device(i, record.Size(size), fileSector), uint64(i))
		name := filepath.Join(dir, fmt.Sprintf("drive%02d", i))
		if err := os.WriteFile(name, d.Old(), 0o600); err != nil {
			t.Fatal(err)
		}
		files, old = append(files, name), append(old, d.Old())
	}
	return files, old
}

func candidates(files []string) (cs []wipe.Candidate) {
	for _, f := range files {
		cs = append(cs, candidate(f))
	}
	return cs
}

func contents(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gone reports whether a process is no more, or is only waiting to be reaped.
func gone(pid int) bool {
	f, err := os.Open(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	after := line[strings.LastIndexByte(line, ')')+1:]
	return strings.HasPrefix(after, " Z") || strings.HasPrefix(after, " X") || after == ""
}

// eventually waits for a condition and says how long it took.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			t.Errorf("not within %v: %s", limit, what)
			return limit
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(began)
}
