package eraseata

import (
	"context"
	"errors"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/inventorytest/simata"
	"lethe/wipe"
	"lethe/wipe/witness"
)

// killed starts an act on a drive and stops the process, and the power, where half of it
// is done; the drive comes back from what it told last.
func killed(t *testing.T, act record.Act, f simata.Faults, o Options) *rig {
	t.Helper()
	r := newRig(t, act, config(), f, o)
	var kept []byte
	var store simata.Memory
	half := false
	r.drive.OnChange = func(s []byte) {
		d := r.clock.Now().Sub(time.Unix(0, 0))
		if !half {
			kept, store = s, append(store[:0], r.store...)
		}
		half = half || d > time.Hour && sanitizing(act) || d > 5*time.Hour
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := r.Erase(ctx, r.tell, func(c wipe.Course) {
		if half {
			cancel()
		}
	})
	if sanitizing(act) != errors.Is(err, context.Canceled) {
		t.Fatalf("kill: %v", err)
	}
	d, err := simata.Restore(kept, store, r.clock.Manual)
	if err != nil {
		t.Fatal(err)
	}
	r.drive, r.store, r.lines = d, store, nil
	r.attach(act, o)
	return r
}

// TestRecover: whatever an erase that was cut short left, the next start finds, and the
// act itself then runs as on any drive. No drive stays locked.
//
// mutant: recover.go: if err := release(ctx, w, s); err != nil { => if err := release(ctx, w, ata.Security{Frozen: true}); err != nil {
// mutant: recover.go: return Running, nil => return Idle, nil
func TestRecover(t *testing.T) {
	for _, act := range acts {
		r := killed(t, act, simata.Faults{}, Options{})
		was, err := r.Recover(context.Background(), r.tell, r.how)
		if err != nil {
			t.Errorf("%s: %v", act, err)
		}
		if sanitizing(act) && (was != Running || r.left() > 0 || r.starts() != 0) {
			t.Errorf("%s: found %s, %d sectors left, started %d times", act, was, r.left(), r.starts())
		}
		if !sanitizing(act) && was != Password {
			t.Errorf("%s: found %s", act, was)
		}
		for _, l := range r.lines {
			if l.step != record.StepBefore {
				t.Errorf("%s: %s told at %q", act, l.x.Name, l.step)
			}
		}
		if s := r.drive.State(); s.Password != nil || s.Volatile.Locked || s.Volatile.Wrong != 0 {
			t.Errorf("%s: left with a password", act)
		}
		if err := r.run(); err != nil {
			t.Errorf("%s: the act afterwards: %v", act, err)
		}
	}
}

// TestRecoverByAnother: the act that is due need not be the one that was cut short.
func TestRecoverByAnother(t *testing.T) {
	for _, act := range acts {
		for _, due := range acts {
			r := killed(t, act, simata.Faults{}, Options{})
			r.attach(due, Options{})
			if _, err := r.Recover(context.Background(), r.tell, r.how); err != nil {
				t.Errorf("%s after %s: %v", due, act, err)
			}
			if err := r.run(); err != nil || r.starts() != 1 {
				t.Errorf("%s after %s: the act: %v, started %d times", due, act, err, r.starts())
			}
		}
	}
}

// TestRecoverFailed: a drive in the failed state leaves it where it may, else it is
// sanitised again.
//
// mutant: recover.go: r, err := w.Do(ctx, ata.SanitizeStatusCommand(true)) => r, err := w.Do(ctx, ata.SanitizeStatusCommand(false))
func TestRecoverFailed(t *testing.T) {
	for _, clearable := range []bool{true, false} {
		for _, due := range acts {
			r := newRig(t, record.ATASanitizeBlock, config(), simata.Faults{FailsAt: 50}, Options{Clearable: clearable})
			if err := r.run(); !errors.Is(err, ErrFailed) {
				t.Fatal(err)
			}
			r.drive.PowerCycle()
			r.lines = nil
			r.attach(due, Options{})
			was, err := r.Recover(context.Background(), r.tell, r.how)
			if err != nil || was != Failed {
				t.Errorf("%s: found %s, %v", due, was, err)
			}
			again := r.starts() - 1
			if again != map[bool]int{true: 0, false: 1}[clearable] {
				t.Errorf("%s, clearable %v: sanitised again %d times", due, clearable, again)
			}
			if err := r.run(); err != nil {
				t.Errorf("%s: the act afterwards: %v", due, err)
			}
		}
	}
}

// TestRecoverLeavesOthersAlone: a password of somebody else's is tried for ours once.
//
// mutant: security.go: if _, err := w.Do(ctx, ata.UnlockCommand(ata.ErasePassword)); err != nil { => for range 3 { _, _ = w.Do(ctx, ata.UnlockCommand(ata.ErasePassword)) }; if _, err := w.Do(ctx, ata.UnlockCommand(ata.ErasePassword)); err != nil {
func TestRecoverLeavesOthersAlone(t *testing.T) {
	r := newRig(t, record.ATASecurityEnhanced, config(), simata.Faults{Locked: true}, Options{})
	was, err := r.Recover(context.Background(), r.tell, r.how)
	if was != Password || !errors.Is(err, ErrLocked) || r.drive.State().Volatile.Wrong != 1 {
		t.Errorf("found %s, %v, %d tries", was, err, r.drive.State().Volatile.Wrong)
	}
	r = newRig(t, record.ATASecurityEnhanced, config(), simata.Faults{Locked: true, FrozenSecurity: true}, Options{})
	if _, err := r.Recover(context.Background(), r.tell, r.how); !errors.Is(err, ErrFrozen) || r.drive.State().Volatile.Wrong != 0 {
		t.Errorf("frozen and locked: %v", err)
	}
	r = newRig(t, record.ATASecurityEnhanced, config(), simata.Faults{Locked: true}, Options{})
	r.drive.Set(func(s *simata.State) { s.Volatile.Wrong = 5 })
	if _, err := r.Recover(context.Background(), r.tell, r.how); !errors.Is(err, ErrExpired) || r.drive.State().Volatile.Wrong != 5 {
		t.Errorf("expired: %v", err)
	}
}

func TestRecoverIdle(t *testing.T) {
	for name, f := range map[string]simata.Faults{"honest": {}, "done before": {StaleSuccess: true}} {
		r := newRig(t, record.ATASanitizeBlock, config(), f, Options{})
		if was, err := r.Recover(context.Background(), r.tell, r.how); was != Idle || err != nil || len(r.drive.Sent()) != 2 {
			t.Errorf("%s: %s, %v, %d commands", name, was, err, len(r.drive.Sent()))
		}
	}
	r := newRig(t, record.ATASanitizeBlock, config(), simata.Faults{ZeroRegisters: true}, Options{})
	if was, err := r.Recover(context.Background(), r.tell, r.how); was != Unknown || !errors.Is(err, ata.ErrNoRegisters) {
		t.Errorf("without registers: %s, %v", was, err)
	}
}

// TestVeto: the exchange that is not taken down is the last thing that happens to the
// drive, wherever it comes; nothing irreversible follows it.
//
// mutant: security.go: if w.Vetoed() != nil { => if false {
func TestVeto(t *testing.T) {
	full := errors.New("full")
	for _, act := range acts {
		whole := newRig(t, act, config(), simata.Faults{}, Options{})
		if err := whole.run(); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= len(whole.lines); n++ {
			r := newRig(t, act, config(), simata.Faults{}, Options{})
			at := 0
			r.veto = func(line) error {
				if len(r.lines) == n {
					at = len(r.drive.Sent())
					return full
				}
				return nil
			}
			err := r.run()
			if !errors.Is(err, full) || !errors.Is(err, witness.ErrVeto) || len(r.drive.Sent()) != at {
				t.Errorf("%s: veto of exchange %d: %v; %d commands before it, %d in all", act, n, err, at, len(r.drive.Sent()))
			}
		}
	}
}
