package wipetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
)

// Clock is a clock that runs.
type Clock struct{ began time.Time }

// NewClock starts a clock.
func NewClock() Clock { return Clock{time.Now()} }

// Mono implements wipe.Clock.
func (c Clock) Mono() int64 { return int64(time.Since(c.began)) }

// Wall implements wipe.Clock.
func (c Clock) Wall() time.Time { return time.Now() }

// Journal keeps lines in memory. Fail, when set, is asked before a line is kept.
type Journal struct {
	Fail func(ctx context.Context, task string, l record.Line) error

	mu    sync.Mutex
	lines map[string][]record.Line
}

// Append implements wipe.Journal.
func (j *Journal) Append(ctx context.Context, task string, l record.Line) error {
	if j.Fail != nil {
		if err := j.Fail(ctx, task, l); err != nil {
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines == nil {
		j.lines = map[string][]record.Line{}
	}
	j.lines[task] = append(j.lines[task], l)
	return nil
}

// Lines are those kept for a task.
func (j *Journal) Lines(task string) []record.Line {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]record.Line(nil), j.lines[task]...)
}

// Device describes a drive with nothing odd about it.
func Device(n int, size record.Size, sector int64) record.Device {
	serial := fmt.Sprintf("WT-%04d", n)
	return record.Device{Identity: record.Identity{Vendor: "LETHE", Model: "SIMULATED", Serial: serial},
		Size: size, LogicalSector: sector, PhysicalSector: 4096, Medium: record.MediumMagnetic,
		Transport: "sata", Path: "sim-" + serial, Node: "sim" + serial}
}

// Profile is a built-in profile.
func Profile(t testing.TB, id string) profile.Profile {
	t.Helper()
	p, err := profile.ByID(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Clear is the policy that asks for Clear under the default profile.
func Clear(t testing.TB) wipe.Policy {
	t.Helper()
	return wipe.Policy{Least: record.MethodClear, Profile: Profile(t, profile.Default)}
}

// Plan makes a plan for drives that a person named, all of them.
func Plan(t testing.TB, p wipe.Policy, cs ...wipe.Candidate) *wipe.Plan {
	t.Helper()
	var words []string
	for _, c := range cs {
		words = append(words, c.Device.Identity.Name())
	}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: cs, Policy: p, Grant: wipe.GrantConfirmed(words...),
		Boot: "test", Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range plan.Refused() {
		t.Fatalf("%s is refused: %q", r.Identity, r.Reasons)
	}
	return plan
}

// Finished is a task with the verdict on it.
type Finished struct {
	wipe.TaskReport
	Verdict record.Verdict
}

// Erase runs a plan and judges its tasks, in the order they ended. Every
// transcript must be chained and have an end.
func Erase(t testing.TB, ctx context.Context, e *wipe.Engine, p *wipe.Plan) (out []Finished) {
	t.Helper()
	err := e.Run(ctx, p, func(r wipe.TaskReport) {
		prof := Profile(t, r.Task.Profile.ID)
		out = append(out, Finished{r, judge.Judge(r.Transcript, prof, judge.Quirks{})})
	})
	if err != nil {
		t.Error(err)
	}
	for _, f := range out {
		CheckEnd(t, f.Transcript)
	}
	return out
}

// CheckEnd holds a transcript to being chained, readable again and ended.
func CheckEnd(t testing.TB, tr *record.Transcript) {
	t.Helper()
	again, err := record.ParseTranscript(tr.Bytes())
	if err != nil || again.Head() != tr.Head() {
		t.Errorf("transcript does not read back: %v", err)
		return
	}
	last := tr.Lines[len(tr.Lines)-1].Event
	if last.Ended == nil && last.Stopped == nil {
		t.Errorf("the last line is %q, want an end", last.Kind())
	}
}
