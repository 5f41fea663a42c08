package eraseata

import (
	"errors"
	"fmt"
	"testing"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest/simata"
)

func sanitizing(a record.Act) bool { return a.Family() == "ata-sanitize" }

// Errors that are told by their type.
var (
	errAborted   = errors.New("aborted by the drive")
	errTransport = errors.New("got no answer")
)

func is(err, want error) bool {
	var a *ata.AbortError
	var te *devio.TransportError
	switch want {
	case errAborted:
		return errors.As(err, &a)
	case errTransport:
		return errors.As(err, &te)
	}
	return errors.Is(err, want)
}

// want is what must be observed.
type want struct {
	err    error
	starts int  // how often the irreversible command reached the drive
	work   bool // a sanitize was seen at work
	most   int  // sectors with old data afterwards
	least  int
	set    bool // a password may be set afterwards
}

// TestConformance runs every act into every fault. It asserts what is observed, and on
// the side what is true; no verdict is drawn here.
//
// mutant: poll.go: case said && why == ata.SanitizeFailed: => case said && why == ata.SanitizeFailed && false:
// mutant: observe.go: if step == record.StepReady && e.start != nil && err != nil { => if false {
// mutant: security.go: if err := unit(ctx, w, enhanced); err != nil { => if err := unit(ctx, w, enhanced); err != nil { return err
func TestConformance(t *testing.T) {
	const all = media + spare
	done := func(a record.Act) want { // a normal erase leaves what no host can address
		if a == record.ATASecurityNormal {
			return want{starts: 1, most: spare, least: spare}
		}
		return want{starts: 1, work: sanitizing(a)}
	}
	partly := func(keep int) func(a record.Act) want {
		return func(a record.Act) want {
			w := done(a)
			w.most += keep + keep/2 + 2
			w.least += keep - keep/2
			return w
		}
	}
	midway := func(sanitize, security error) func(a record.Act) want {
		return func(a record.Act) want {
			if sanitizing(a) {
				return want{err: sanitize, starts: 1, work: true, most: all/2 + 2, least: all/2 - 2}
			}
			return want{err: security, starts: 1, most: all/2 + spare, least: all/2 - spare}
		}
	}
	for _, c := range []struct {
		name string
		f    simata.Faults
		want func(a record.Act) want
	}{
		{"honest", simata.Faults{}, done},
		{"unsupported", simata.Faults{Unsupported: true}, func(a record.Act) want {
			w := want{err: ErrUnsupported, most: all, least: all}
			if sanitizing(a) {
				w.starts = 1 // Supports says so before; the drive says it, too
			}
			return w
		}},
		{"rejects", simata.Faults{Rejects: true}, func(a record.Act) want {
			w := want{err: errAborted, most: all, least: all}
			if sanitizing(a) {
				w.starts = 1
			}
			return w
		}},
		{"frozen", simata.Faults{FrozenSanitize: true, FrozenSecurity: true}, func(a record.Act) want {
			w := want{err: ErrFrozen, most: all, least: all}
			if sanitizing(a) {
				w.starts = 1
			}
			return w
		}},
		{"locked by somebody", simata.Faults{Locked: true}, func(a record.Act) want {
			if sanitizing(a) {
				return want{err: errAborted, starts: 1, most: all, least: all, set: true}
			}
			return want{err: ErrLocked, most: all, least: all, set: true}
		}},
		{"fails midway", simata.Faults{FailsAt: 50}, midway(ErrFailed, errAborted)},
		// SECURITY ERASE UNIT ends when the kernel's own limit does, after 49 days.
		{"stuck", simata.Faults{StuckAt: 50}, midway(ErrStuck, errTransport)},
		{"power cut midway", simata.Faults{PowerCutAt: 50}, func(a record.Act) want {
			if sanitizing(a) {
				return done(a)
			}
			return midway(nil, errTransport)(a)
		}},
		{"resets midway", simata.Faults{ResetsAt: 50}, func(a record.Act) want {
			if sanitizing(a) {
				return done(a)
			}
			return midway(nil, errTransport)(a)
		}},
		{"vanishes midway", simata.Faults{VanishesAt: 50}, func(a record.Act) want {
			w := midway(ErrSilent, errTransport)(a)
			w.set = !sanitizing(a)
			return w
		}},
		{"nothing erased", simata.Faults{ErasesNothing: true}, func(a record.Act) want {
			return want{starts: 1, work: sanitizing(a), most: all, least: all}
		}},
		{"stale success", simata.Faults{StaleSuccess: true}, func(a record.Act) want {
			return want{starts: 1, most: all, least: all} // never seen at work
		}},
		{"10 % survives", simata.Faults{SurvivePPM: 100_000, Contiguous: true, SurviveSeed: 9}, partly(410)},
		{"1 % survives, spread", simata.Faults{SurvivePPM: 10_000}, partly(41)},
		{"0.1 % survives", simata.Faults{SurvivePPM: 1_000, Contiguous: true}, partly(5)},
		{"changes identity", simata.Faults{ChangesIdentity: true}, done},
		{"garbage registers", simata.Faults{GarbageRegisters: true}, func(a record.Act) want {
			if sanitizing(a) {
				return want{err: errGarbage, most: all, least: all}
			}
			return done(a)
		}},
		{"all-zero registers", simata.Faults{ZeroRegisters: true}, func(a record.Act) want {
			if sanitizing(a) {
				return want{err: ata.ErrNoRegisters, most: all, least: all}
			}
			return done(a)
		}},
		{"registers lost twice", simata.Faults{LoseRegisters: 2}, done},
		{"write cache lies", simata.Faults{CacheLies: true}, done},
	} {
		for _, a := range acts {
			for format, as := range map[simata.SenseFormat]string{simata.FixedOld: "old", simata.FixedNew: "new", simata.Descriptor: "descriptor"} {
				t.Run(fmt.Sprintf("%s/%s/%s", c.name, a, as), func(t *testing.T) {
					t.Parallel()
					k := config()
					k.Sense = format
					r := newRig(t, a, k, c.f, Options{})
					r.hold(r.run(), c.want(a))
				})
			}
		}
	}
}

// errGarbage is any way to say that registers tell nothing.
var errGarbage = errors.New("registers that tell nothing")

func (r *rig) hold(err error, w want) {
	t := r.t
	t.Helper()
	switch {
	case w.err == errGarbage:
		if !errors.Is(err, ata.ErrNoRegisters) && !errors.Is(err, ata.ErrContradiction) {
			t.Errorf("error %v", err)
		}
	case w.err == nil && err != nil, w.err != nil && !is(err, w.err):
		t.Errorf("error %v; want %v", err, w.err)
	}
	if n := r.starts(); n != w.starts {
		t.Errorf("the command reached the drive %d times; want %d", n, w.starts)
	}
	if r.atWork() != w.work {
		t.Errorf("seen at work %v; want %v", r.atWork(), w.work)
	}
	if n := r.left(); n > w.most || n < w.least {
		t.Errorf("%d sectors hold old data; want %d to %d", n, w.least, w.most)
	}
	if p := r.drive.State().Password; (p != nil) != w.set {
		t.Errorf("a password is set: %q", p)
	}
	if n := len(r.lines); n > 100 {
		t.Errorf("%d lines on the transcript", n)
	}
	if err != nil {
		return
	}
	if sanitizing(r.act) {
		after := r.told(record.StepAfter, 0xb4, 0)
		if s := after[len(after)-1]; s[21] != 0x50 || s[12] != 0x80 {
			t.Errorf("afterwards SANITIZE STATUS EXT says % x", s)
		}
		return
	}
	id := r.told(record.StepAfter, 0xec, 0)
	if len(id) != 1 || len(id[0]) != 512 || id[0][256]&6 != 0 {
		t.Errorf("afterwards word 128 is not told to be without password")
	}
}
