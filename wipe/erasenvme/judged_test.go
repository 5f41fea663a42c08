package erasenvme

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simnvme"
	"lethe/inventory/nvme"
	"lethe/wipe"
	"lethe/wipe/judge"
	"lethe/wipe/verify/canary"
	"lethe/wipe/wipetest"
)

// namespace is namespace 1 of a simulated drive as the worker holds it.
type namespace struct {
	d     *simnvme.Subsystem
	clock *simnvme.Manual
	size  int64
}

func (n *namespace) move(op byte, p []byte, off int64) (int, error) {
	c := &nvme.Command{Opcode: op, NSID: 1, CDW10: uint32(off / 512), CDW12: uint32(len(p)/512 - 1), Data: p}
	r, err := n.d.IOConn(1).Do(context.Background(), c)
	if err == nil {
		err = r.Err(c)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (n *namespace) ReadAt(p []byte, off int64) (int, error)  { return n.move(2, p, off) }
func (n *namespace) WriteAt(p []byte, off int64) (int, error) { return n.move(1, p, off) }
func (n *namespace) Size() int64                              { return n.size }
func (n *namespace) LogicalSector() int                       { return 512 }
func (n *namespace) Close() error                             { return nil }
func (n *namespace) Flush(context.Context) error              { return nil }

func (n *namespace) State(ctx context.Context) (record.Opened, error) {
	c, err := nvme.ReadController(ctx, n.d.AdminConn(1))
	return record.Opened{Exclusive: true, Direct: true, Identity: record.Identity{Model: c.Model, Serial: c.Serial},
		Size: record.Size(n.size), LogicalSector: 512}, err
}

// Eraser implements wipe.Commander.
func (n *namespace) Eraser(act record.Act) (wipe.Eraser, error) {
	e, err := forAct(act, n.d.AdminConn(1), Options{})
	if err != nil {
		return nil, err
	}
	e.e.Now = n.clock.Now
	slept := 0
	e.e.Sleep = func(ctx context.Context, d time.Duration) error {
		if slept++; slept > 20000 {
			return errors.New("no end")
		}
		n.clock.Add(d)
		return ctx.Err()
	}
	return e, nil
}

// paper is a wipe.Port that writes a transcript.
type paper struct {
	t    record.Transcript
	mono int64
}

func (p *paper) Event(e record.Event) error {
	p.mono += int64(time.Millisecond)
	_, err := p.t.Append(p.mono, record.Time{Time: time.Unix(1_800_000_000, p.mono).UTC()}, e)
	return err
}

func (p *paper) Progress(wipe.Progress) {}

// judged erases by acts and has the transcript judged.
func judged(t *testing.T, f simnvme.Faults, acts ...record.Act) record.Verdict {
	t.Helper()
	// The 6,905 canaries lie on five sectors of six: eight that survive are missed once
	// in two million runs.
	const size = 8192 * 512
	c := config()
	c.Capacity, c.Controllers = size, []uint16{1}
	clock, m := simnvme.NewManual(), make(simnvme.Memory, size)
	wipetest.Fill(m, 1)
	d := simnvme.New(c, []simnvme.Namespace{{ID: 1, Size: size, Attached: []uint16{1}}}, m, clock)
	d.SetFaults(f)
	dev := wipetest.Device(1, size, 512)
	dev.Identity = record.Identity{Model: c.Model, Serial: c.Serial}
	dev.Medium, dev.Transport = record.MediumFlash, "nvme"
	profile := wipetest.Profile(t, "nist-800-88r1")
	last := acts[len(acts)-1]
	dev.Capabilities = nil
	for _, a := range acts {
		dev.Capabilities = append(dev.Capabilities, record.Capability{Technique: a.Technique(), Act: a, Command: string(a), Source: "test"})
	}
	method, why, ok := profile.Earns(dev.Medium, last.Technique())
	if !ok {
		t.Fatalf("%s earns nothing", last)
	}
	p := &paper{}
	task := record.Task{Format: record.TranscriptFormat, ID: wipe.NewID(time.Unix(1_800_000_000, 0)), Device: dev, Profile: profile.Ref(),
		Asked: record.MethodPurge, Ladder: []record.Rung{{Technique: last.Technique(), Method: method, Reason: why, Chosen: true}},
		Passes: []record.Pass{}, Check: record.CheckCanaries, Canaries: canary.Default, Acts: acts, Confirmed: dev.Identity.Serial,
		Audit: record.Audit{Kind: record.AuditVolatile}, Plan: record.Digest(nil)}
	if err := p.Event(record.Event{Task: &task}); err != nil {
		t.Fatal(err)
	}
	open := func(context.Context, wipe.Spec) (wipe.Drive, error) { return &namespace{d, clock, size}, nil }
	if err := wipe.Work(t.Context(), wipe.Spec{Task: task, Node: "/dev/sim"}, open, p); err != nil {
		t.Fatal(err)
	}
	return judge.Judge(&p.t, profile, judge.Quirks{})
}

// TestJudged: an honest drive is purged, and no drive at fault ends certified but the
// one that no host can find out: it deallocates, reads as zeros and keeps all on its
// flash. What a drive says and what can be read are then the same as an honest one's.
//
// mutant: eraser.go: e.begun, e.sent, e.dword10 = true, &san, c.CDW10 => e.begun, e.sent, e.dword10 = true, &san, 0
func TestJudged(t *testing.T) {
	both := []record.Act{record.NVMeSanitizeCrypto, record.NVMeSanitizeBlock}
	for _, acts := range [][]record.Act{both, {record.NVMeSanitizeBlock}, {record.NVMeFormatUser}} {
		format := acts[0] == record.NVMeFormatUser
		for _, c := range []struct {
			name    string
			f       simnvme.Faults
			reached bool
		}{
			{"honest", simnvme.Faults{}, true},
			{"deallocates only", simnvme.Faults{DeallocateOnly: true}, true},
			{"unsupported", simnvme.Faults{Unsupported: true}, false},
			{"rejects", simnvme.Faults{Reject: 0x4015}, false},
			{"access denied", simnvme.Faults{AccessDenied: true}, false},
			{"fails midway", simnvme.Faults{FailAt: 50}, false},
			{"power cut midway", simnvme.Faults{PowerCutAt: 50}, false},
			{"vanishes", simnvme.Faults{VanishAt: 50}, false},
			{"nothing erased", simnvme.Faults{NothingErased: true}, false},
			{"10 % survives", simnvme.Faults{Survives: 100}, false},
			{"10 % in one piece", simnvme.Faults{Survives: 100, Contiguous: true}, false},
			{"1 % survives", simnvme.Faults{Survives: 10}, false},
			{"0.1 % survives", simnvme.Faults{Survives: 1}, false},
			{"stale success", simnvme.Faults{Stale: true, StaleDword: 0x77}, false},
			{"stale success of the very command", simnvme.Faults{Stale: true}, false},
			{"stale, and GDE stuck at 1", simnvme.Faults{Stale: true, ErasedStuck: true}, false},
			{"GDE stuck at 1", simnvme.Faults{ErasedStuck: true}, format}, // a format has no log
			{"changes identity", simnvme.Faults{ChangesIdentity: true}, false},
			{"garbage for a log page", simnvme.Faults{Garbage: true}, format},
		} {
			t.Run(fmt.Sprintf("%s/%s", c.name, acts[len(acts)-1]), func(t *testing.T) {
				t.Parallel()
				v := judged(t, c.f, acts...)
				if v.Reached != c.reached || c.reached && v.State != record.Purged {
					t.Errorf("%s, reached %v: %q", v.State, v.Reached, v.Reasons)
				}
			})
		}
	}
}
