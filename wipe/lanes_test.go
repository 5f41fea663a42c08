package wipe_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// twin is a drive with two actuators, each for one half of it: one command at a time,
// 16 ms for each.
type twin struct {
	wipe.Drive
	told bool // it says so
	arms [2]sync.Mutex
}

func (d *twin) Lanes() []int64 {
	if !d.told {
		return nil
	}
	return []int64{d.Size() / 2}
}

func (d *twin) move(off int64) func() {
	arm := &d.arms[0]
	if off >= d.Size()/2 {
		arm = &d.arms[1]
	}
	arm.Lock()
	time.Sleep(16 * time.Millisecond)
	return arm.Unlock
}

func (d *twin) WriteAt(p []byte, off int64) (int, error) {
	defer d.move(off)()
	return d.Drive.WriteAt(p, off)
}

func (d *twin) ReadAt(p []byte, off int64) (int, error) {
	defer d.move(off)()
	return d.Drive.ReadAt(p, off)
}

// A drive with two actuators is written and read back by both at the same time, in about
// half the time that one after the other takes; its paper is like any.
//
// mutant: worker.go: w.lanes = l.Lanes() => _ = l
// mutant: errorbudget.go: Lanes: w.lanes, =>
func TestTwoActuators(t *testing.T) {
	took := map[bool]time.Duration{}
	for _, told := range []bool{false, true} {
		d := wipetest.NewDrive(wipetest.Device(7, 64<<20, 512), 1)
		plan := wipetest.Plan(t, wipetest.Clear(t), wipe.Candidate{Device: d.Device(), Node: "/dev/twin"})
		inner := d.Opener()
		e := &wipe.Engine{Journal: &wipetest.Journal{}, Clock: wipetest.NewClock(),
			Spawn: wipetest.InProcess{Open: func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
				in, err := inner(ctx, s)
				return &twin{Drive: in, told: told}, err
			}}}
		began := time.Now()
		f := wipetest.Erase(t, context.Background(), e, plan)[0]
		took[told] = time.Since(began)
		if f.Verdict.State != record.Cleared {
			t.Errorf("told %t: %s %q", told, f.Verdict.State, f.Verdict.Reasons)
		}
		if err := wipetest.Overwritten(f.Transcript, d.Medium()); err != nil {
			t.Errorf("told %t: %v", told, err)
		}
	}
	t.Logf("one after the other %s, at once %s", took[false], took[true])
	if took[true] > took[false]*3/4 {
		t.Errorf("at once takes %s, one after the other %s", took[true], took[false])
	}
}
