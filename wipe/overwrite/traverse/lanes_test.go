package traverse

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every byte of a medium with lanes is carried over once, each lane in ascending order,
// from wherever it begins and in whatever parts; what is told goes from nothing to all
// of it without a gap, as if there were one lane.
//
// mutant: route.go: at.first, at.done = at.first+(least-at.done)*int64(len(at.lanes)), least => at.first, at.done = at.first+(least-at.done), least
// mutant: route.go: return r.lanes[now.lanes[n%beside]].at(now.done + n/beside), true => return r.lanes[now.lanes[n%beside]].at(n / beside), true
func TestLanes(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 5))
	for range 300 {
		const sector = 512
		m := Medium{Size: sector * (1 + r.Int64N(5000)), Sector: sector}
		o := Options{Buffer: sector * (1 + r.IntN(64)), InFlight: 1}
		for at := 1 + r.Int64N(2000); at < m.Size/sector; at += 1 + r.Int64N(2000) {
			o.Lanes = append(o.Lanes, at*sector)
		}
		var want Set
		if r.IntN(2) == 0 {
			o.First = r.Int64N(m.Size/sector) * sector
			want.Add(o.First, m.Size)
		} else {
			for at := r.Int64N(40); at*sector < m.Size; at += 1 + r.Int64N(300) {
				end := min(at+1+r.Int64N(200), m.Size/sector)
				m.Only = append(m.Only, Range{at * sector, end * sector})
				want.Add(at*sector, end*sector)
				at = end
			}
			if len(m.Only) == 0 {
				continue
			}
		}
		end, through := o.First, o.First
		o.Stretch = func(first, to int64) {
			if first != end {
				t.Errorf("stretch from %d after %d", first, end)
			}
			end = to
		}
		o.Through = func(x int64) { through = x }
		s := &inLanes{lanes: append([]int64{0}, o.Lanes...), at: map[int64]int64{}}
		rep, err := Run(context.Background(), m, o, s)
		if err != nil || rep.Stopped != nil {
			t.Fatalf("%v, %v", err, rep.Stopped)
		}
		if diff := cmp.Diff(want.Ranges(), s.all.Ranges()); diff != "" || s.twice || s.back {
			t.Fatalf("lanes %d: twice %t, back %t (-parts +touched):\n%s", o.Lanes, s.twice, s.back, diff)
		}
		if rep.GoodBytes != want.Bytes() || rep.Through != m.Size || end != m.Size || len(m.Only) == 0 && through != m.Size {
			t.Fatalf("%+v; stretches to %d, through %d", rep, end, through)
		}
	}
}

// inLanes is a step that notes the order in each lane.
type inLanes struct {
	mu          sync.Mutex
	lanes       []int64
	at          map[int64]int64 // by the beginning of the lane
	all         Set
	twice, back bool
}

func (s *inLanes) Prepare([]byte, int64, bool) {}

func (s *inLanes) Do(t *Transfer, p []byte, off int64) {
	t.Move(func(p []byte, off int64) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		before := s.all.Bytes()
		s.all.Add(off, off+int64(len(p)))
		s.twice = s.twice || s.all.Bytes() != before+int64(len(p))
		lane := laneOf(s.lanes, off)
		if laneOf(s.lanes, off+int64(len(p))-1) != lane {
			s.back = true
		}
		s.back = s.back || off < s.at[lane]
		s.at[lane] = off
		return len(p), nil
	}, p, off)
}

func laneOf(begins []int64, off int64) (lane int64) {
	for _, at := range begins {
		if at <= off {
			lane = at
		}
	}
	return lane
}

// Both lanes are driven at the same time, from the first transfer to the last: each
// transfer waits here until one of the other lane is on its way, too.
//
// mutant: run.go: newRoute(m.parts(o.First), o.Lanes, o.Buffer) => newRoute(m.parts(o.First), nil, o.Buffer)
func TestLanesAreDrivenAtTheSameTime(t *testing.T) {
	m := Medium{Size: 64 * 512, Sector: 512}
	s := &meeting{half: m.Size / 2, there: [2]chan struct{}{make(chan struct{}), make(chan struct{})}}
	rep, err := Run(context.Background(), m, Options{Buffer: 512, InFlight: 4, Lanes: []int64{m.Size / 2}}, s)
	if err != nil || rep.Stopped != nil || rep.GoodBytes != m.Size {
		t.Fatalf("%+v, %v", rep, err)
	}
	if s.alone {
		t.Error("one lane was driven without the other")
	}
}

// meeting is a step in which every transfer of one half meets one of the other.
type meeting struct {
	half  int64
	there [2]chan struct{}
	mu    sync.Mutex
	alone bool
}

func (s *meeting) Prepare([]byte, int64, bool) {}

func (s *meeting) Do(t *Transfer, p []byte, off int64) {
	t.Move(func(p []byte, off int64) (int, error) {
		which := 0
		if off >= s.half {
			which = 1
		}
		s.mu.Lock()
		alone := s.alone
		s.mu.Unlock()
		if alone {
			return len(p), nil // it is settled
		}
		select {
		case s.there[which] <- struct{}{}:
		case <-s.there[1-which]:
		case <-time.After(5 * time.Second):
			s.mu.Lock()
			s.alone = true
			s.mu.Unlock()
		}
		return len(p), nil
	}, p, off)
}

// mutant: traverse.go: if at <= last || at >= m.Size || at%int64(m.Sector) != 0 { => if false {
func TestLanesAreChecked(t *testing.T) {
	for name, lanes := range map[string][]int64{"at 0": {0}, "twice": {512, 512}, "back": {1024, 512},
		"odd": {513}, "at the end": {4096}, "beyond": {8192}, "negative": {-512}} {
		if _, err := Run(context.Background(), Medium{Size: 4096, Sector: 512}, Options{Lanes: lanes}, &touched{}); !errors.Is(err, ErrSize) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
