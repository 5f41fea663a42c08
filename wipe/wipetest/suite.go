package wipetest

import (
	"context"
	"slices"
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
)

// Harness is a technique about to work on one fresh, honest drive.
type Harness struct {
	Drive  *Drive
	Policy wipe.Policy // what is asked: it decides on the technique
	Best   record.State
	// Erased checks the medium of an honest drive, by code of its own.
	Erased func(t *record.Transcript, medium []byte) error
}

// Run erases one drive for each fault. No drive that is at fault may end
// certified, whatever it says.
func Run(t *testing.T, fresh func() Harness) {
	t.Helper()
	for _, c := range cells() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := fresh()
			if c.order != nil {
				c.order(h.Drive)
			}
			f := h.erase(t)
			h.hold(t, c, f)
		})
	}
}

// erase runs the engine with a worker in this process.
func (h Harness) erase(t *testing.T) Finished {
	t.Helper()
	d := h.Drive
	e := &wipe.Engine{Spawn: InProcess{Open: d.Opener()}, Journal: &Journal{}, Clock: NewClock()}
	plan := Plan(t, h.Policy, wipe.Candidate{Device: d.Device(), Node: "/dev/" + d.Device().Node})
	fs := Erase(t, context.Background(), e, plan)
	if len(fs) != 1 {
		t.Fatalf("%d tasks ended, want 1", len(fs))
	}
	if err := d.Misused(); err != nil {
		t.Errorf("the drive was misused: %v", err)
	}
	return fs[0]
}

// hold compares what came of it with what the fault must lead to.
func (h Harness) hold(t *testing.T, c cell, f Finished) {
	t.Helper()
	want := c.want
	if want == "" {
		want = h.Best
	}
	if f.Verdict.State != want {
		t.Errorf("verdict %s, want %s: %q", f.Verdict.State, want, f.Verdict.Reasons)
	}
	erased := f.Verdict.State == record.Cleared || f.Verdict.State == record.Purged
	if f.Verdict.Reached && !erased || c.want != "" && (erased || f.Verdict.Reached) {
		t.Errorf("a drive at fault is certified: %+v", f.Verdict)
	}
	if erased {
		if err := h.Erased(f.Transcript, h.Drive.Medium()); err != nil {
			t.Errorf("certified, but: %v", err)
		}
	}
	if got := h.Drive.Untouched(); got != c.untouched && !c.either {
		t.Errorf("untouched %v, want %v", got, c.untouched)
	}
	if c.kept == nil {
		return
	}
	want2 := c.kept(h.Drive)
	got := Kept(h.Drive.Medium(), h.Drive.Old(), h.Drive.Device().LogicalSector)
	if !slices.Equal(got, want2) {
		t.Errorf("old data is left at %v, want %v", got, want2)
	}
	if told := told(f.Transcript); c.told && !slices.Equal(told, want2) {
		t.Errorf("the transcript tells of %v, want %v", told, want2)
	}
}

// told are the ranges of the last pass that the transcript says went wrong.
func told(t *record.Transcript) (rs []record.Range) {
	for _, l := range t.Lines {
		if e := l.Event.PassEnd; e != nil && len(e.Failed) > 0 {
			rs = e.Failed
		}
		if e := l.Event.CheckEnd; e != nil && len(rs) == 0 {
			rs = append(slices.Clone(e.Mismatches), e.Unreadable...)
		}
	}
	return rs
}
