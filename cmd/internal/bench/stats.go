package main

import (
	"math"
	"slices"
)

// median of v, 0 for none. v is left as it is.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// lower is the one-sided lower 95 % confidence bound of the median: the largest
// order statistic below which the median lies with a chance of at most 5 %, by the
// binomial distribution and nothing else (no normal errors assumed). Below 5 values
// there is none: -Inf.
func lower(v []float64) float64 {
	k := rank(len(v))
	if k == 0 {
		return math.Inf(-1)
	}
	return slices.Sorted(slices.Values(v))[k-1]
}

// upper is the one-sided upper 95 % confidence bound of the median; +Inf below 5 values.
func upper(v []float64) float64 {
	neg := make([]float64, len(v))
	for i, x := range v {
		neg[i] = -x
	}
	return -lower(neg)
}

// rank is the largest k with P(Bin(n, 1/2) < k) <= 5 %.
func rank(n int) int {
	chance, term := 0.0, math.Pow(0.5, float64(n)) // term is P(Bin = k)
	for k := 0; k <= n; k++ {
		if chance += term; chance > 0.05 {
			return k
		}
		term *= float64(n-k) / float64(k+1)
	}
	return n
}

// each applies f to pairs of the same round.
func each(a, b []float64, f func(x, y float64) float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = f(a[i], b[i])
	}
	return out
}

func ratio(x, y float64) float64      { return x / y }
func difference(x, y float64) float64 { return x - y }
