package traverse

import (
	"math/rand/v2"
	"testing"
	"time"
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
	if s.Bytes() != bytes || s.Through() != through || len(got) != len(want) {
		t.Fatalf("set %v (%d bytes, through %d); want %v (%d, %d)",
			got, s.Bytes(), s.Through(), want, bytes, through)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("set %v; want %v", got, want)
		}
	}
}

// The cuts of every size end at single sectors and keep both halves whole
// sectors.
func TestHalf(t *testing.T) {
	for _, sector := range []int{512, 520, 4096, 8192} {
		for sectors := 2; sectors < 600; sectors++ {
			n := sectors * sector
			cut := half(n, sector)
			if cut <= 0 || cut >= n || cut%sector != 0 {
				t.Fatalf("half(%d, %d) = %d", n, sector, cut)
			}
			if n > patience && sector == 512 && cut%patience != 0 {
				t.Fatalf("half(%d, %d) = %d leaves the 4096-byte grid", n, sector, cut)
			}
		}
	}
}

// The sixteenths cover the medium without gap or overlap, beyond 2^32 sectors too.
func TestStretchBounds(t *testing.T) {
	for _, m := range []Medium{{512, 512}, {3 * 512, 512}, {1<<20 + 512, 512}, {20 << 40, 4096}, {1 << 62, 512}} {
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
