package wipe_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// seeded makes a random source whose seed is told.
func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// pids knows the process of each node's worker.
type pids struct {
	mu sync.Mutex
	by map[string]int
}

func (p *pids) note(node string, pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[string]int{}
	}
	p.by[node] = pid
}

func (p *pids) of(node string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by[node]
}

func (p *pids) signal(t *testing.T, node string, s syscall.Signal) {
	if pid := p.of(node); pid > 0 {
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("signal %d: %v", pid, err)
		}
	}
}

// certified checks a finished task against the file it erased.
func certified(t *testing.T, f wipetest.Finished, file string) {
	t.Helper()
	if f.Verdict.State != record.Cleared || !f.Verdict.Reached {
		t.Errorf("%s: %s, want Cleared: %q", filepath.Base(file), f.Verdict.State, f.Verdict.Reasons)
		return
	}
	if err := wipetest.Overwritten(f.Transcript, contents(t, file)); err != nil {
		t.Errorf("%s is certified, but: %v", filepath.Base(file), err)
	}
}

// A run that is stopped says how far every task came, to the byte.
//
// mutant: traversal.go: Written: record.Size(r.Written) => Written: record.Size(r.Size)
func TestStoppedRun(t *testing.T) {
	const size = 24<<20 + 512
	files, old := rack(t, 3, size)
	plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
	nodes := map[string]int{}
	for i, task := range plan.Tasks() {
		nodes[task.ID] = i
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ended := errors.New("the operator pressed Ctrl-C")
	var mu sync.Mutex
	writing := map[string]bool{}
	e := &wipe.Engine{Spawn: workers(40 * time.Millisecond), Clock: wipetest.NewClock(),
		Journal: &wipetest.Journal{Fail: func(_ context.Context, task string, l record.Line) error {
			mu.Lock()
			defer mu.Unlock()
			if writing[task] = writing[task] || l.Event.Stretch != nil; len(writing) == 3 && allTrue(writing) {
				cancel(ended)
			}
			return nil
		}}}
	for _, f := range wipetest.Erase(t, ctx, e, plan) {
		i := nodes[f.Task.ID]
		last := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event.Stopped
		if f.Verdict.State != record.Incomplete || last == nil || last.By != "worker" || last.Reason != record.StopSignal {
			t.Errorf("%s, ended by %+v, want Incomplete by the worker's own word: %q", f.Verdict.State, last, f.Verdict.Reasons)
		}
		var end *record.PassEnd
		for _, l := range f.Transcript.Lines {
			if l.Event.PassEnd != nil {
				end = l.Event.PassEnd
			}
		}
		kept := record.Size(0)
		for _, r := range wipetest.Kept(contents(t, files[i]), old[i], fileSector) {
			kept += r.Len()
		}
		if end == nil || end.Written != size-kept || (end.Written < size) != (end.Stopped != "") {
			t.Errorf("pass ended with %+v, %d of %d bytes still hold old data", end, kept, size)
		}
	}
}

func allTrue(m map[string]bool) bool {
	for _, v := range m {
		if !v {
			return false
		}
	}
	return true
}

// A worker that is stuck keeps nobody waiting, and ends when the run is stopped.
//
// mutant: engine.go: acts := []func(){w.Stop, w.Kill} => acts := []func(){w.Stop, w.Stop}
func TestStuckWorker(t *testing.T) {
	files, _ := rack(t, 3, 2<<20)
	plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
	stuck := plan.Tasks()[1].ID
	var workersOf pids
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := &wipe.Engine{Spawn: &watched{workers(0), workersOf.note}, Clock: wipetest.NewClock(), Grace: 200 * time.Millisecond,
		Journal: &wipetest.Journal{Fail: func(_ context.Context, task string, l record.Line) error {
			if task == stuck && l.Event.PassBegin != nil {
				workersOf.signal(t, files[1], syscall.SIGSTOP)
			}
			return nil
		}}}
	var ended []string
	err := e.Run(ctx, plan, func(r wipe.TaskReport) {
		ended = append(ended, r.Task.ID)
		if len(ended) == 2 {
			cancel()
		}
		wipetest.CheckEnd(t, r.Transcript)
	})
	if err != nil || len(ended) != 3 || ended[2] != stuck {
		t.Errorf("ended %v, %v: want the stuck one (%s) last", ended, err, stuck)
	}
	if !gone(workersOf.of(files[1])) {
		t.Error("the stuck worker was left running")
		workersOf.signal(t, files[1], syscall.SIGKILL)
	}
}

// Sixty-four drives at once, each with a process of its own.
func TestManyDrives(t *testing.T) {
	const n = 64
	files, _ := rack(t, n, 256<<10)
	plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
	nodes := map[string]string{}
	for i, task := range plan.Tasks() {
		nodes[task.ID] = files[i]
	}
	e := &wipe.Engine{Spawn: workers(0), Journal: &wipetest.Journal{}, Clock: wipetest.NewClock()}
	began := time.Now()
	fs := wipetest.Erase(t, context.Background(), e, plan)
	t.Logf("%d tasks in %v", len(fs), time.Since(began).Round(time.Millisecond))
	if len(fs) != n {
		t.Errorf("%d tasks ended, want %d", len(fs), n)
	}
	for _, f := range fs {
		certified(t, f, nodes[f.Task.ID])
	}
}

// A worker holds its own pipes and nobody else's, else it would keep another from
// hearing the supervisor die; and it is in a process group of its own.
//
// mutant: process_linux.go: Setpgid: true => Setpgid: false
func TestWorkerHoldsNothingElse(t *testing.T) {
	files, _ := rack(t, 3, 2<<20)
	plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
	var mu sync.Mutex
	owner := map[string]int{}
	ours := descriptors(os.Getpid()) // what this process has from whoever started it
	var workersOf pids
	e := &wipe.Engine{Spawn: &watched{workers(0), workersOf.note}, Clock: wipetest.NewClock(),
		Journal: &wipetest.Journal{Fail: func(_ context.Context, task string, l record.Line) error {
			if l.Event.Opened == nil {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			for _, f := range files {
				pid := workersOf.of(f)
				if pid == 0 || gone(pid) {
					continue
				}
				if g, err := syscall.Getpgid(pid); err == nil && g != pid {
					t.Errorf("worker %d is in group %d", pid, g)
				}
				for fd, to := range descriptors(pid) {
					if fd >= 2 && ours[fd] == to {
						continue
					}
					if o, taken := owner[to]; fd > 2 && strings.HasPrefix(to, "pipe:") || taken && o != pid {
						t.Errorf("worker %d holds %s as descriptor %d", pid, to, fd)
					}
					if fd < 2 {
						owner[to] = pid
					}
				}
			}
			return nil
		}}}
	wipetest.Erase(t, context.Background(), e, plan)
}

func descriptors(pid int) map[int]string {
	all := map[int]string{}
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, n := range names {
		if fd, err := strconv.Atoi(filepath.Base(n)); err == nil {
			all[fd], _ = os.Readlink(n)
		}
	}
	return all
}

// The supervisor has as many descriptors and goroutines after a run as before,
// however its workers ended.
func TestNothingLeaks(t *testing.T) {
	files, _ := rack(t, 4, 1<<20)
	count := func() (fds, routines int) { return len(descriptors(os.Getpid())), runtime.NumGoroutine() }
	run := func(spawn wipe.Spawner) {
		plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
		e := &wipe.Engine{Spawn: spawn, Journal: &wipetest.Journal{}, Clock: wipetest.NewClock(), Grace: 50 * time.Millisecond}
		wipetest.Erase(t, context.Background(), e, plan)
	}
	run(workers(0))
	fds, routines := count()
	for range 3 {
		run(workers(0))
		run(wipe.Processes{Path: "/nonexistent"})
		run(wipe.Processes{Path: "/bin/true"})
		run(wipe.Processes{Path: "/bin/cat"}) // says its own task back
	}
	eventually(t, 5*time.Second, fmt.Sprintf("no more than %d descriptors and %d goroutines", fds, routines), func() bool {
		f, r := count()
		return f <= fds && r <= routines
	})
}
