package wipe_test

import (
	"context"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// A drive with more errors than the policy allows is left, in the pass or in the
// read-back, as Failed: with the sectors that failed and those not reached.
//
// mutant: errorbudget.go: return traverse.Options{MaxErrors: int(b.Sectors), => return traverse.Options{
func TestErrorBudgetEndsTheTask(t *testing.T) {
	const good = 64 << 10
	// Everything behind good fails.
	broken := func(off int64, n int) (int, error) {
		if off+int64(n) <= good {
			return n, nil
		}
		return 0, syscall.EIO
	}
	for _, c := range []struct {
		name   string
		faults wipetest.Faults
		passes int // that were completed
	}{
		{"write", wipetest.Faults{Write: broken}, 0},
		{"read", wipetest.Faults{Read: broken}, 1},
	} {
		d := wipetest.NewDrive(wipetest.Device(1, simSize, 512), 1)
		d.Faults = c.faults
		policy := wipetest.Clear(t)
		policy.Errors.Sectors = 10
		e := &wipe.Engine{Spawn: wipetest.InProcess{Open: d.Opener()}, Journal: &wipetest.Journal{}, Clock: wipetest.NewClock()}
		fs := wipetest.Erase(t, context.Background(), e, wipetest.Plan(t, policy, wipe.Candidate{Device: d.Device(), Node: "/dev/sim"}))
		if len(fs) != 1 || fs[0].Verdict.State != record.Failed {
			t.Fatalf("%s: %+v; want one task, Failed", c.name, fs)
		}
		var failed []record.Range
		var stopped string
		for _, l := range fs[0].Transcript.Lines {
			if p := l.Event.PassEnd; p != nil && c.passes == 0 {
				failed, stopped = p.Failed, p.Stopped
			}
			if k := l.Event.CheckEnd; k != nil {
				failed, stopped = k.Unreadable, k.Stopped
			}
		}
		if diff := cmp.Diff([]record.Range{{First: good, End: good + 11*512}}, failed); diff != "" {
			t.Errorf("%s: failed (-want +got):\n%s", c.name, diff)
		}
		const said = "too many sectors failed: more than 10; not reached: LBA 139 to 258"
		if stopped != said {
			t.Errorf("%s: stopped %q; want %q", c.name, stopped, said)
		}
		if why := strings.Join(fs[0].Verdict.Reasons, " | "); !strings.Contains(why, said) {
			t.Errorf("%s: reasons %s", c.name, why)
		}
	}
}
