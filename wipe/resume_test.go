package wipe_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

const cachedSector = 4096

// cached is a drive with a volatile write cache in a machine whose power may fail. What
// was not flushed by then, any part of it, is lost.
type cached struct {
	writing sync.Mutex

	mu     sync.Mutex
	medium []byte
	cache  map[int64][]byte // by sector
	liar   bool             // acknowledges flushes and does nothing
	ops    int              // until the power fails; never at 0
	off    bool
	cut    func() // called when it does
	wrote  int64
	lanes  []int64
}

func (d *cached) Lanes() []int64 { return d.lanes }

func (d *cached) op() error {
	if d.off {
		return syscall.ENXIO
	}
	if d.ops--; d.ops == 0 {
		d.off = true
		d.cut()
		return syscall.ENXIO
	}
	return nil
}

// fail drops what the cache holds, but for what the drive happened to have written.
func (d *cached) fail(rng *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	keep := rng.IntN(3) // none, half, all
	for _, at := range slices.Sorted(maps.Keys(d.cache)) {
		if keep == 2 || keep == 1 && rng.IntN(2) == 0 {
			copy(d.medium[at:], d.cache[at])
		}
	}
	d.cache = map[int64][]byte{}
}

func (d *cached) WriteAt(p []byte, off int64) (int, error) {
	d.writing.Lock() // flushes and reads get their turn
	defer d.writing.Unlock()
	time.Sleep(time.Millisecond)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return 0, err
	}
	for i := int64(0); i < int64(len(p)); i += cachedSector {
		d.cache[off+i] = slices.Clone(p[i : i+cachedSector])
	}
	d.wrote += int64(len(p))
	return len(p), nil
}

func (d *cached) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return 0, err
	}
	copy(p, d.medium[off:])
	for i := int64(0); i < int64(len(p)); i += cachedSector {
		if s := d.cache[off+i]; s != nil {
			copy(p[i:], s)
		}
	}
	return len(p), nil
}

func (d *cached) Flush(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.op(); err != nil {
		return err
	}
	if d.liar {
		return nil
	}
	for at, s := range d.cache {
		copy(d.medium[at:], s)
	}
	d.cache = map[int64][]byte{}
	return nil
}

func (d *cached) State(context.Context) (record.Opened, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return record.Opened{}, syscall.ENXIO
	}
	dev := cachedDevice(len(d.medium))
	return record.Opened{Exclusive: true, Direct: true, Identity: dev.Identity, Size: dev.Size, LogicalSector: cachedSector}, nil
}

func (d *cached) Size() int64        { return int64(len(d.medium)) }
func (d *cached) LogicalSector() int { return cachedSector }
func (d *cached) Close() error       { return nil }

func cachedDevice(size int) record.Device {
	return wipetest.Device(7, record.Size(size), cachedSector)
}

// supervisors is what outlives the machine: the lines and the keys that were kept.
type supervisors struct {
	mu    sync.Mutex
	lines []record.Line
	keys  []wipe.Key
	dead  bool // what is kept from now on is not
}

func (s *supervisors) Append(_ context.Context, _ string, l record.Line) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead {
		s.lines = append(s.lines, l)
	}
	return nil
}

func (s *supervisors) Keep(_ context.Context, _ string, k wipe.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead {
		s.keys = append(s.keys, k)
	}
	return nil
}

func (s *supervisors) die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
}

// unfinished is what a successor finds; nothing where the task cannot go on.
func (s *supervisors) unfinished(t *testing.T) []wipe.Unfinished {
	t.Helper()
	tr := &record.Transcript{}
	for _, l := range s.lines {
		if _, err := tr.Append(l.Mono, l.Wall, l.Event); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := wipe.ResumeFrom(tr, s.keys); err != nil {
		return nil
	}
	return []wipe.Unfinished{{Transcript: tr, Keys: s.keys, Detail: "found after a restart"}}
}

// outage erases a cached drive whose power fails, as often as cuts has entries, and then
// to the end.
type outage struct {
	t      *testing.T
	drive  *cached
	policy wipe.Policy
	boots  int
}

func (o *outage) run(ops int, rng *rand.Rand, us []wipe.Unfinished) (*supervisors, wipetest.Finished) {
	o.t.Helper()
	s := &supervisors{}
	for _, u := range us {
		s.lines, s.keys = slices.Clone(u.Transcript.Lines), slices.Clone(u.Keys)
	}
	o.drive.ops, o.drive.off, o.drive.cut = ops, false, s.die
	o.boots++
	dev := cachedDevice(len(o.drive.medium))
	plan, err := wipe.NewPlan(wipe.Request{Candidates: []wipe.Candidate{{Device: dev, Node: "/dev/cached"}}, Policy: o.policy,
		Grant: wipe.GrantConfirmed(dev.Identity.Name()), Boot: fmt.Sprint("boot", o.boots), Now: time.Now(), Unfinished: us})
	if err != nil {
		o.t.Fatal(err)
	}
	e := &wipe.Engine{Spawn: wipetest.InProcess{Open: func(context.Context, wipe.Spec) (wipe.Drive, error) { return o.drive, nil }},
		Journal: s, Keys: s, Clock: wipetest.NewClock(), Grace: time.Second}
	f := wipetest.Erase(o.t, context.Background(), e, plan)[0]
	if ops > 0 {
		s.die()
		o.drive.fail(rng)
	}
	return s, f
}

func outageRand(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("LETHE_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("LETHE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 7))
}

// outages are drives whose power fails up to three times, at any operation.
func outages(t *testing.T, n int, liar bool, check func(o *outage, f wipetest.Finished, cuts, went int)) {
	rng := outageRand(t)
	for round := range n {
		size := 20<<20 + rng.IntN(5)*cachedSector
		pol := wipetest.Clear(t)
		if rng.IntN(4) == 0 {
			pol.Pattern = record.PatternZero
		}
		o := &outage{t: t, policy: pol, drive: &cached{medium: make([]byte, size), cache: map[int64][]byte{}, liar: liar}}
		if rng.IntN(3) == 0 { // two actuators: what was kept is what lies below the first one's place
			o.drive.lanes = []int64{int64(size/2/cachedSector+rng.IntN(500)) * cachedSector}
		}
		wipetest.Fill(o.drive.medium, rng.Uint64())
		var us []wipe.Unfinished
		cuts, went := 1+rng.IntN(3), 0
		for range cuts {
			s, _ := o.run(1+rng.IntN(60), rng, us)
			if us = s.unfinished(t); us != nil {
				went++
			}
		}
		_, f := o.run(0, rng, us)
		check(o, f, cuts, went)
		if t.Failed() {
			t.Fatalf("round %d: %d cuts, went on %d times: %+v", round, cuts, went, f.Verdict)
		}
	}
}

// A drive that keeps what it flushed is always erased after its power came back, and
// what is certified holds the streams that were revealed, all of them.
//
// mutant: kept.go: err := w.drive.Flush(c.ctx) => err := c.ctx.Err()
// mutant: resume.go: p.cut(p.kept) => p.cut(task.Device.Size)
func TestOutages(t *testing.T) {
	resumed, fewer := 0, 0
	outages(t, rounds, false, func(o *outage, f wipetest.Finished, cuts, went int) {
		if f.Verdict.State != record.Cleared {
			t.Errorf("%s %q", f.Verdict.State, f.Verdict.Reasons)
		}
		if err := wipetest.Overwritten(f.Transcript, o.drive.medium); err != nil {
			t.Error(err)
		}
		if strings.Contains(strings.Join(f.Verdict.Reasons, "\n"), "began anew") {
			t.Error("something was called flushed that was not")
		}
		for _, l := range f.Transcript.Lines {
			if l.Event.Resumed != nil {
				resumed++
				break
			}
		}
		if o.drive.wrote < 2*int64(len(o.drive.medium)) {
			fewer++
		}
	})
	t.Logf("%d of %d went on, %d wrote less than twice", resumed, rounds, fewer)
	if resumed == 0 || fewer == 0 {
		t.Error("nothing ever went on")
	}
}

// A drive that acknowledges flushes and drops what it holds when the power fails is
// never certified with anything else on it than what was revealed.
//
// mutant: goon.go: if r.Equal() { => if true {
func TestOutagesOfLiars(t *testing.T) {
	states := map[record.State]int{}
	anew := 0
	outages(t, rounds, true, func(o *outage, f wipetest.Finished, cuts, went int) {
		states[f.Verdict.State]++
		anew += strings.Count(strings.Join(f.Verdict.Reasons, "\n"), "began anew")
		if f.Verdict.State != record.Cleared {
			return
		}
		seen := slices.Clone(o.drive.medium)
		for at, s := range o.drive.cache {
			copy(seen[at:], s)
		}
		if err := wipetest.Overwritten(f.Transcript, seen); err != nil {
			t.Errorf("FALSE SUCCESS: %v", err)
		}
	})
	t.Logf("%v, begun anew %d times", states, anew)
	if anew == 0 {
		t.Error("no drive was caught when it was looked at again")
	}
}

// A flush that fails while the pass goes on is the drive's failure, though a later one
// succeeds.
//
// mutant: kept.go: c.failed = fmt.Errorf("flush device: %w", a.flush) => _ = fmt.Errorf("flush device: %w", a.flush)
func TestFlushFailsOnTheWay(t *testing.T) {
	d := &cached{medium: make([]byte, 20<<20), cache: map[int64][]byte{}}
	o := &outage{t: t, policy: wipetest.Clear(t), drive: d}
	failed := false
	spawn := wipetest.InProcess{Open: func(context.Context, wipe.Spec) (wipe.Drive, error) {
		return &onceUnflushed{d, &failed}, nil
	}}
	dev := cachedDevice(len(d.medium))
	plan := wipetest.Plan(t, o.policy, wipe.Candidate{Device: dev, Node: "/dev/cached"})
	s := &supervisors{}
	f := wipetest.Erase(t, context.Background(), &wipe.Engine{Spawn: spawn, Journal: s, Keys: s, Clock: wipetest.NewClock()}, plan)[0]
	if !failed || f.Verdict.State != record.Failed || !strings.Contains(strings.Join(f.Verdict.Reasons, "\n"), "did not flush") {
		t.Errorf("%v %+v", failed, f.Verdict)
	}
}

type onceUnflushed struct {
	*cached
	failed *bool
}

func (d *onceUnflushed) Flush(ctx context.Context) error {
	if !*d.failed {
		*d.failed = true
		return syscall.EIO
	}
	return d.cached.Flush(ctx)
}

// A task goes on only if it would be planned just so now.
func TestOnlyTheSameTaskGoesOn(t *testing.T) {
	d := &cached{medium: make([]byte, 20<<20), cache: map[int64][]byte{}}
	o := &outage{t: t, policy: wipetest.Clear(t), drive: d}
	s, _ := o.run(40, rand.New(rand.NewPCG(1, 1)), nil)
	us := s.unfinished(t)
	if us == nil {
		t.Fatal("nothing was kept")
	}
	dev := cachedDevice(len(d.medium))
	for name, c := range map[string]struct {
		change func(r *wipe.Request)
		goesOn bool
	}{
		"the same": {func(*wipe.Request) {}, true},
		// mutant: planresume.go: case !d.Identity.Same(e.Identity), => case
		"another drive": {func(r *wipe.Request) {
			r.Candidates[0].Device.Identity.WWN = "5000c500a1b2c3d4"
		}, false},
		// mutant: planresume.go: d.Size != e.Size, => false,
		"another size": {func(r *wipe.Request) { r.Candidates[0].Device.Size += cachedSector }, false},
		// mutant: planresume.go: !slices.Equal(d.Hidden, e.Hidden): => false:
		"another hidden area": {func(r *wipe.Request) {
			r.Candidates[0].Device.Hidden = []record.HiddenArea{{Kind: "HPA", State: "none"}}
		}, false},
		"another name of the kernel's": {func(r *wipe.Request) { r.Candidates[0].Device.Node = "sdz" }, true},
		// mutant: planresume.go: return slices.Equal(a.Passes, b.Passes) && => return
		"another pattern": {func(r *wipe.Request) { r.Policy.Pattern = record.PatternZero }, false},
		// mutant: planresume.go: case a.Profile != b.Profile, => case
		"another profile": {func(r *wipe.Request) { r.Policy.Profile.Title += " as another version has it" }, false},
		// mutant: planresume.go: if found != nil { => if false {
		"two of them": {func(r *wipe.Request) { r.Unfinished = append(r.Unfinished, r.Unfinished[0]) }, false},
	} {
		r := wipe.Request{Candidates: []wipe.Candidate{{Device: dev, Node: "/dev/cached"}}, Policy: o.policy,
			Grant: wipe.GrantConfirmed(dev.Identity.Name()), Now: time.Now(), Unfinished: slices.Clone(us)}
		c.change(&r)
		p, err := wipe.NewPlan(r)
		if err != nil || len(p.Tasks()) != 1 {
			t.Fatalf("%s: %v, %v", name, err, p.Refused())
		}
		if goesOn := p.Resumed(p.Tasks()[0].ID) != nil; goesOn != c.goesOn {
			t.Errorf("%s: goes on: %v", name, goesOn)
		}
	}
}

// A pass that kept all of the drive and was cut short before it ended has to end: it
// goes on where its last part began, or begins anew.
//
// mutant: resume.go: p.kept >= task.Device.Size { => false {
func TestKeptToTheEnd(t *testing.T) {
	const size = 1 << 20
	tr := &record.Transcript{}
	for i, e := range []record.Event{
		{Task: &record.Task{Device: record.Device{Size: size}, Passes: []record.Pass{{Pattern: record.PatternZero}}}},
		{PassBegin: &record.PassBegin{Pass: 1, Of: 1, Range: record.Range{End: size}}},
		{Kept: &record.ReadBack{Pass: 1, Range: record.Range{First: 4096, End: size / 2}}},
		{PassBegin: &record.PassBegin{Pass: 1, Of: 1, Range: record.Range{First: size / 2, End: size}}},
		{Kept: &record.ReadBack{Pass: 1, Range: record.Range{First: size - 4096, End: size}}},
	} {
		if _, err := tr.Append(int64(i), record.At(time.Now()), e); err != nil {
			t.Fatal(err)
		}
	}
	r, err := wipe.ResumeFrom(tr, nil)
	if err != nil || r.Pass != 1 || r.From != size/2 || len(r.Parts) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}
