package wipe_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// One of four drives is aborted while it is written: its task ends at once, as
// Incomplete and with the name of who wanted it, and the others are certified.
//
// mutant: engine.go: case <-k.abort.asked: => case <-make(chan int):
// mutant: keeper.go: e.Stopped.Reason == record.StopSignal && k.abort.isAsked() => false
// mutant: abort.go: By: bySupervisor, Reason: record.StopAbort, => By: byWorker, Reason: record.StopAbort,
// mutant: abort.go: k := e.running.tasks[task] => k := func() (a *keeper) { for _, k := range e.running.tasks { if k.task != task { a = k } }; return a }()
func TestAbortOne(t *testing.T) {
	files, _ := rack(t, 4, 4<<20)
	plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
	task, node := plan.Tasks()[2].ID, files[2]
	nodes := map[string]string{}
	for i, s := range plan.Tasks() {
		nodes[s.ID] = files[i]
	}
	var people aborts
	var e *wipe.Engine
	var once sync.Once
	journal := &wipetest.Journal{Fail: func(_ context.Context, of string, l record.Line) error {
		if l.Event.Stretch != nil && of == task {
			once.Do(func() {
				if err := e.Abort(task, "the console"); err != nil {
					t.Error(err)
				}
				if err := e.Abort(task, "somebody else"); err != nil {
					t.Error(err)
				}
			})
		}
		return nil
	}}
	e = &wipe.Engine{Spawn: workers(time.Millisecond), Journal: journal, Clock: wipetest.NewClock(), Tell: people.tell}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, f := range wipetest.Erase(t, ctx, e, plan) {
		if f.Task.ID != task {
			certified(t, f, nodes[f.Task.ID])
			continue
		}
		s := lastStop(f)
		if f.Verdict.State != record.Incomplete || s.By != "supervisor" || s.Reason != record.StopAbort ||
			!strings.HasPrefix(s.Detail, "the console; its worker: pass 1: ") {
			t.Errorf("%s: %s, ended by %+v", node, f.Verdict.State, s)
		}
		if n := len(f.Transcript.Lines); f.Transcript.Lines[n-2].Event.PassEnd == nil {
			t.Errorf("it is not told how far the pass came: %s", f.Transcript.Bytes())
		}
	}
	if len(people) != 1 || people[0] != task+" by the console" {
		t.Errorf("told %q", people)
	}
	if err := e.Abort(task, "x"); !errors.Is(err, wipe.ErrNoTask) {
		t.Errorf("abort after the end: %v", err)
	}
	if err := new(wipe.Engine).Abort(task, "x"); !errors.Is(err, wipe.ErrNoTask) {
		t.Errorf("abort of nothing: %v", err)
	}
}

// aborts are the Aborted that people were told.
type aborts []string

func (a *aborts) tell(e wipe.Event) {
	if e, ok := e.(wipe.Aborted); ok {
		*a = append(*a, e.Task.ID+" by "+e.By)
	}
}

// A worker that nothing ends keeps no aborted task open.
//
// mutant: keeper.go: reason, err = record.StopAbort, => reason, err = record.StopSignal,
func TestAbortOfWhatIsStuck(t *testing.T) {
	b := newBench(t)
	w := &late{end: make(chan struct{}), said: make(chan error, 1)}
	defer close(w.end)
	b.engine.Spawn = w
	b.journal.Fail = func(_ context.Context, task string, l record.Line) error {
		if l.Event.Task != nil { // before its worker is there
			return b.engine.Abort(task, "somebody")
		}
		return nil
	}
	f := b.erase(t)
	if s := lastStop(f); f.Verdict.State != record.Incomplete || s.Reason != record.StopAbort || !w.killed.Load() ||
		s.Detail != "somebody; the worker does not end, even when killed" {
		t.Errorf("%s, ended by %+v, killed %v", f.Verdict.State, s, w.killed.Load())
	}
}

// What ended in order before its worker heard of the wish counts as it ended.
func TestAbortTooLate(t *testing.T) {
	b := newBench(t)
	b.journal.Fail = func(_ context.Context, task string, l record.Line) error {
		if l.Event.Ended != nil {
			_ = b.engine.Abort(task, "somebody")
		}
		return nil
	}
	if f := b.erase(t); f.Verdict.State != record.Cleared {
		t.Errorf("%s %q", f.Verdict.State, f.Verdict.Reasons)
	}
}
