package wipe_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// hotDrive is a drive with a thermometer. Its heat goes through at, one a question; the
// last one stays.
type hotDrive struct {
	wipe.Drive
	mu    sync.Mutex
	at    []int64
	err   error
	asked int
	hot   bool // by what it was last told, with the hysteresis
	moved int  // transfers that began while hot, once those in flight had ended
	since time.Time
	early int // transfers before the first question
}

func (d *hotDrive) Heat(context.Context) (wipe.Heat, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := wipe.Heat{Now: d.at[min(d.asked, len(d.at)-1)], Limit: 60, Resume: 55, Source: "TEST", Every: 60 * time.Millisecond}
	d.asked++
	switch {
	case d.err != nil && d.asked > 1:
		return wipe.Heat{}, d.err
	case h.Now >= h.Limit && !d.hot:
		d.hot, d.since = true, time.Now()
	case h.Now < h.Resume:
		d.hot = false
	}
	return h, nil
}

func (d *hotDrive) move() {
	time.Sleep(15 * time.Millisecond)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked == 0 {
		d.early++
	}
	if d.hot && time.Since(d.since) > 50*time.Millisecond {
		d.moved++
	}
}

func (d *hotDrive) WriteAt(p []byte, off int64) (int, error) {
	d.move()
	return d.Drive.WriteAt(p, off)
}
func (d *hotDrive) ReadAt(p []byte, off int64) (int, error) { d.move(); return d.Drive.ReadAt(p, off) }

func heatBench(t *testing.T, d *hotDrive) (*bench, *told) {
	b := newBench(t)
	inner := b.drive.Opener()
	b.engine.Spawn = wipetest.InProcess{Open: func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
		var err error
		d.Drive, err = inner(ctx, s)
		return d, err
	}}
	people := &told{}
	b.engine.Tell = people.tell
	return b, people
}

func paused(f wipetest.Finished) (out []record.Paused) {
	for _, l := range f.Transcript.Lines {
		if p := l.Event.Paused; p != nil {
			out = append(out, *p)
		}
	}
	return out
}

// A drive at its limit rests until it is below where it may go on, not merely below the
// limit; then its erase goes on to its certificate, and the record has the pause.
//
// mutant: heat.go: case !hot && t.Now >= t.Limit: => case !hot && t.Now > t.Limit:
// mutant: heat.go: case hot && t.Now < t.Resume: => case hot && t.Now < t.Limit:
// mutant: heat.go: c.rest, c.from = make(chan struct{}), time.Now() => c.from = time.Now()
// mutant: heat.go: t, err := h.Heat(ctx) => t, err := Heat{Limit: 1 << 30}, error(nil)
func TestHotDriveRests(t *testing.T) {
	d := &hotDrive{at: []int64{60, 58, 56, 55, 55, 55, 54}}
	b, people := heatBench(t, d)
	f := b.erase(t)
	if f.Verdict.State != record.Cleared {
		t.Errorf("%s %q", f.Verdict.State, f.Verdict.Reasons)
	}
	p := paused(f)
	if len(p) != 2 || p[0].Over || p[0].Celsius != 60 || p[0].Limit != 60 || p[0].Source != "TEST" ||
		!p[1].Over || p[1].Celsius != 54 || p[1].Nanos < int64(300*time.Millisecond) {
		t.Errorf("the record has %+v", p)
	}
	if d.early > 0 {
		t.Errorf("%d transfers before the first question: a command it does not know would have met them", d.early)
	}
	if d.moved > 0 {
		t.Errorf("%d transfers while it was too hot", d.moved)
	}
	hot := 0
	for _, e := range people.events {
		if _, ok := e.(wipe.Hot); ok {
			hot++
		}
	}
	if hot != 2 {
		t.Errorf("people were told %d times", hot)
	}
}

// A drive that is only warm, or that states no limit, is never held back; one that no
// longer answers the question goes on.
//
// mutant: heat.go: c.release(since, Heat{}) => _ = since
func TestNoLimitNoPause(t *testing.T) {
	for _, c := range []struct {
		d    *hotDrive
		want int
	}{
		{&hotDrive{at: []int64{59}}, 0},
		{&hotDrive{at: []int64{-40}}, 0},
		{&hotDrive{at: []int64{60}, err: errors.New("no such log")}, 2},
	} {
		b, _ := heatBench(t, c.d)
		if f := b.erase(t); f.Verdict.State != record.Cleared || len(paused(f)) != c.want {
			t.Errorf("%s %q, paused %+v", f.Verdict.State, f.Verdict.Reasons, paused(f))
		}
	}
}

// A drive that rests is not stuck, and can be aborted at once.
//
// mutant: heat.go: return context.Cause(c.ctx) => <-rest; return nil
// mutant: heat.go: c.answers.Add(1) => _ = c.answers
func TestRestIsNoStall(t *testing.T) {
	d := &hotDrive{at: []int64{70}}
	b, people := heatBench(t, d)
	b.plan = wipetest.Plan(t, impatient(t, 2*time.Second, 3*time.Second), wipe.Candidate{Device: b.drive.Device(), Node: "/dev/x"})
	b.engine.Grace = 3 * time.Second // less than a traversal waits for what does not return
	task := b.plan.Tasks()[0].ID
	var asked time.Time
	time.AfterFunc(5*time.Second, func() {
		asked = time.Now()
		if err := b.engine.Abort(task, "a test"); err != nil {
			t.Error(err)
		}
	})
	f := b.erase(t)
	if s := lastStop(f); f.Verdict.State != record.Incomplete || s.Reason != record.StopAbort || !strings.HasPrefix(s.Detail, "a test; its worker: ") || people.kinds() != "" {
		t.Errorf("%s, ended by %+v, told %q", f.Verdict.State, s, people.kinds())
	}
	if took := time.Since(asked); took > 2*time.Second {
		t.Errorf("the abort took %v", took)
	}
}

// failsOnce is a hot drive of which the first transfer after its rest fails once.
type failsOnce struct {
	*hotDrive
	failed bool
}

func (d *failsOnce) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	fail := !d.failed && d.asked >= len(d.at)
	d.failed = d.failed || fail
	d.mu.Unlock()
	if fail {
		return 0, syscall.EIO
	}
	return d.Drive.WriteAt(p, off)
}

// What a transfer waits while its drive cools is no time that its error took.
//
// mutant: heat.go: c.sum += time.Since(c.from) =>
// mutant: errorbudget.go: Rested: w.rested, =>
func TestRestIsNoErrorTime(t *testing.T) {
	d := &failsOnce{hotDrive: &hotDrive{at: append(slices.Repeat([]int64{60}, 40), 50)}}
	b := newBench(t)
	inner := b.drive.Opener()
	b.engine.Spawn = wipetest.InProcess{Open: func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
		var err error
		d.Drive, err = inner(ctx, s)
		return d, err
	}}
	pol := wipetest.Clear(t)
	pol.Errors = wipe.ErrorBudget{Time: 1500 * time.Millisecond}
	b.plan = wipetest.Plan(t, pol, wipe.Candidate{Device: b.drive.Device(), Node: "/dev/hot"})
	f := b.erase(t)
	p := paused(f)
	if len(p) != 2 || p[1].Nanos < int64(2*time.Second) || !d.failed {
		t.Fatalf("it did not rest, or nothing failed: %+v, %t: the test shows nothing", p, d.failed)
	}
	if f.Verdict.State != record.Cleared {
		t.Errorf("%s %q", f.Verdict.State, f.Verdict.Reasons)
	}
}
