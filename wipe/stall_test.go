package wipe_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// told gathers what people are told.
type told struct {
	mu     sync.Mutex
	events []wipe.Event
}

func (t *told) tell(e wipe.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
}

// kinds are the events in order: s(talled), r(esumed), g(iven up), G(iven up, not killed).
func (t *told) kinds() (s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		switch e := e.(type) {
		case wipe.Stalled:
			s += "s"
		case wipe.Resumed:
			s += "r"
		case wipe.GivenUp:
			s += map[bool]string{true: "g", false: "G"}[e.Killed]
		}
	}
	return s
}

func impatient(t testing.TB, tell, giveUp time.Duration) wipe.Policy {
	p := wipetest.Clear(t)
	p.Patience = wipe.Patience{Tell: tell, GiveUp: giveUp}
	return p
}

func lastStop(f wipetest.Finished) record.Stopped {
	if s := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event.Stopped; s != nil {
		return *s
	}
	return record.Stopped{}
}

// Workers that are held still (SIGSTOP) while they write: each is named, given up
// and killed, by itself; the neighbours are certified. Nobody has to stop the run.
//
// mutant: engine.go: case err := <-stuck: => case err := <-make(chan error):
// mutant: stall.go: k.stop(record.StopStuck, => k.stop(record.StopLost,
func TestHeldWorkerIsGivenUp(t *testing.T) {
	files, _ := rack(t, 4, 4<<20)
	plan := wipetest.Plan(t, impatient(t, 2*time.Second, 4*time.Second), candidates(files)...)
	nodes := map[string]string{}
	for i, task := range plan.Tasks() {
		nodes[task.ID] = files[i]
	}
	held := map[string]bool{files[1]: true, files[2]: true}
	var workersOf pids
	var people told
	journal := &wipetest.Journal{Fail: func(_ context.Context, task string, l record.Line) error {
		if l.Event.Stretch != nil && held[nodes[task]] {
			workersOf.signal(t, nodes[task], syscall.SIGSTOP)
		}
		return nil
	}}
	e := &wipe.Engine{Spawn: &watched{workers(time.Millisecond), workersOf.note}, Journal: journal,
		Clock: wipetest.NewClock(), Tell: people.tell}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, f := range wipetest.Erase(t, ctx, e, plan) {
		node := nodes[f.Task.ID]
		if !held[node] {
			certified(t, f, node)
			continue
		}
		s := lastStop(f)
		if f.Verdict.State != record.Incomplete || s.By != "supervisor" || s.Reason != record.StopStuck ||
			!strings.Contains(s.Detail, "no sign of life for 4s") || !strings.Contains(s.Detail, "was killed") {
			t.Errorf("%s, ended by %+v", f.Verdict.State, s)
		}
		if !gone(workersOf.of(node)) {
			t.Error("its worker lives")
		}
	}
	if ctx.Err() != nil {
		t.Error("the run did not end by itself")
	}
	if k := people.kinds(); strings.Count(k, "s") != 2 || strings.Count(k, "g") != 2 || len(k) != 4 {
		t.Errorf("told: %q", k)
	}
}

// A worker that not even a kill ends is left behind, and what it says once the drive
// answers after all is on no record and no screen.
//
// mutant: keeper.go: if k.engine.Observe != nil && !k.isClosed() { => if k.engine.Observe != nil {
// mutant: keeper.go: case k.closed: => case false:
func TestStuckWorkerSpeaksLater(t *testing.T) {
	b := newBench(t)
	var people told
	var seen atomic.Int64
	b.engine.Tell, b.engine.Observe = people.tell, func(string, wipe.Progress) { seen.Add(1) }
	b.plan = wipetest.Plan(t, impatient(t, 50*time.Millisecond, 150*time.Millisecond), wipe.Candidate{Device: b.drive.Device(), Node: "/dev/x"})
	w := &late{end: make(chan struct{}), said: make(chan error, 1)}
	b.engine.Spawn = w
	f := b.erase(t)
	if s := lastStop(f); f.Verdict.State != record.Incomplete || s.Reason != record.StopStuck || !strings.Contains(s.Detail, "stuck in the kernel") {
		t.Errorf("%s, ended by %+v", f.Verdict.State, s)
	}
	if !w.killed.Load() || people.kinds() != "sG" {
		t.Errorf("killed %v, told %q", w.killed.Load(), people.kinds())
	}
	lines := f.Transcript.Head()
	close(w.end)
	if err := <-w.said; err == nil {
		t.Error("a line was taken after the end")
	}
	if f.Transcript.Head() != lines || seen.Load() != 0 {
		t.Errorf("it was heard: %d times progress", seen.Load())
	}
}

// late is a worker that nothing ends, and that speaks when it is too late.
type late struct {
	end    chan struct{}
	said   chan error
	n      atomic.Int64
	killed atomic.Bool
}

func (l *late) Start(context.Context, wipe.Spec) (wipe.Worker, error) { return l, nil }

func (l *late) Next() (wipe.Said, error) {
	<-l.end
	switch l.n.Add(1) {
	case 1:
		return wipe.Said{Progress: &wipe.Progress{Phase: "write", Pass: 1, Of: 1, Done: 1, Total: 1}}, nil
	case 2:
		return wipe.Said{Event: &record.Event{Ended: &record.Ended{}}}, nil
	}
	return wipe.Said{}, io.EOF
}

func (l *late) Ack(veto error) error { l.said <- veto; return nil }
func (l *late) Stop()                {}
func (l *late) Kill()                { l.killed.Store(true) }
func (l *late) Wait() error          { <-l.end; return nil }

// A drive that pauses longer than people wait and then goes on is certified; the
// record has the pause.
//
// mutant: stall.go: k.stalled(longest, true) => k.stalled(longest, false)
func TestStallThatEnds(t *testing.T) {
	b := newBench(t)
	var people told
	b.engine.Tell = people.tell
	b.plan = wipetest.Plan(t, impatient(t, 1500*time.Millisecond, time.Minute), wipe.Candidate{Device: b.drive.Device(), Node: "/dev/x"})
	var once, again sync.Once
	b.drive.Faults.Write = func(_ int64, n int) (int, error) {
		once.Do(func() { time.Sleep(4 * time.Second) }) // the first second is alive: a worker says so once a second
		return n, nil
	}
	b.drive.Faults.Read = func(_ int64, n int) (int, error) { // long enough for the watch to look, too short for a stall
		again.Do(func() { time.Sleep(500 * time.Millisecond) })
		return n, nil
	}
	f := b.erase(t)
	if f.Verdict.State != record.Cleared || people.kinds() != "sr" {
		t.Errorf("%s %q, told %q", f.Verdict.State, f.Verdict.Reasons, people.kinds())
	}
	over := int64(0)
	for _, l := range f.Transcript.Lines {
		if s := l.Event.Stalled; s != nil && s.Over {
			over = s.Nanos
		}
	}
	if over < int64(1500*time.Millisecond) {
		t.Errorf("the record has a stall of %v", time.Duration(over))
	}
}

// A drive that gets nowhere but answers, as on bad sectors, is not stuck: a worker
// says once a second that its drive lives.
//
// mutant: beat.go: n := b.answers.Load() => n := told
func TestBadSectorsAreNoStall(t *testing.T) {
	b := newBench(t)
	var people told
	b.engine.Tell = people.tell
	b.plan = wipetest.Plan(t, impatient(t, 2*time.Second, 3*time.Second), wipe.Candidate{Device: b.drive.Device(), Node: "/dev/x"})
	var mu sync.Mutex
	began := time.Now()
	b.drive.Faults.Write = func(_ int64, n int) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(began) > 5*time.Second {
			return n, nil
		}
		time.Sleep(100 * time.Millisecond)
		return 0, syscall.EIO
	}
	if f := b.erase(t); people.kinds() != "" || lastStop(f).Reason == record.StopStuck {
		t.Errorf("ended by %+v, told %q", lastStop(f), people.kinds())
	}
}

// A command that takes long by the drive's own word has that time, and a worker that
// claims more than any drive can state has not.
//
// mutant: stall.go: return time.Since(p.last) - p.allow, p.last => return time.Since(p.last), p.last
// mutant: stall.go: min(max(allow, 0), MaxAllow) => allow
func TestLongCommand(t *testing.T) {
	for _, c := range []struct{ silence, allow, want time.Duration }{
		{time.Hour, 59 * time.Minute, time.Minute},
		{time.Hour, 2 * time.Hour, -time.Hour},
		{wipe.MaxAllow + time.Hour, 1 << 62, time.Hour},
		{time.Minute, -time.Hour, time.Minute},
	} {
		if got := wipe.SilentAfter(c.silence, c.allow); got != c.want {
			t.Errorf("silent for %v of which %v are allowed: %v counts, want %v", c.silence, c.allow, got, c.want)
		}
	}
}

// The supervisor's own word is not a worker's to speak.
//
// mutant: keeper.go: e.Stalled != nil || => false ||
func TestWorkerCannotStall(t *testing.T) {
	b := newBench(t)
	b.serve(script(`{"event":{"stalled":{"nanos":1,"over":true}}}` + "\n"))
	if f := b.erase(t); !strings.Contains(lastStop(f).Detail, "in the supervisor's place") {
		t.Errorf("ended by %+v", lastStop(f))
	}
}

// A journal that is slow is not the drive's silence.
//
// mutant: keeper.go: k.pulse.word(true) => k.pulse.word(false)
func TestSlowJournalIsNoStall(t *testing.T) {
	b := newBench(t)
	var people told
	b.engine.Tell = people.tell
	b.plan = wipetest.Plan(t, impatient(t, 100*time.Millisecond, 300*time.Millisecond), wipe.Candidate{Device: b.drive.Device(), Node: "/dev/x"})
	b.journal.Fail = func(_ context.Context, _ string, l record.Line) error {
		if l.Event.PassBegin != nil {
			time.Sleep(600 * time.Millisecond)
		}
		return nil
	}
	if f := b.erase(t); f.Verdict.State != record.Cleared || people.kinds() != "" {
		t.Errorf("%s, told %q: %v", f.Verdict.State, people.kinds(), errors.New(lastStop(f).Detail))
	}
}
