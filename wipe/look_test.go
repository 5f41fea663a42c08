package wipe_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/judge"
	"lethe/wipe/pattern"
	"lethe/wipe/wipetest"
)

const lookSize = 24 << 20

// stored is a drive that was erased some time ago, in two parts, and what its
// certificate says.
type stored struct {
	t    *testing.T
	of   record.Certified
	data []byte

	bad      []record.Range // unreadable
	identity record.Identity
	later    record.Identity // what the second process finds
	onRead   func(off int64)
	early    atomic.Bool // something was read before the process was confined
	closed   atomic.Int64
	patience wipe.Patience
}

func newStored(t *testing.T) *stored {
	id := record.Identity{Model: "SIMULATED", Serial: "WT-LOOK"}
	s := &stored{t: t, data: make([]byte, lookSize), identity: id, later: id}
	part := func(n byte, first, end record.Size) record.PartDone {
		key, iv := [16]byte{n}, make([]byte, 16)
		return record.PartDone{Range: record.Range{First: first, End: end}, Key: hex.EncodeToString(key[:]), IV: hex.EncodeToString(iv),
			Commitment: pattern.Commitment(key[:], iv)}
	}
	s.of = record.Certified{Record: "LTH-1", Digest: record.Digest(nil), Issued: record.At(time.Unix(1000, 0)),
		State: record.Cleared, Method: record.MethodClear, Technique: record.Overwrite, Identity: id, Size: lookSize, LogicalSector: 512,
		Pass: record.PassDone{Pass: 1, What: record.Pass{Pattern: record.PatternStream}, Written: lookSize, Flushed: true,
			Parts: []record.PartDone{part(1, 0, 5<<20), part(2, 5<<20, lookSize)}}}
	for _, p := range s.of.Pass.Parts { // each by its own key, without the code that reads it
		key, err := hex.DecodeString(p.Key)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := pattern.New(pattern.Spec{Kind: pattern.AES128CTR, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		stream.Fill(s.data[p.Range.First:p.Range.End], int64(p.Range.First))
	}
	return s
}

// atHand is the handle of one process.
type atHand struct {
	*stored
	after    bool
	confined atomic.Bool
}

func (s *stored) open(_ context.Context, spec wipe.LookSpec) (wipe.Reader, error) {
	return &atHand{stored: s, after: spec.After}, nil
}

func (d *atHand) Size() int64        { return lookSize }
func (d *atHand) LogicalSector() int { return 512 }
func (d *atHand) Close() error       { d.closed.Add(1); return nil }

func (d *atHand) Confine() (string, error) { d.confined.Store(true); return "a test", nil }

func (d *atHand) State(context.Context) (record.Opened, error) {
	o := record.Opened{Exclusive: true, Direct: true, Identity: d.identity, Size: lookSize, LogicalSector: 512}
	if d.after {
		o.Identity = d.later
	}
	return o, nil
}

func (d *atHand) ReadAt(p []byte, off int64) (int, error) {
	if !d.confined.Load() || d.after {
		d.early.Store(true)
	}
	if d.onRead != nil {
		d.onRead(off)
	}
	for _, r := range d.bad {
		if off < int64(r.End) && off+int64(len(p)) > int64(r.First) {
			return 0, syscall.EIO
		}
	}
	return copy(p, d.data[off:]), nil
}

// look carries out a second look and judges it.
func (s *stored) look(ctx context.Context, check string) (*record.Transcript, record.Finding) {
	s.t.Helper()
	e := &wipe.Engine{Journal: &wipetest.Journal{}, Clock: wipetest.NewClock(), Grace: time.Second}
	tr := e.Look(ctx, wipe.LookSpec{Node: "sim", Look: record.Looking{Format: record.LookingFormat, ID: "LOOK-1", Of: s.of,
		Device: record.Device{Identity: s.of.Identity, Size: lookSize, LogicalSector: 512}, Check: check}},
		wipetest.InProcess{Look: s.open}, s.patience)
	wipetest.CheckEnd(s.t, tr)
	if s.early.Load() {
		s.t.Error("the drive was read by a process that could command it")
	}
	return tr, judge.Look(tr)
}

// A second look finds what is there, under the keys of all parts, whatever part of it
// is read, and says so of what is not.
//
// mutant: look.go: ps = append(ps, pattern.Piece{End: int64(q.Range.End), Stream: s}) => ps = append(ps[:0], pattern.Piece{End: int64(q.Range.End), Stream: s})
// mutant: look.go: held, err := d.Confine() => held, err := "", error(nil)
// mutant: lookrun.go: for _, s.After = range []bool{false, true} { => for _, s.After = range []bool{false, false} {
func TestLook(t *testing.T) {
	s := newStored(t)
	for _, check := range []string{record.CheckFull, record.CheckSampled, record.CheckPercentage + "50"} {
		if _, f := s.look(t.Context(), check); f.Sight != record.SightHolds {
			t.Errorf("%s: %s %q", check, f.Sight, f.Reasons)
		}
	}
	if n := s.closed.Load(); n != 6 {
		t.Errorf("closed %d times", n)
	}
	for _, off := range []int64{0, 5<<20 - 1, 5 << 20, lookSize - 1} {
		s := newStored(t)
		s.data[off] ^= 1
		tr, f := s.look(t.Context(), record.CheckFull)
		want := record.Range{First: record.Size(off / 512 * 512), End: record.Size(off/512*512 + 512)}
		if got := checkEndOf(tr); f.Sight != record.SightDiffers || len(got.Mismatches) != 1 || got.Mismatches[0] != want {
			t.Errorf("byte %d: %s, %+v", off, f.Sight, got)
		}
	}
	s.bad = []record.Range{{First: 1 << 20, End: 1<<20 + 512}}
	if _, f := s.look(t.Context(), record.CheckFull); f.Sight != record.SightUnreadable {
		t.Errorf("unreadable: %s %q", f.Sight, f.Reasons)
	}
}

// A drive that gives no sign for a while is told, and the look goes on.
//
// mutant: keeper.go: leave: func() {}} => leave: nil}
func TestLookStalls(t *testing.T) {
	s := newStored(t)
	s.patience = wipe.Patience{Tell: 20 * time.Millisecond, GiveUp: time.Minute}
	var once atomic.Bool
	s.onRead = func(int64) {
		if once.CompareAndSwap(false, true) {
			time.Sleep(400 * time.Millisecond)
		}
	}
	tr, f := s.look(t.Context(), record.CheckFull)
	stalled := false
	for _, l := range tr.Lines {
		stalled = stalled || l.Event.Stalled != nil
	}
	if f.Sight != record.SightHolds || !stalled {
		t.Errorf("%s %q, stalled %v", f.Sight, f.Reasons, stalled)
	}
}

func checkEndOf(t *record.Transcript) (e record.CheckEnd) {
	for _, l := range t.Lines {
		if l.Event.CheckEnd != nil {
			e = *l.Event.CheckEnd
		}
	}
	return e
}

// Another drive, on either handle, is not looked at or shows nothing; one that cannot
// be opened is refused; two seeds are never the same.
//
// mutant: look.go: case !o.Identity.Same(of.Identity): => case false:
func TestLookAtAnother(t *testing.T) {
	other := record.Identity{Model: "SIMULATED", Serial: "WT-OTHER"}
	s := newStored(t)
	s.identity = other
	if tr, f := s.look(t.Context(), record.CheckFull); f.Sight != record.SightUnknown || checkEndOf(tr).Compared > 0 {
		t.Errorf("another drive: %s, %d bytes read", f.Sight, checkEndOf(tr).Compared)
	}
	s = newStored(t)
	s.later = other
	if _, f := s.look(t.Context(), record.CheckFull); f.Sight != record.SightUnknown {
		t.Errorf("another drive afterwards: %s", f.Sight)
	}
	seeds := map[string]bool{}
	s = newStored(t)
	for range 2 {
		tr, _ := s.look(t.Context(), record.CheckSampled)
		for _, l := range tr.Lines {
			if e := l.Event.SeedReveal; e != nil {
				seeds[e.Seed] = true
			}
		}
	}
	if len(seeds) != 2 {
		t.Errorf("%d seeds in two looks", len(seeds))
	}
	e := &wipe.Engine{Journal: &wipetest.Journal{}, Clock: wipetest.NewClock()}
	shut := func(context.Context, wipe.LookSpec) (wipe.Reader, error) { return nil, errors.New("it is mounted") }
	tr := e.Look(t.Context(), wipe.LookSpec{Look: record.Looking{Format: record.LookingFormat, Of: s.of, Check: record.CheckFull}}, wipetest.InProcess{Look: shut}, wipe.Patience{})
	if last := tr.Lines[len(tr.Lines)-1].Event.Stopped; last == nil || last.Reason != record.StopRefused || !strings.Contains(last.Detail, "mounted") {
		t.Errorf("a drive that cannot be opened: %+v", last)
	}
}

// A look that is interrupted says how far it came, and holds nothing.
func TestLookInterrupted(t *testing.T) {
	s := newStored(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	s.onRead = func(off int64) {
		if off >= lookSize/2 {
			cancel(errors.New("Ctrl-C"))
			time.Sleep(5 * time.Millisecond)
		}
	}
	_, f := s.look(ctx, record.CheckFull)
	if f.Sight != record.SightIncomplete || !strings.Contains(strings.Join(f.Reasons, "; "), "signal") {
		t.Errorf("%s %q", f.Sight, f.Reasons)
	}
}
