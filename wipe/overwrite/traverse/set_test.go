package traverse

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The set against a plain array of booleans.
func TestSetEqualsModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		var s Set
		var model [200]bool
		for range 1 + r.IntN(40) {
			first := r.IntN(len(model))
			end := first + r.IntN(min(20, len(model)-first)+1)
			s.Add(int64(first), int64(end))
			for i := first; i < end; i++ {
				model[i] = true
			}
			compareSet(t, &s, model[:])
		}
	}
}

func compareSet(t *testing.T, s *Set, model []bool) {
	t.Helper()
	var want []Range
	var bytes, through int64
	for i, in := range model {
		if !in {
			continue
		}
		bytes++
		if through == int64(i) {
			through++
		}
		if n := len(want); n > 0 && want[n-1].End == int64(i) {
			want[n-1].End++
			continue
		}
		want = append(want, Range{int64(i), int64(i) + 1})
	}
	got := s.Ranges()
	if s.Bytes() != bytes || s.Reach(0) != through || len(got) != len(want) {
		t.Fatalf("set %v (%d bytes, through %d); want %v (%d, %d)",
			got, s.Bytes(), s.Reach(0), want, bytes, through)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("set %v; want %v", got, want)
		}
	}
}

// A cut gives every whole sector once, in order, on its own grid.
func TestCut(t *testing.T) {
	for _, sector := range []int{512, 520, 4096, 8192} {
		for _, unit := range []int{strip, block, sector} {
			for first := range 20 {
				for sectors := 1; sectors < 300; sectors += 1 + sectors/9 {
					tr := &Transfer{ctx: t.Context(), sector: sector, budget: newBudget(Options{ErrorTime: 1})}
					at, end := int64(first*sector), int64((first+sectors)*sector)
					u := int64(max(unit/sector, 1) * sector)
					ok := tr.cut(make([]byte, sectors*sector), at, unit, func(p []byte, off int64) bool {
						n := int64(len(p))
						if off != at || n == 0 || n > u || n%int64(sector) != 0 || (off+n)%u != 0 && off+n != end {
							t.Fatalf("cut of [%d, %d) by %d/%d gives [%d, %d) after %d", first*sector, end, unit, sector, off, off+n, at)
						}
						at += n
						return true
					})
					if !ok || at != end {
						t.Fatalf("cut of [%d, %d) by %d/%d ends at %d, %t", first*sector, end, unit, sector, at, ok)
					}
				}
			}
		}
	}
}

func TestGaps(t *testing.T) {
	var s Set
	if diff := cmp.Diff([]Range{{0, 9}}, s.Gaps(0, 9)); diff != "" {
		t.Error(diff)
	}
	s.Add(2, 4)
	s.Add(6, 8)
	if diff := cmp.Diff([]Range{{0, 2}, {4, 6}, {8, 9}}, s.Gaps(0, 9)); diff != "" {
		t.Error(diff)
	}
	s.Add(0, 7)
	if g := s.Gaps(0, 8); g != nil {
		t.Errorf("gaps of a full set: %v", g)
	}
}

// The sixteenths cover the medium without gap or overlap, beyond 2^32 sectors too.
func TestStretchBounds(t *testing.T) {
	for _, m := range []Medium{{Size: 512, Sector: 512}, {Size: 3 * 512, Sector: 512}, {Size: 1<<20 + 512, Sector: 512}, {Size: 20 << 40, Sector: 4096}, {Size: 1 << 62, Sector: 512}} {
		a := account{m: m}
		if a.bound(0) != 0 || a.bound(stretches) != m.Size {
			t.Errorf("%v: bounds from %d to %d", m, a.bound(0), a.bound(stretches))
		}
		for k := range int64(stretches) {
			if a.bound(k) > a.bound(k+1) || a.bound(k)%int64(m.Sector) != 0 {
				t.Errorf("%v: bound %d = %d, then %d", m, k, a.bound(k), a.bound(k+1))
			}
		}
	}
}
