package eraseata

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/inventorytest/simata"
	"lethe/inventory/scsi"
	"lethe/wipe"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
	"lethe/wipe/verify/canary"
)

// worked is a rig's drive as a worker holds it.
type worked struct{ *rig }

func (w worked) Eraser(act record.Act) (wipe.Eraser, error) {
	return New(ata.Over(w.drive.Conn()), act, Options{Clock: w.clock})
}

// move is READ(16) or WRITE(16) of sectors that lie together.
func (w worked) move(op byte, dir scsi.Direction, p []byte, off int64) (int, error) {
	cdb := make([]byte, 16)
	cdb[0] = op
	binary.BigEndian.PutUint64(cdb[2:], uint64(off/512))
	binary.BigEndian.PutUint32(cdb[10:], uint32(len(p)/512))
	c := &scsi.Command{Name: "move", CDB: cdb, Dir: dir, Data: p}
	for {
		r, err := w.drive.Conn().Do(context.Background(), c)
		if err != nil {
			return 0, unix.ENODEV
		}
		if s, err := scsi.ParseSense(r.Sense); err == nil && s.Key == scsi.KeyUnitAttention {
			continue // the kernel's own retry
		}
		if r.Err(c) != nil {
			return 0, unix.EIO
		}
		return len(p), nil
	}
}

func (w worked) ReadAt(p []byte, off int64) (int, error) {
	return w.move(0x88, scsi.FromDevice, p, off)
}
func (w worked) WriteAt(p []byte, off int64) (int, error) {
	return w.move(0x8a, scsi.ToDevice, p, off)
}
func (w worked) Flush(context.Context) error {
	_, err := w.move(0x91, scsi.NoData, nil, 0)
	return err
}
func (w worked) Size() int64        { return media * 512 }
func (w worked) LogicalSector() int { return 512 }
func (w worked) Close() error       { return nil }

func (w worked) State(ctx context.Context) (record.Opened, error) {
	id, err := ata.ReadIdentify(ctx, ata.Over(w.drive.Conn()))
	if err != nil {
		return record.Opened{}, err
	}
	return record.Opened{Exclusive: true, Direct: true, Identity: record.Identity{Model: id.Model(), Serial: id.Serial()},
		Size: record.Size(id.Sectors() * 512), LogicalSector: 512}, nil
}

// scribe is a supervisor that writes everything down.
type scribe struct {
	t  *testing.T
	tr *record.Transcript
	at int64
}

func (s *scribe) Event(e record.Event) error {
	s.at++
	_, err := s.tr.Append(s.at, record.Time{}, e)
	return err
}
func (s *scribe) Progress(wipe.Progress) {}

// judged carries an act out as a worker does, canaries and all, and has it judged.
func judged(t *testing.T, act record.Act, f simata.Faults) (record.Verdict, *rig) {
	t.Helper()
	p, err := profile.ByID("nist-800-88r1")
	if err != nil {
		t.Fatal(err)
	}
	medium := record.MediumFlash
	if act == record.ATASanitizeOverwrite || act == record.ATASecurityEnhanced {
		medium = record.MediumMagnetic
	}
	technique := act.Technique()
	method, source, _ := p.Earns(medium, technique)
	r := newRig(t, act, config(), f, Options{})
	identity := record.Identity{Model: "SIMULATED SSD", Serial: "SIM-ATA-1"}
	task := record.Task{Format: record.TranscriptFormat, ID: "LTH-20260101-TEST", Profile: p.Ref(),
		Device: record.Device{Identity: identity, Size: media * 512, NativeSize: media * 512, LogicalSector: 512, PhysicalSector: 512,
			Medium: medium, Transport: "sata", Path: "sim", Node: "sim", Hidden: []record.HiddenArea{{Kind: "HPA", State: "none"}}},
		Asked: record.MethodClear, Acts: []record.Act{act}, Passes: []record.Pass{}, Check: record.CheckCanaries, Canaries: canary.Default,
		Crypto: &record.CryptoDeclaration{By: "A. Person", AlwaysOn: "yes", Escrow: "no"}, Confirmed: identity.Serial,
		Ladder: []record.Rung{{Technique: technique, Method: method, Chosen: true, Reason: source + "chosen"}},
		Audit:  record.Audit{Kind: record.AuditVolatile}, Plan: record.Digest(nil), Boot: "b1"}
	s := &scribe{t: t, tr: &record.Transcript{}}
	if err := s.Event(record.Event{Task: &task}); err != nil {
		t.Fatal(err)
	}
	open := func(context.Context, wipe.Spec) (wipe.Drive, error) { return worked{r}, nil }
	if err := wipe.Work(context.Background(), wipe.Spec{Task: task}, open, s); err != nil {
		t.Fatal(err)
	}
	for _, l := range s.tr.Lines {
		if x := l.Event.Exchanged; x != nil {
			r.lines = append(r.lines, line{x.Step, x.Exchange})
		}
	}
	return judge.Judge(s.tr, p, judge.Quirks{}), r
}

// TestJudged: honest drives earn what the profile grants, and no drive that kept anything
// a host can address is ever certified.
//
// mutant: observe.go: _, err = status(ctx, w) => _, err = ata.SanitizeState{}, error(nil)
func TestJudged(t *testing.T) {
	for name, c := range map[string]struct {
		f    simata.Faults
		good func(record.Act) bool // what must be certified
	}{
		"honest":               {simata.Faults{}, func(record.Act) bool { return true }},
		"registers lost twice": {simata.Faults{LoseRegisters: 2}, func(record.Act) bool { return true }},
		"all-zero registers":   {simata.Faults{ZeroRegisters: true}, nil},
		"garbage registers":    {simata.Faults{GarbageRegisters: true}, nil},
		"unsupported":          {simata.Faults{Unsupported: true}, nil},
		"rejects":              {simata.Faults{Rejects: true}, nil},
		"frozen":               {simata.Faults{FrozenSanitize: true, FrozenSecurity: true}, nil},
		"fails midway":         {simata.Faults{FailsAt: 50}, nil},
		"stuck":                {simata.Faults{StuckAt: 50}, nil},
		"power cut midway":     {simata.Faults{PowerCutAt: 50}, sanitizing},
		"resets midway":        {simata.Faults{ResetsAt: 50}, sanitizing},
		"vanishes midway":      {simata.Faults{VanishesAt: 50}, nil},
		"nothing erased":       {simata.Faults{ErasesNothing: true}, nil},
		"stale success":        {simata.Faults{StaleSuccess: true}, nil},
		"10 % survives":        {simata.Faults{SurvivePPM: 100_000, Contiguous: true, SurviveSeed: 9}, nil},
		"1 % survives, spread": {simata.Faults{SurvivePPM: 10_000}, nil},
		"0.1 % survives":       {simata.Faults{SurvivePPM: 1_000, Contiguous: true}, nil},
		"changes identity":     {simata.Faults{ChangesIdentity: true}, nil},
		"lies in two ways":     {simata.Faults{ErasesNothing: true, StaleSuccess: true}, nil},
	} {
		for _, act := range acts {
			t.Run(fmt.Sprintf("%s/%s", name, act), func(t *testing.T) {
				t.Parallel()
				v, r := judged(t, act, c.f)
				certified := v.State == record.Cleared || v.State == record.Purged
				if c.good != nil && c.good(act) && !certified {
					t.Errorf("%s %q", v.State, v.Reasons)
				}
				if n := r.left(); certified && n > 0 && !(act == record.ATASecurityNormal && n == spare) {
					t.Errorf("%s with %d sectors left", v.State, n)
				}
				if certified && c.good == nil && !(c.f.ZeroRegisters || c.f.GarbageRegisters) {
					t.Errorf("%s: %q", v.State, v.Reasons)
				}
			})
		}
	}
}
