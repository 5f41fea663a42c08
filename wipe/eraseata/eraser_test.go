package eraseata

import (
	"context"
	"errors"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/inventorytest/simata"
)

// TestSupports: what IDENTIFY DEVICE says.
//
// mutant: support.go: case s.Frozen: => case false:
// mutant: support.go: case s.Enabled, s.Locked: => case s.Locked:
// mutant: support.go: case sec.Locked && !f.Capabilities.OverridesSecurity: => case sec.Locked && false:
func TestSupports(t *testing.T) {
	for name, c := range map[string]struct {
		made   func(*simata.Config)
		faults simata.Faults
		state  func(*simata.State)
		facts  func(*Facts)
		want   map[record.Act]error // of acts that it cannot be given
	}{
		"all": {},
		"none": {faults: simata.Faults{Unsupported: true}, want: map[record.Act]error{record.ATASanitizeCrypto: ErrUnsupported, record.ATASanitizeBlock: ErrUnsupported,
			record.ATASanitizeOverwrite: ErrUnsupported, record.ATASecurityEnhanced: ErrUnsupported, record.ATASecurityNormal: ErrUnsupported}},
		"some": {made: func(c *simata.Config) { c.Crypto, c.Overwrite, c.Enhanced = false, false, false },
			want: map[record.Act]error{record.ATASanitizeCrypto: ErrUnsupported, record.ATASanitizeOverwrite: ErrUnsupported, record.ATASecurityEnhanced: ErrUnsupported}},
		"frozen security": {faults: simata.Faults{FrozenSecurity: true}, want: map[record.Act]error{record.ATASecurityEnhanced: ErrFrozen, record.ATASecurityNormal: ErrFrozen}},
		"frozen sanitize": {facts: func(f *Facts) { f.Sanitize = &ata.SanitizeState{Frozen: true} },
			want: map[record.Act]error{record.ATASanitizeCrypto: ErrFrozen, record.ATASanitizeBlock: ErrFrozen, record.ATASanitizeOverwrite: ErrFrozen}},
		"locked": {faults: simata.Faults{Locked: true}, want: map[record.Act]error{record.ATASanitizeCrypto: ErrLocked, record.ATASanitizeBlock: ErrLocked,
			record.ATASanitizeOverwrite: ErrLocked, record.ATASecurityEnhanced: ErrLocked, record.ATASecurityNormal: ErrLocked}},
		"locked, sanitize overrides": {faults: simata.Faults{Locked: true}, facts: func(f *Facts) { f.Capabilities.OverridesSecurity = true },
			want: map[record.Act]error{record.ATASecurityEnhanced: ErrLocked, record.ATASecurityNormal: ErrLocked}},
		"a password": {state: func(s *simata.State) { s.Password = []byte("somebody's") },
			want: map[record.Act]error{record.ATASecurityEnhanced: ErrLocked, record.ATASecurityNormal: ErrLocked}},
		"expired": {state: func(s *simata.State) { s.Volatile.Wrong = 5 },
			want: map[record.Act]error{record.ATASecurityEnhanced: ErrExpired, record.ATASecurityNormal: ErrExpired}},
	} {
		k := config()
		if c.made != nil {
			c.made(&k)
		}
		d := simata.New(k, c.faults, simata.NewMemory(k), &simata.Manual{})
		if c.state != nil {
			d.Set(c.state)
		}
		id, err := ata.ReadIdentify(context.Background(), ata.Over(d.Conn()))
		if err != nil {
			t.Fatal(err)
		}
		f := Facts{Identify: id}
		if c.facts != nil {
			c.facts(&f)
		}
		for _, act := range acts {
			if err := Supports(f, act); !errors.Is(err, c.want[act]) || (err == nil) != (c.want[act] == nil) {
				t.Errorf("%s: %s: %v; want %v", name, act, err, c.want[act])
			}
		}
	}
	if err := Supports(Facts{}, record.NVMeFormatUser); !errors.Is(err, ErrUnsupported) {
		t.Errorf("an act of another bus: %v", err)
	}
	if _, err := New(nil, record.NVMeFormatUser, Options{}); err == nil {
		t.Error("an eraser for an act of another bus")
	}
	if _, err := New(nil, record.ATASanitizeOverwrite, Options{Passes: 17}); err == nil {
		t.Error("17 passes")
	}
}

// TestOverwriteIsOnePass: the count is never left to the drive, which would take sixteen.
func TestOverwriteIsOnePass(t *testing.T) {
	r := newRig(t, record.ATASanitizeOverwrite, config(), simata.Faults{}, Options{Pattern: 0x11223344})
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.drive.Sent() {
		if s.Opcode == 0xb4 && s.Feature == 0x14 && (s.Count != 1 || s.LBA != 0x4f57_11223344) {
			t.Errorf("%+v", s)
		}
	}
	if took := r.clock.Now().Sub(time.Unix(0, 0)); took > 2*time.Hour+5*time.Minute {
		t.Errorf("a pass of 2 h was followed for %v", took)
	}
}

// limits sees the contexts and time limits that commands come with.
type limits struct {
	ata.Conn
	seen func(ctx context.Context, c *ata.Command)
}

func (l limits) Do(ctx context.Context, c *ata.Command) (ata.Response, error) {
	l.seen(ctx, c)
	return l.Conn.Do(ctx, c)
}

// TestSecurityEraseIsNeverCut: neither the end of the context nor any limit reaches it.
//
// mutant: security.go: _, err := w.Do(context.WithoutCancel(ctx), ata.EraseUnitCommand(ata.ErasePassword, enhanced)) => _, err := w.Do(ctx, ata.EraseUnitCommand(ata.ErasePassword, enhanced))
func TestSecurityEraseIsNeverCut(t *testing.T) {
	r := newRig(t, record.ATASecurityEnhanced, config(), simata.Faults{}, Options{})
	units := 0
	r.conn = limits{r.conn, func(ctx context.Context, c *ata.Command) {
		if c.Opcode != 0xf4 {
			return
		}
		units++
		if _, ok := ctx.Deadline(); ok || ctx.Done() != nil || c.Timeout < 49*24*time.Hour {
			t.Errorf("deadline %v, limit %v", ok, c.Timeout)
		}
	}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := r.Erase(ctx, r.tell, r.how); err != nil || units != 1 {
		t.Errorf("%v, sent %d times", err, units)
	}
}

// TestCancelled: a task that is stopped before SECURITY ERASE UNIT sends none, and leaves
// no password.
//
// mutant: security.go: if err := ctx.Err(); err != nil { => if err := error(nil); err != nil {
func TestCancelled(t *testing.T) {
	r := newRig(t, record.ATASecurityNormal, config(), simata.Faults{}, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	r.veto = func(l line) error {
		if l.x.Name == "SECURITY ERASE PREPARE" {
			cancel()
		}
		return nil
	}
	err := r.Erase(ctx, r.tell, r.how)
	if !errors.Is(err, context.Canceled) || r.starts() != 0 || r.drive.State().Password != nil {
		t.Errorf("%v, started %d times, password %q", err, r.starts(), r.drive.State().Password)
	}
}

// TestPatience: people are told how long the drive says it takes, and an hour.
func TestPatience(t *testing.T) {
	r := newRig(t, record.ATASecurityNormal, config(), simata.Faults{}, Options{})
	if err := r.run(); err != nil || r.worst != 11*time.Hour {
		t.Errorf("%v, %v", err, r.worst)
	}
}

// TestLongErase: days of polls are a few lines, and the end is noticed soon after it.
func TestLongErase(t *testing.T) {
	c := config()
	c.SanitizeTime = 48 * time.Hour
	r := newRig(t, record.ATASanitizeOverwrite, c, simata.Faults{}, Options{})
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	if n := len(r.lines); n > 40 {
		t.Errorf("%d lines", n)
	}
	if n := len(r.drive.Sent()); n > 1000 {
		t.Errorf("%d commands", n)
	}
	if late := r.clock.Now().Sub(time.Unix(0, 0)) - c.SanitizeTime; late > 10*time.Minute {
		t.Errorf("the end was noticed %v late", late)
	}
}

// TestIdleIsNotDone: a drive that forgets its run says neither "in progress" nor
// "completed", with the progress that stands for done.
//
// mutant: poll.go: case s.Completed: => case s.Completed || !s.InProgress:
func TestIdleIsNotDone(t *testing.T) {
	r := newRig(t, record.ATASanitizeBlock, config(), simata.Faults{}, Options{})
	if err := r.Start(context.Background(), r.tell); err != nil {
		t.Fatal(err)
	}
	r.drive.Set(func(s *simata.State) { s.Sanitize.Phase = simata.Idle })
	if err := r.follow(context.Background(), r.tell, r.how); !errors.Is(err, ErrUnclear) {
		t.Errorf("%v; want ErrUnclear", err)
	}
}

// TestStuck: a drive whose progress stands still is given up when Stall is over, one that
// never told any only after Longest.
//
// mutant: tracker.go: still > limit { => still > 2*limit {
// mutant: tracker.go: limit = max(o.Stall, o.Longest) => _ = 0
func TestStuck(t *testing.T) {
	for silent, limit := range map[bool]time.Duration{false: time.Hour + 4*time.Hour, true: 96 * time.Hour} {
		c := config()
		c.NoProgress = silent
		r := newRig(t, record.ATASanitizeBlock, c, simata.Faults{StuckAt: 50}, Options{Every: 2 * time.Minute})
		err := r.run()
		if took := r.clock.Now().Sub(time.Unix(0, 0)); !errors.Is(err, ErrStuck) || took < limit || took > limit+30*time.Minute {
			t.Errorf("tells no progress %v: %v after %v; want %v", silent, err, took, limit)
		}
	}
}
