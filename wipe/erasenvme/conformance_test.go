package erasenvme

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simnvme"
	"lethe/inventory/nvme"
)

const (
	unit     = 4096
	capacity = 1024 * unit // the first half is namespace 1, then namespace 2, then none's
)

// bench is a drive full of old data, an eraser on it and what was told.
type bench struct {
	t     *testing.T
	d     *simnvme.Subsystem
	clock *simnvme.Manual
	old   simnvme.Memory
	med   simnvme.Memory
	told  []record.Exchange
	veto  error
	stuck bool
}

func config() simnvme.Config {
	return simnvme.Config{Model: "SIMULATED NVME", Serial: "SN-1", Firmware: "F1", NQN: "nqn.2026-01.test:1",
		Controllers: []uint16{1, 2}, Sanicap: 7, OACS: 1<<1 | 1<<3, FNA: 4, DLFEAT: 1, Capacity: capacity, Estimates: true,
		Takes: simnvme.Durations{Block: 100 * time.Second, Crypto: 4 * time.Second, Overwrite: 1000 * time.Second}}
}

func newBench(t *testing.T, c simnvme.Config, f simnvme.Faults) *bench {
	b := &bench{t: t, clock: simnvme.NewManual(), old: make(simnvme.Memory, capacity), med: make(simnvme.Memory, capacity)}
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b.old)
	copy(b.med, b.old)
	both := []uint16{1, 2}
	b.d = simnvme.New(c, []simnvme.Namespace{
		{ID: 1, Size: capacity / 2, NGUID: [16]byte{1}, Attached: both},
		{ID: 2, Offset: capacity / 2, Size: capacity / 4, NGUID: [16]byte{2}, Attached: both},
	}, b.med, b.clock)
	b.d.SetFaults(f)
	b.stuck = f.StuckAt != 0
	return b
}

func (b *bench) tell(x record.Exchange) error {
	if b.veto == nil {
		b.told = append(b.told, x)
	}
	return b.veto
}

func (b *bench) eraser(k Kind) *Eraser {
	e := New(k, b.d.AdminConn(1), b.tell)
	e.Now = b.clock.Now
	slept := 0
	e.Sleep = func(ctx context.Context, d time.Duration) error {
		if slept++; slept > 5000 {
			return errors.New("no end")
		}
		b.clock.Add(d)
		return ctx.Err()
	}
	return e
}

// write puts the old data of the first block of namespace 1 there again, as a canary
// would be: it makes Global Data Erased 0.
func (b *bench) write() {
	b.t.Helper()
	c := &nvme.Command{Name: "WRITE", Opcode: 1, NSID: 1, CDW12: 7, Dir: nvme.ToDevice, Data: bytes.Clone(b.old[:unit])}
	if r, err := b.d.IOConn(1).Do(context.Background(), c); err != nil || !r.Status.OK() {
		b.t.Logf("write: %v %v", r.Status, err)
	}
}

// kept counts the units of the medium that hold their old data; read counts those that
// a host can still read, through either namespace.
func (b *bench) kept() (kept, read int) {
	for off := int64(0); off < capacity; off += unit {
		p := make([]byte, unit)
		if err := b.d.Peek(p, off); err != nil {
			b.t.Fatal(err)
		}
		if bytes.Equal(p, b.old[off:off+unit]) {
			kept++
		}
		nsid, at := uint32(1), off
		if off >= capacity/2 {
			nsid, at = 2, off-capacity/2
		}
		if off >= capacity*3/4 {
			continue
		}
		c := &nvme.Command{Name: "READ", Opcode: 2, NSID: nsid, CDW10: uint32(at / 512), CDW12: 7, Dir: nvme.FromDevice, Data: p}
		clear(p)
		if r, err := b.d.IOConn(1).Do(context.Background(), c); err == nil && r.Status.OK() && bytes.Equal(p, b.old[off:off+unit]) {
			read++
		}
	}
	return kept, read
}

func word(err error) string {
	var s *nvme.StatusError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &s):
		return s.Status.String()
	}
	for e, w := range map[error]string{ErrFailed: "failed", ErrOther: "other", ErrNoProgress: "still", ErrRunning: "running",
		ErrVetoed: "vetoed", simnvme.ErrGone: "gone", simnvme.ErrPower: "power", simnvme.ErrReset: "reset",
		context.DeadlineExceeded: "late"} {
		if errors.Is(err, e) {
			return w
		}
	}
	return "unreadable"
}

func state(s Seen) string {
	if s.Log == nil {
		return "-"
	}
	return fmt.Sprintf("%d/%v", s.Log.State, s.Log.Erased)
}

// run erases and says what was observed, as one line.
func (b *bench) run(k Kind, o Options) string {
	ctx := context.Background()
	e := b.eraser(k)
	b.write()
	before, err := e.Before(ctx)
	if err != nil {
		return "before " + word(err)
	}
	short, stop := ctx, context.CancelFunc(func() {})
	if k.format() && b.stuck { // a command that never ends
		short, stop = context.WithTimeout(ctx, 50*time.Millisecond)
	}
	started := e.Start(short, o)
	stop()
	waited := "-"
	if started == nil {
		every := time.Second
		if k != SanitizeCrypto {
			every = 20 * time.Second
		}
		waited = word(e.Wait(ctx, every, nil))
	}
	after, err := e.After(ctx)
	line := fmt.Sprintf("%s start %s wait %s", state(before), word(started), waited)
	if err != nil {
		return line + " after " + word(err)
	}
	if after.Controller.Serial != before.Controller.Serial {
		line += " another"
	}
	kept, read := b.kept()
	return fmt.Sprintf("%s %s kept %d read %d", line, state(after), kept, read)
}

// TestConformance holds every way to erase to what must be observed of every fault. A
// drive that lies shows somewhere: in what is read, in the log, or nowhere but on the
// medium itself, which is why canaries are looked for and GDE is not believed alone.
//
// mutant: poll.go: case l.Dword10 != e.dword10: => case false:
// mutant: poll.go: case l.State == nvme.SanitizeFailed: => case false:
// mutant: poll.go: return fmt.Errorf("%w: %s at %d of 65536", ErrNoProgress => _ = fmt.Errorf("%w: %s at %d of 65536", ErrNoProgress
func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name             string
		faults           simnvme.Faults
		sanitize, format string
	}{
		{"honest", simnvme.Faults{}, "0/false start ok wait ok 1/true kept 0 read 0", "0/false start ok wait ok 0/false kept 256 read 0"},
		{"unsupported", simnvme.Faults{Unsupported: true},
			"0/false start 0/01h (invalid opcode) wait - 0/false kept 1024 read 768", "0/false start 0/01h (invalid opcode) wait - 0/false kept 1024 read 768"},
		{"rejects", simnvme.Faults{Reject: 0x4015},
			"0/false start 0/15h (operation denied) wait - 0/false kept 1024 read 768", "0/false start 0/15h (operation denied) wait - 0/false kept 1024 read 768"},
		{"access denied", simnvme.Faults{AccessDenied: true},
			"0/false start 2/86h (access denied) wait - 0/false kept 1024 read 0", "0/false start 2/86h (access denied) wait - 0/false kept 1024 read 0"},
		{"fails midway", simnvme.Faults{FailAt: 50},
			"0/false start ok wait failed 3/false kept 512 read 0", "0/false start 0/06h (internal error) wait - 0/false kept 768 read 512"},
		{"stuck for ever at 655", simnvme.Faults{StuckAt: 655}, "0/false start ok wait still 2/false kept 1014 read 0",
			"0/false start late wait - 0/false kept 1024 read 768"},
		{"power cut midway", simnvme.Faults{PowerCutAt: 50}, "0/false start ok wait power after power", "0/false start power wait - after power"},
		{"reset midway", simnvme.Faults{ResetAt: 50}, "0/false start ok wait ok 1/true kept 0 read 0", "0/false start reset wait - 0/false kept 512 read 256"},
		{"vanishes", simnvme.Faults{VanishAt: 50}, "0/false start ok wait gone after gone", "0/false start gone wait - after gone"},
		{"nothing erased", simnvme.Faults{NothingErased: true},
			"0/false start ok wait ok 1/true kept 1024 read 768", "0/false start ok wait ok 0/false kept 1024 read 768"},
		{"10 % survives", simnvme.Faults{Survives: 100}, "0/false start ok wait ok 1/true kept 102 read 77", "0/false start ok wait ok 0/false kept 333 read 77"},
		{"10 % in one piece", simnvme.Faults{Survives: 100, Contiguous: true},
			"0/false start ok wait ok 1/true kept 102 read 102", "0/false start ok wait ok 0/false kept 358 read 102"},
		{"1 % survives", simnvme.Faults{Survives: 10}, "0/false start ok wait ok 1/true kept 10 read 8", "0/false start ok wait ok 0/false kept 264 read 8"},
		{"0.1 % survives", simnvme.Faults{Survives: 1}, "0/false start ok wait ok 1/true kept 1 read 1", "0/false start ok wait ok 0/false kept 257 read 1"},
		{"stale success", simnvme.Faults{Stale: true, StaleDword: 0x77}, "0/false start ok wait other 1/false kept 1024 read 768",
			"0/false start ok wait ok 0/false kept 1024 read 768"},
		{"stale success of the very command", simnvme.Faults{Stale: true},
			"0/false start ok wait ok 1/false kept 1024 read 768", "0/false start ok wait ok 0/false kept 1024 read 768"},
		{"stale, and GDE stuck at 1", simnvme.Faults{Stale: true, ErasedStuck: true},
			"0/true start ok wait ok 1/true kept 1024 read 768", "0/true start ok wait ok 0/true kept 1024 read 768"},
		{"changes identity", simnvme.Faults{ChangesIdentity: true},
			"0/false start ok wait ok another 1/true kept 0 read 0", "0/false start ok wait ok another 0/false kept 256 read 0"},
		{"garbage for a log page", simnvme.Faults{Garbage: true}, "", ""},
		{"deallocates only", simnvme.Faults{DeallocateOnly: true}, "0/false start ok wait ok 1/true kept 1024 read 0", "0/false start ok wait ok 0/false kept 1024 read 0"},
	} {
		for _, k := range []Kind{SanitizeCrypto, SanitizeBlock, SanitizeOverwrite, FormatCrypto, FormatUser} {
			t.Run(c.name+"/"+k.String(), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, config(), c.faults)
				want := c.sanitize
				if k.format() {
					want = c.format
				}
				got := b.run(k, Options{})
				if c.faults.Garbage { // noise is no word: it never says done
					if strings.Contains(got, "wait ok") && !k.format() {
						t.Errorf("observed %s", got)
					}
					return
				}
				if got != want {
					t.Errorf("observed\n     %s\nwant %s", got, want)
				}
			})
		}
	}
}
