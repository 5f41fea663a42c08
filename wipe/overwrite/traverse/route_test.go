package traverse

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// touched is a step that notes what it was asked for.
type touched struct {
	mu   sync.Mutex
	all  Set
	last int64
	back bool // a call began before one that lies further on
}

func (s *touched) Prepare([]byte, int64, bool) {}

func (s *touched) Do(t *Transfer, p []byte, off int64) {
	t.Move(func(p []byte, off int64) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all.Add(off, off+int64(len(p)))
		s.back = s.back || off < s.last
		s.last = off
		return len(p), nil
	}, p, off)
}

// Of a medium in parts exactly the parts are carried over, in ascending order, and
// progress and stretches go from nothing to all of it.
//
// mutant: route.go: return Range{first, min(first+l.buffer, part.End)} => return Range{first, first + l.buffer}
// mutant: account.go: a.left = a.setld.Bytes() => a.left = 0
func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		const sector = 512
		m := Medium{Size: sector * (1 + r.Int64N(5000)), Sector: sector}
		var want Set
		for at := r.Int64N(40); at*sector < m.Size; at += 1 + r.Int64N(300) {
			end := min(at+1+r.Int64N(200), m.Size/sector)
			m.Only = append(m.Only, Range{at * sector, end * sector})
			want.Add(at*sector, end*sector)
			at = end
		}
		if len(m.Only) == 0 {
			continue
		}
		s := &touched{}
		var done, end int64
		o := Options{Buffer: sector * (1 + r.IntN(64)), InFlight: 1, Progress: func(d int64) { done = d },
			Stretch: func(first, to int64) {
				if first != end {
					t.Errorf("stretch from %d after %d", first, end)
				}
				end = to
			}}
		rep, err := Run(context.Background(), m, o, s)
		if err != nil || rep.Stopped != nil {
			t.Fatalf("%v, %v", err, rep.Stopped)
		}
		if diff := cmp.Diff(want.Ranges(), s.all.Ranges()); diff != "" || s.back {
			t.Fatalf("back %v (-parts +touched):\n%s", s.back, diff)
		}
		if rep.GoodBytes != want.Bytes() || rep.Through != m.Size || len(rep.Unreached) > 0 || done != want.Bytes() || end != m.Size {
			t.Fatalf("%+v; progress %d of %d, stretches to %d", rep, done, want.Bytes(), end)
		}
	}
}

// What was not reached of the parts is told, and Through stops before it.
//
// mutant: account.go: if len(good) == 0 || good[0].First > p.First { => if len(good) == 0 {
func TestPartsCutShort(t *testing.T) {
	m := Medium{Size: 100 * 512, Sector: 512, Only: []Range{{512, 1024}, {10 * 512, 20 * 512}, {99 * 512, 100 * 512}}}
	ctx, stop := context.WithCancel(context.Background())
	s := cutting{stop: stop}
	rep, err := Run(ctx, m, Options{Buffer: 512, InFlight: 1, Retries: -1}, s)
	if err != nil || !errors.Is(rep.Stopped, context.Canceled) {
		t.Fatalf("%v, %+v", err, rep)
	}
	if rep.Through != 10*512 || rep.GoodBytes != 512 || len(rep.Unreached) != 2 || rep.Unreached[0] != m.Only[1] {
		t.Errorf("%+v", rep)
	}
	a := account{m: m}
	a.good.Add(99*512, 100*512)
	if got := a.upTo(); got != 512 {
		t.Errorf("through %d with the first part missing", got)
	}
}

// cutting ends the traversal with its first transfer.
type cutting struct{ stop func() }

func (c cutting) Prepare([]byte, int64, bool) {}

func (c cutting) Do(t *Transfer, p []byte, off int64) {
	t.Move(func(p []byte, off int64) (int, error) { c.stop(); return len(p), nil }, p, off)
}

func TestPartsAreChecked(t *testing.T) {
	for name, only := range map[string][]Range{
		"overlap": {{0, 1024}, {512, 2048}}, "touch": {{0, 1024}, {1024, 2048}}, "back": {{1024, 2048}, {0, 512}},
		"empty": {{512, 512}}, "odd": {{0, 513}}, "odd start": {{1, 512}}, "beyond": {{0, 8192}}, "negative": {{-512, 512}},
	} {
		if _, err := Run(context.Background(), Medium{Size: 4096, Sector: 512, Only: only}, Options{}, &touched{}); !errors.Is(err, ErrSize) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
