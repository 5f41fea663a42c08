package job_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/certs/record"
	"lethe/cmd/internal/job"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// machineClock is a machine's clock that somebody sets.
type machineClock struct {
	began time.Time
	off   atomic.Int64
	slept atomic.Int64
}

func (c *machineClock) Mono() int64 { return int64(time.Since(c.began)) + c.slept.Load() }

func (c *machineClock) Wall() time.Time {
	return checktest.Began.Add(time.Duration(c.Mono() + c.off.Load()))
}

const year = 365 * 24 * time.Hour

// A clock that is set while drives are erased, by however much, flips no order, parts
// no times and costs no paper; the papers say so.
//
// mutant: clock.go: now := c.wall.Add(time.Duration(c.machine.Mono() - c.mono)) => now := c.machine.Wall()
func TestClockSteppedDuringRun(t *testing.T) {
	for name, c := range map[string]struct {
		step time.Duration
		at   string // the line at which the clock is set; "" before the first
	}{
		"2099 by a time server":    {73 * year, "stretch"},
		"1970 by a time server":    {-56 * year, "stretch"},
		"out of the order's hours": {24 * time.Hour, ""},
		"before the order's hours": {-24 * time.Hour, ""},
		"back an hour at the end":  {-time.Hour, "closing"},
	} {
		t.Run(name, func(t *testing.T) {
			desk := checktest.NewDesk(t, "WT-0001", "WT-0002")
			machine := &machineClock{began: time.Now()}
			clock := job.StartClock(machine)
			out := stepping(t, desk, clock, func(kind string) {
				if kind == c.at {
					machine.off.Store(int64(c.step))
				}
			})
			last := clock.Wall()
			for _, p := range append(out.Papers, out.Summary) {
				if r := check.Check(p.PDF, check.Options{Roots: desk.Root.Pool()}); !r.OK() {
					t.Errorf("a paper is lost: %s", r.Failed())
				}
			}
			if len(out.Papers) != 2 || out.Reached() != 2 {
				t.Fatalf("%d papers, %d certificates", len(out.Papers), out.Reached())
			}
			told := 0
			for _, p := range out.Papers {
				r := p.Record
				if d := r.End.Sub(r.Start.Time); d < 0 || (d-time.Duration(r.Nanos)).Abs() > time.Millisecond ||
					r.Context.Issued.Before(r.End.Time) || r.Context.Issued.After(last) {
					t.Errorf("from %s to %s in %v, issued %s", r.Start, r.End, time.Duration(r.Nanos), r.Context.Issued)
				}
				if s := r.Context.Clock.SteppedNanos; s != 0 {
					told++
					if (time.Duration(s)-c.step).Abs() > time.Second || !strings.Contains(strings.Join(r.Residual, "\n"), "was set by") {
						t.Errorf("told a step of %v, want %v: %q", time.Duration(s), c.step, r.Residual)
					}
				}
			}
			if told == 0 || out.State.Context.Clock.SteppedNanos == 0 {
				t.Errorf("%d certificates and the summary (%d) tell of it", told, out.State.Context.Clock.SteppedNanos)
			}
		})
	}
}

// stepping erases two drives under the desk's order and calls at with the kind of each
// line, once before the first.
func stepping(t *testing.T, desk *checktest.Desk, clock *job.RunClock, at func(kind string)) job.Outcome {
	t.Helper()
	out, err := erasing(t, desk, clock, at, func(*job.Job) {})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// erasing is stepping for a job that is changed before it runs. at may be nil.
func erasing(t *testing.T, desk *checktest.Desk, clock *job.RunClock, at func(kind string), change func(*job.Job)) (job.Outcome, error) {
	t.Helper()
	if at == nil {
		at = func(string) {}
	}
	grant, err := wipe.GrantOf(desk.Order, *desk.Ref(t), checktest.Context(false).Machine, clock.Wall())
	if err != nil {
		t.Fatal(err)
	}
	policy, err := wipe.PolicyOf(desk.Order)
	if err != nil {
		t.Fatal(err)
	}
	drives := map[string]*wipetest.Drive{}
	var cs []wipe.Candidate
	for i := 1; i <= 2; i++ {
		d := wipetest.NewDrive(wipetest.Device(i, 256<<10, 512), uint64(i))
		drives[d.Device().Identity.Serial] = d
		cs = append(cs, wipe.Candidate{Device: d.Device(), Node: "/dev/" + d.Device().Node})
	}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: cs, Policy: policy, Grant: grant, Now: clock.Wall()})
	if err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
		return drives[s.Task.Device.Identity.Serial].Opener()(ctx, s)
	}
	at("")
	j := job.Job{
		Engine: &wipe.Engine{Spawn: wipetest.InProcess{Open: open}, Clock: clock,
			Journal: &wipetest.Journal{Fail: func(_ context.Context, _ string, l record.Line) error { at(l.Event.Kind()); return nil }}},
		Issuer: issue.Issuer{Signer: desk.Machine}, Profile: policy.Profile, Order: desk.Envelope,
		Context: func() record.Context {
			c := checktest.Context(false)
			c.Issued, c.Clock.SteppedNanos = record.At(clock.Wall()), clock.Stepped().Nanoseconds()
			return c
		},
		Keep: func(context.Context, issue.Paper) error { return nil },
	}
	change(&j)
	return j.Run(t.Context(), plan)
}

// The window is still a window: time that passes ends it, a step does not reopen it.
// A clock that was set and set back again is told of, too.
//
// mutant: clock.go: return c.worst => return 0
func TestRunClock(t *testing.T) {
	machine := &machineClock{began: time.Now()}
	c := job.StartClock(machine)
	if c.Stepped() != 0 {
		t.Errorf("stepped by %v before anything", c.Stepped())
	}
	machine.off.Store(int64(time.Hour))
	c.Wall()
	machine.off.Store(0)
	if d := c.Stepped(); (d - time.Hour).Abs() > time.Second {
		t.Errorf("set and set back: %v, want an hour", d)
	}
	machine.slept.Store(int64(2 * time.Hour)) // as BOOTTIME counts sleep
	if now := c.Wall(); now.Sub(checktest.Began) < 2*time.Hour {
		t.Errorf("time that passed does not count: %s", now)
	}
	machine.off.Store(int64(-2 * time.Hour))
	if desk := checktest.NewDesk(t, "S1"); desk.Order.Permits(c.Wall(), checktest.Context(false).Machine) == nil {
		t.Error("an expired order came to life when the clock was set back")
	}
}
