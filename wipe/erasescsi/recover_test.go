package erasescsi

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simscsi"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

// TestRecover finds a drive as a crash, a failure or a loss of power left it.
//
// mutant: recover.go: case Running: => case Condition(""):
// mutant: recover.go: return was, e.mend(ctx, v, before, how, was == Failed) => return was, nil
func TestRecover(t *testing.T) {
	ctx := context.Background()
	begin := func(r *rig, c *scsi.Command, err error) {
		t.Helper()
		_, _ = scsi.Read(ctx, r.conn, scsi.TestUnitReadyCommand())
		if err == nil {
			err = once(ctx, r.conn, c)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		f     simscsi.Faults
		act   record.Act
		leave func(r *rig)
		was   Condition
		ok    bool
		left  bool // old data
	}{
		{"nothing", simscsi.Faults{}, record.SCSISanitizeBlock, func(*rig) {}, Idle, true, true},
		{"running, after a loss of power", simscsi.Faults{}, record.SCSISanitizeBlock, func(r *rig) {
			c, err := scsi.Sanitize{Action: scsi.SanitizeBlock}.Command()
			begin(r, c, err)
			r.clock.Move(time.Hour)
			r.drive.PowerCycle()
		}, Running, true, false},
		{"running, another act's", simscsi.Faults{}, record.SCSISanitizeOverwrite, func(r *rig) {
			c, err := scsi.Sanitize{Action: scsi.SanitizeBlock}.Command()
			begin(r, c, err)
		}, Running, true, false},
		{"failed", simscsi.Faults{FailAt: 0.5}, record.SCSISanitizeBlock, func(r *rig) {
			c, err := scsi.Sanitize{Action: scsi.SanitizeBlock}.Command()
			begin(r, c, err)
			r.clock.Move(10 * time.Hour)
			r.honest()
		}, Failed, true, false},
		{"failed, and fails again", simscsi.Faults{FailAt: 0.5}, record.SCSISanitizeBlock, func(r *rig) {
			c, err := scsi.Sanitize{Action: scsi.SanitizeBlock}.Command()
			begin(r, c, err)
			r.clock.Move(10 * time.Hour)
		}, Failed, false, true},
		{"failed, and fails again, but may be left", simscsi.Faults{FailAt: 0.5}, record.SCSISanitizeBlock, func(r *rig) {
			c, err := scsi.Sanitize{Action: scsi.SanitizeBlock, Unrestricted: true}.Command()
			begin(r, c, err)
			r.clock.Move(10 * time.Hour)
		}, Failed, true, true},
		{"a format that was cut off", simscsi.Faults{}, record.SCSISanitizeBlock, func(r *rig) {
			c, err := scsi.Format{}.Command()
			begin(r, c, err)
			r.clock.Move(time.Hour)
			r.drive.PowerCycle()
		}, Corrupt, true, false},
		{"a format that never began", simscsi.Faults{}, record.SCSIFormatUnit, func(r *rig) {
			c, err := scsi.BlockDescriptor{Blocks: scsi.AllBlocks, Length: 520}.Command(true)
			begin(r, c, err)
		}, Corrupt, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := config()
			k.Faults = c.f
			r := newRig(t, c.act, k, Options{Unrestricted: strings.Contains(c.name, "may be left")})
			c.leave(r)
			was, err := r.Recover(ctx, r.tell, r.how)
			if was != c.was || (err == nil) != c.ok {
				t.Errorf("%s, %v; want %s, ok %v", was, err, c.was, c.ok)
			}
			if (r.left() > 0) != c.left {
				t.Errorf("%d blocks hold old data", r.left())
			}
			for _, l := range r.lines {
				if l.step != "before" {
					t.Errorf("%s is told at the step %s: it is no evidence of the act", l.x.Name, l.step)
				}
			}
			if again, err := r.Condition(ctx, r.tell); c.ok && (again != Idle || err != nil) {
				t.Errorf("afterwards it is %s, %v", again, err)
			}
		})
	}
}

// honest takes a drive's faults away, as its state has them.
func (r *rig) honest() {
	r.t.Helper()
	_ = r.drive.Running() // brings it to the present
	s, err := r.drive.State()
	if err != nil {
		r.t.Fatal(err)
	}
	c := config()
	d, err := simscsi.New(c, r.medium, r.clock)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := d.Restore(without(s, `"failAt":0.5`)); err != nil {
		r.t.Fatal(err)
	}
	r.drive, r.conn = d, simscsi.Over(d)
}

func TestSupports(t *testing.T) {
	all := Facts{Asked: true, Format: scsi.SupportYes,
		Sanitize: map[byte]scsi.Support{scsi.SanitizeOverwrite: 3, scsi.SanitizeBlock: 3, scsi.SanitizeCrypto: 3}}
	for _, a := range []record.Act{record.SCSISanitizeCrypto, record.SCSISanitizeBlock, record.SCSISanitizeOverwrite, record.SCSIFormatUnit} {
		if err := Supports(all, a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for name, f := range map[string]Facts{
		"nobody asked": {},
		"a SATA drive": {ATA: true, Asked: true, Format: 3, Sanitize: all.Sanitize},
		"protected":    {Asked: true, Protected: true, Format: 3, Sanitize: all.Sanitize},
		"says no":      {Asked: true, Format: 1, Sanitize: map[byte]scsi.Support{1: 1, 2: 1, 3: 1}},
		"says nothing": {Asked: true, Sanitize: map[byte]scsi.Support{}},
		"its own way":  {Asked: true, Format: 5, Sanitize: map[byte]scsi.Support{1: 5, 2: 5, 3: 5}},
	} {
		for _, a := range []record.Act{record.SCSISanitizeCrypto, record.SCSISanitizeBlock, record.SCSISanitizeOverwrite, record.SCSIFormatUnit, "scsi-unmap"} {
			if err := Supports(f, a); err == nil {
				t.Errorf("%s: %s is supported", name, a)
			}
		}
	}
	all.Flash = true
	if Supports(all, record.SCSISanitizeOverwrite) == nil || Supports(all, record.SCSISanitizeBlock) != nil {
		t.Error("flash: want a block erase, and no overwrite")
	}
}

func TestNew(t *testing.T) {
	for name, f := range map[string]func() (*Eraser, error){
		"no act":           func() (*Eraser, error) { return New(nil, "erase", Options{}) },
		"32 passes":        func() (*Eraser, error) { return New(nil, record.SCSISanitizeOverwrite, Options{Passes: 32}) },
		"block, a pattern": func() (*Eraser, error) { return New(nil, record.SCSISanitizeBlock, Options{Pattern: []byte{0}}) },
		"block, a length":  func() (*Eraser, error) { return New(nil, record.SCSISanitizeBlock, Options{BlockLength: 512}) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestStopped: ctx ends a wait at once; the drive goes on.
func TestStopped(t *testing.T) {
	r := newRig(t, record.SCSISanitizeBlock, config(), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	if err := r.Observe(ctx, "ready", r.tell); err != nil {
		t.Fatal(err)
	}
	err := r.Erase(ctx, r.tell, func(c wipe.Course) {
		if c.Done > 1000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !r.drive.Running() {
		t.Errorf("%v, running %v", err, r.drive.Running())
	}
}

// without removes one member of a JSON object.
func without(b []byte, member string) []byte {
	return bytes.Replace(b, []byte(member), []byte(`"failAt":0`), 1)
}
