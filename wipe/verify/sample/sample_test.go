package sample

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func random(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func anySeed(r *rand.Rand) []byte {
	b := make([]byte, SeedSize)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// sizes are media from the smallest that can be sampled to beyond what is sold.
func sizes(r *rand.Rand, sector, least int64) []int64 {
	out := []int64{least, least + 1, least + 19, 2*least - 1, 2 * least, 20 << 40 / sector, 20<<40/sector + 7,
		20<<40/sector - 1, 500107862016 / sector, math.MaxInt64 / sector}
	for range 30 {
		out = append(out, least+r.Int64N(1<<(1+r.IntN(36))))
	}
	return out
}

// The rule of NIST SP 800-88r1 §4.7, and what the percentages add to it.
//
// mutant: sample.go: return rule{20, (percent + 4) / 5} => return rule{20, percent / 5}
// mutant: sample.go: all = append(all, Range{min(rest, size-sector), size}) => _ = rest
// mutant: sample.go: all := append([]Range{{0, sector}}, s.Drawn...) => all := append([]Range{}, s.Drawn...)
// mutant: sample.go: least := MinSections * ruleOf(percent).cells => least := 900 * ruleOf(percent).cells
// mutant: sample.go: left = slices.Delete(left, int(i), int(i)+1) => left = slices.Clone(left)
func TestRule(t *testing.T) {
	r := random(t)
	for _, sector := range []int64{512, 520, 4096} {
		for _, percent := range []int64{1, 2, 3, 7, 9, 10, 11, 15, 25, 50, 94, 95} {
			cells := ruleOf(percent).cells
			for _, sectors := range sizes(r, sector, 1000*cells) {
				size := sectors * sector
				s, err := Draw(size, sector, percent, anySeed(r))
				if err != nil {
					t.Fatalf("%d %% of %d sectors: %v", percent, sectors, err)
				}
				hold(t, fmt.Sprintf("%d %% of %d×%d", percent, sectors, sector), s, size, sector, percent)
			}
		}
	}
}

func hold(t *testing.T, what string, s Sample, size, sector, percent int64) {
	t.Helper()
	cells := ruleOf(percent).cells
	section := s.Place * cells
	if s.Sections < 1000 || s.Sections != size/section || size-s.Sections*section >= section {
		t.Errorf("%s: %d subsections of %d bytes", what, s.Sections, section)
	}
	in := make([]int64, s.Sections) // bytes drawn of each subsection
	end := int64(0)
	for _, p := range s.Drawn {
		if p.First < end || p.End-p.First != s.Place || p.First%sector != 0 || p.End%sector != 0 {
			t.Fatalf("%s: place %v after %d", what, p, end)
		}
		n := p.First / section
		if (p.End-1)/section != n || percent >= 10 && (p.End-p.First)*20 < section {
			t.Fatalf("%s: place %v of subsection %d of %d bytes", what, p, n, section)
		}
		in[n] += s.Place
		end = p.End
	}
	for n, got := range in {
		if got < 2*s.Place || got*100/percent < section {
			t.Fatalf("%s: %d bytes of subsection %d", what, got, n)
		}
	}
	sum, end := int64(0), int64(-1)
	at := 0
	for _, p := range s.Ranges {
		if p.First <= end || p.End <= p.First {
			t.Fatalf("%s: range %v after %d", what, p, end)
		}
		for at < len(s.Drawn) && s.Drawn[at].First >= p.First && s.Drawn[at].End <= p.End {
			at++
		}
		sum, end = sum+p.End-p.First, p.End
	}
	if at != len(s.Drawn) {
		t.Fatalf("%s: place %v is in no range", what, s.Drawn[at])
	}
	first, last := s.Ranges[0], s.Ranges[len(s.Ranges)-1]
	if first.First != 0 || last.End != size || last.End-last.First < sector || last.First > s.Sections*section {
		t.Errorf("%s: begins with %v, ends with %v of %d", what, first, last, size)
	}
	if hi, lo := s.Bytes, size/100*percent; sum != hi || hi < lo {
		t.Errorf("%s: %d bytes in the ranges, %d said, %d asked", what, sum, hi, lo)
	}
}

// mutant: sample.go: if size/sector < least { => if false {
func TestTooSmall(t *testing.T) {
	for _, c := range []struct{ sectors, percent int64 }{{1, 10}, {1999, 10}, {19999, 10}, {199999, 1}, {19999, 95}} {
		if _, err := Draw(c.sectors*512, 512, c.percent, make([]byte, 16)); !errors.Is(err, ErrSmall) {
			t.Errorf("%+v: %v", c, err)
		}
		if err := Fits((c.sectors+1)*512, 512, c.percent); (c.sectors > 2000) != (err == nil) {
			t.Errorf("%+v and one more: %v", c, err)
		}
	}
	for _, c := range []struct{ size, sector, percent int64 }{{1 << 40, 512, 0}, {1 << 40, 512, 96}, {1 << 40, 512, -1}, {1 << 40, 0, 10}, {1<<40 + 1, 512, 10}, {-512, 512, 10}, {0, 512, 10}} {
		if _, err := Draw(c.size, c.sector, c.percent, make([]byte, 16)); !errors.Is(err, ErrNoRule) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := Draw(1<<40, 512, 10, make([]byte, 15)); !errors.Is(err, ErrNoRule) {
		t.Errorf("short seed: %v", err)
	}
}

// Known places: what the shell of FORMAT.md §10 prints for this seed.
func TestKnownPlaces(t *testing.T) {
	seed, err := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Draw(500107862016, 512, 10, seed)
	if err != nil {
		t.Fatal(err)
	}
	want := []Range{{425085952, 450091008}, {450091008, 475096064}, {625126400, 650131456}, {650131456, 675136512}, {1050212352, 1075217408}, {1425288192, 1450293248}}
	if diff := cmp.Diff(want, s.Drawn[:6]); diff != "" || s.Place != 48838*512 || s.Sections != 1000 {
		t.Errorf("place %d, %d subsections (-want +got):\n%s", s.Place, s.Sections, diff)
	}
}

// One seed gives one sample; another seed another.
func TestSeedDecides(t *testing.T) {
	r := random(t)
	seed := anySeed(r)
	a, _ := Draw(1<<40, 512, 10, seed)
	b, _ := Draw(1<<40, 512, 10, bytes.Clone(seed))
	seed[r.IntN(SeedSize)] ^= 1 << r.IntN(8)
	c, _ := Draw(1<<40, 512, 10, seed)
	if !cmp.Equal(a, b) || cmp.Equal(a.Drawn, c.Drawn) {
		t.Error("the seed does not decide alone")
	}
}

// Every cell is drawn as often as any other: chi-square over many seeds.
func TestNoCellIsFavoured(t *testing.T) {
	r := rand.New(rand.NewPCG(88, 1))
	for _, percent := range []int64{3, 10, 50} {
		u := ruleOf(percent)
		seen := make([]float64, u.cells)
		total := 0.0
		for range 200 {
			s, err := Draw(1000*u.cells*512, 512, percent, anySeed(r))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range s.Drawn {
				seen[p.First/512%u.cells]++
				total++
			}
		}
		mean, chi := total/float64(u.cells), 0.0
		for _, n := range seen {
			chi += (n - mean) * (n - mean) / mean
		}
		df := float64(u.cells - 1)
		if chi > df+5*math.Sqrt(2*df) {
			t.Errorf("%d %%: chi-square %.1f of %.0f cells: %v", percent, chi, df+1, seen)
		}
	}
}

// A drive that kept a fraction of its cells is found out as often as theory says, to
// three standard deviations over 2,000 seeds, and never less often than Bound
// claims. The seeds are always the same ones: a test of chance must not fail by it.
//
// mutant: sample.go: lo, i = bits.Div64(hi%d, lo, d) => lo, i = bits.Div64(hi%d, lo, d); i = 0
func TestDetection(t *testing.T) {
	const runs, cells = 2000, 20 * 1000
	r := rand.New(rand.NewPCG(88, 47))
	cases := []int{1, 5, 10, 40, 100}
	stale, found := make([]map[int64]bool, len(cases)), make([]int, len(cases))
	for i, bad := range cases {
		stale[i] = map[int64]bool{}
		for len(stale[i]) < bad {
			stale[i][r.Int64N(cells)] = true
		}
	}
	for range runs {
		s, err := Draw(cells*512, 512, 10, anySeed(r))
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			if slices.ContainsFunc(s.Drawn, func(p Range) bool { return stale[i][p.First/512] }) {
				found[i]++
			}
		}
	}
	for i, bad := range cases {
		per, miss := map[int64]float64{}, 1.0 // section by section, two of twenty
		for c := range stale[i] {
			per[c/20]++
		}
		for _, k := range per {
			miss *= (20 - k) * (19 - k) / (20 * 19)
		}
		got, sigma := float64(found[i])/runs, math.Sqrt((1-miss)*miss/runs)
		t.Logf("%d of %d cells stale: found in %.4f of %d drawings, theory %.4f, sigma %.4f", bad, cells, got, runs, 1-miss, sigma)
		if math.Abs(got-(1-miss)) > 3*sigma+1e-9 {
			t.Errorf("%d of %d cells stale: found %.4f, theory %.4f ± %.4f", bad, cells, got, 1-miss, 3*sigma)
		}
		if apart := math.Pow(1-float64(bad)/cells, 2000); miss > apart+1e-12 {
			t.Errorf("%d stale: missed with %.6f, independent places would with %.6f", bad, miss, apart)
		}
	}
}

// mutant: bound.go: return miss.Mul(miss, big.NewInt(1000)).Cmp(limit) <= 0 => return miss.Mul(miss, big.NewInt(100)).Cmp(limit) <= 0
func TestBound(t *testing.T) {
	if got := Bound(2000); got != 35 {
		t.Errorf("2000 places: %d hundredths of a percent, want 35", got)
	}
	for _, n := range []int64{-1, 0, 1, 2, 3, 10, 100, 999, 2000, 2002, 4000, 10000, 38000} {
		exact := 10000.0
		if n > 0 {
			exact = 10000 * -math.Expm1(math.Log(0.001)/float64(n))
		}
		if want := int64(math.Ceil(exact)); Bound(n) != want {
			t.Errorf("%d places: %d, want %d (%.4f rounded up)", n, Bound(n), want, exact)
		}
	}
}
