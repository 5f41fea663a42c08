package main

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v; want %v", c.in, got, c.want)
		}
	}
}

// The ranks are those of the sign test's tables: 5 values allow the least one, 11 the
// third (67 of 2048 chances lie below it, 232 would below the fourth).
//
// mutant: stats.go: chance > 0.05 => chance > 0.15
func TestRank(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 0, 4: 0, 5: 1, 7: 1, 8: 2, 11: 3, 15: 4, 21: 7} {
		if got := rank(n); got != want {
			t.Errorf("rank(%d) = %d; want %d", n, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	v := []float64{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	if lower(v) != 3 || upper(v) != 9 || v[0] != 11 {
		t.Errorf("bounds of 1 to 11 are %v and %v; want 3 and 9", lower(v), upper(v))
	}
	if !math.IsInf(lower(v[:4]), -1) || !math.IsInf(upper(v[:4]), 1) {
		t.Error("four values have bounds")
	}
}

// A bar is held by the bound, not by the median; a difference or ratio that shall be
// small by its upper one.
//
// mutant: bars.go: ok = b.Bound >= threshold => ok = b.Median >= threshold
// mutant: bars.go: ok = b.Bound <= threshold => ok = b.Median <= threshold
func TestJudge(t *testing.T) {
	v := []float64{0.8, 0.8, 0.8, 0.95, 0.95, 0.95, 0.95, 0.95, 1.1, 1.1, 1.1}
	for _, c := range []struct {
		atLeast   bool
		threshold float64
		pairs     []float64
		want      string
	}{
		{true, 0.9, v, short}, {true, 0.8, v, pass}, {false, 1, v, short}, {false, 1.1, v, pass},
		{true, 0.1, nil, unmeasured}, {true, 0.1, v[:4], unmeasured},
	} {
		if b := judge("", c.atLeast, c.threshold, c.pairs); b.Result != c.want {
			t.Errorf("judge(%v, %v, %d pairs) = %s, bound %v; want %s", c.atLeast, c.threshold, len(c.pairs), b.Result, b.Bound, c.want)
		}
	}
}

func TestSharesAndPairs(t *testing.T) {
	s := shares([]passed{{0, 10, 100}, {0, 20, 100}, {0, 20, 100}})
	if math.Abs(s[0]-1.5) > 1e-9 || math.Abs(s[1]-0.75) > 1e-9 || shares([]passed{{0, 1, 1}}) != nil {
		t.Errorf("shares = %v; want 1.5, 0.75, 0.75, and none for one drive", s)
	}
	if r := each([]float64{2, 9}, []float64{4}, ratio); len(r) != 1 || r[0] != 0.5 {
		t.Errorf("each = %v; want one pair, 0.5", r)
	}
}
