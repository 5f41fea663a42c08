package wipe_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// A line that the journal did not keep stops the worker: nothing is written to
// the drive unless its intent is kept, and nothing more is taken afterwards, even
// from a worker that goes on.
//
// mutant: worker.go: return fmt.Errorf("%w: %w", errSilent, err) => return nil
// mutant: keeper.go: case k.veto != nil: => case false:
func TestJournalFails(t *testing.T) {
	full := errors.New("no space left on device")
	honest := newBench(t).erase(t).Transcript
	for n := range honest.Lines {
		for _, deaf := range []bool{false, true} {
			t.Run(fmt.Sprintf("line %d, deaf worker %v", n, deaf), func(t *testing.T) {
				b := newBench(t)
				b.journal.Fail = func(_ context.Context, _ string, l record.Line) error {
					if l.Seq == int64(n) {
						return full
					}
					return nil
				}
				if deaf {
					b.serve(filtered(func(e record.Event, send func(record.Event) error) error { _ = send(e); return nil }))
				}
				f := b.erase(t)
				last := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event
				if last.Ended != nil {
					if n != len(honest.Lines)-1 { // the drive was done: there is nothing left to forbid
						t.Errorf("ran on after line %d was not kept: %s", n, f.Verdict.State)
					}
					return
				}
				if f.Verdict.State != record.Incomplete || !strings.Contains(last.Stopped.Detail, full.Error()) {
					t.Errorf("%s, ended by %+v", f.Verdict.State, last.Stopped)
				}
				if got := len(f.Transcript.Lines); got != n+2 {
					t.Errorf("%d lines, want those up to %d and the end", got, n)
				}
				if n <= 2 && !deaf && !b.drive.Untouched() {
					t.Errorf("written to without a kept intent")
				}
			})
		}
	}
}

// A journal that hangs counts as one that fails, and holds up its own task only.
//
// mutant (hangs): keeper.go: case <-ctx.Done(): => case <-make(chan bool):
func TestJournalHangs(t *testing.T) {
	one, two := wipetest.NewDrive(wipetest.Device(1, simSize, 512), 1), wipetest.NewDrive(wipetest.Device(2, simSize, 512), 2)
	plan := wipetest.Plan(t, wipetest.Clear(t), wipe.Candidate{Device: one.Device(), Node: "1"}, wipe.Candidate{Device: two.Device(), Node: "2"})
	hung := plan.Tasks()[0].ID
	forever := make(chan struct{})
	defer close(forever)
	e := &wipe.Engine{Clock: wipetest.NewClock(), Grace: 100 * time.Millisecond, Patience: 100 * time.Millisecond,
		Spawn: wipetest.InProcess{Open: func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
			d := map[string]*wipetest.Drive{"1": one, "2": two}[s.Node]
			return d.Opener()(ctx, s)
		}},
		Journal: &wipetest.Journal{Fail: func(_ context.Context, task string, l record.Line) error {
			if task == hung && l.Event.Intent != nil {
				<-forever
			}
			return nil
		}}}
	fs := wipetest.Erase(t, context.Background(), e, plan)
	for _, f := range fs {
		want := record.Cleared
		if f.Task.ID == hung {
			want = record.Incomplete
		}
		if f.Verdict.State != want {
			t.Errorf("%s: %s, want %s: %q", f.Task.Device.Identity, f.Verdict.State, want, f.Verdict.Reasons)
		}
	}
	if len(fs) != 2 || !one.Untouched() {
		t.Errorf("%d tasks ended; the drive whose intent was not kept is untouched: %v", len(fs), one.Untouched())
	}
}
