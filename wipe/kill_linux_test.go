package wipe_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// A worker that is killed at any moment leaves a task that is not certified, and
// the others theirs.
//
// mutant: keeper.go: k.stop(reason, err) => _, _ = reason, k.write(record.Event{Ended: &record.Ended{}})
func TestKilledWorkers(t *testing.T) {
	r := seeded(t)
	const rounds, drives, spared = 4, 8, 2
	kills := 0
	for range rounds {
		files, _ := rack(t, drives, 4<<20)
		var workersOf pids
		nodes, at := map[string]string{}, map[string]int64{}
		plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
		for i, task := range plan.Tasks() {
			nodes[task.ID] = files[i]
			if i >= spared {
				at[task.ID] = 1 + r.Int64N(41) // an honest task has 43 lines, the last one is Ended
			}
		}
		// The worker is killed while it waits for the acknowledgement of a line.
		journal := &wipetest.Journal{Fail: func(_ context.Context, task string, l record.Line) error {
			if n, ok := at[task]; ok && l.Seq == n && l.Event.Stopped == nil {
				workersOf.signal(t, nodes[task], syscall.SIGKILL)
			}
			return nil
		}}
		e := &wipe.Engine{Spawn: &watched{workers(0), workersOf.note}, Journal: journal, Clock: wipetest.NewClock()}
		for _, f := range wipetest.Erase(t, context.Background(), e, plan) {
			if _, victim := at[f.Task.ID]; !victim {
				certified(t, f, nodes[f.Task.ID])
				continue
			}
			kills++
			last := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event.Stopped
			if f.Verdict.State != record.Incomplete || last == nil || last.Reason != record.StopLost {
				t.Errorf("killed at line %d: %s, ended by %+v: %q", at[f.Task.ID], f.Verdict.State, last, f.Verdict.Reasons)
			}
		}
	}
	t.Logf("%d workers killed", kills)
}

// The same at any time, not only between lines: whoever is certified is erased.
func TestKilledWorkersAnyTime(t *testing.T) {
	r := seeded(t)
	const drives = 12
	files, _ := rack(t, drives, 6<<20)
	plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
	nodes := map[string]string{}
	for i, task := range plan.Tasks() {
		nodes[task.ID] = files[i]
	}
	var workersOf pids
	var killing sync.WaitGroup
	defer killing.Wait()
	spawn := &watched{workers(time.Millisecond), func(node string, pid int) {
		workersOf.note(node, pid)
		wait := time.Duration(r.Int64N(int64(700 * time.Millisecond)))
		killing.Go(func() {
			time.Sleep(wait)
			if !gone(pid) {
				workersOf.signal(t, node, syscall.SIGKILL)
			}
		})
	}}
	e := &wipe.Engine{Spawn: serial(spawn), Journal: &wipetest.Journal{}, Clock: wipetest.NewClock()}
	erased := 0
	for _, f := range wipetest.Erase(t, context.Background(), e, plan) {
		if f.Verdict.State == record.Cleared {
			erased++
			certified(t, f, nodes[f.Task.ID])
		}
	}
	t.Logf("%d of %d were done before they were killed", erased, drives)
}

// serial starts one worker at a time.
func serial(s wipe.Spawner) wipe.Spawner { return &inTurn{Spawner: s} }

type inTurn struct {
	wipe.Spawner
	mu sync.Mutex
}

func (s *inTurn) Start(ctx context.Context, spec wipe.Spec) (wipe.Worker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Spawner.Start(ctx, spec)
}

// When the supervisor is killed its workers end and write no more. Two things see
// to it, and either is enough: the end of their input cancels the task, and their
// next word dies of SIGPIPE. TestWorkerAlone has the first one alone.
func TestKilledSupervisor(t *testing.T) {
	r := seeded(t)
	for range 4 {
		killSupervisor(t, time.Duration(r.Int64N(int64(200*time.Millisecond))))
	}
}

func killSupervisor(t *testing.T, after time.Duration) {
	const size = 32 << 20 // at least 1.9 s a pass
	files, old := rack(t, 3, size)
	cmd := exec.Command("/proc/self/exe", append([]string{"be-supervisor", "60ms"}, files...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var procs []int
	lines := bufio.NewScanner(out)
	for len(procs) < len(files) && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		procs = append(procs, pid)
	}
	eventually(t, 20*time.Second, "every worker writes", func() bool {
		for i, f := range files {
			if head := make([]byte, fileSector); readHead(f, head) != nil || bytes.Equal(head, old[i][:fileSector]) {
				return false
			}
		}
		return true
	})
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	took := eventually(t, 2*time.Second, "all workers gone", func() bool {
		for _, pid := range procs {
			if !gone(pid) {
				return false
			}
		}
		return true
	})
	_ = cmd.Wait()
	t.Logf("killed %v into the pass: %d workers gone after %v", after, len(procs), took.Round(time.Millisecond))
	var before [][]byte
	for i, f := range files {
		b := contents(t, f)
		if !bytes.Equal(b[size-fileSector:], old[i][size-fileSector:]) {
			t.Errorf("%s was written to the end: the kill came too late to show anything", filepath.Base(f))
		}
		before = append(before, b)
	}
	time.Sleep(100 * time.Millisecond)
	for i, f := range files {
		if !bytes.Equal(before[i], contents(t, f)) {
			t.Errorf("%s was written to after its supervisor had died", filepath.Base(f))
		}
	}
}

func readHead(file string, p []byte) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.ReadAt(p, 0)
	return err
}
