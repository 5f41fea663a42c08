package sample

import (
	"math/big"
	"sort"
)

// Bound is what places without a miss show: the least b, in hundredths of a
// percent, such that had b of the medium differed from what it should hold, all of
// the places would have come out equal in at most one of a thousand drawings:
// (1 - b)^places <= 1/1000. It is 10000, the whole, where there are no places.
//
// It holds for a [Sample], whose places are drawn apart from each other in every
// subsection and without laying one back within it: with K of a subsection's N
// cells bad, two places miss them all in (N-K)(N-K-1) of N(N-1) drawings, which is
// less than (1 - K/N)^2; and over equal subsections the product of such terms is
// largest where K is the same in all.
func Bound(places int64) int64 {
	if places < 1 {
		return 10000
	}
	n, whole := big.NewInt(places), big.NewInt(10000)
	limit := new(big.Int).Exp(whole, n, nil)
	return int64(sort.Search(10000, func(b int) bool {
		miss := new(big.Int).Exp(big.NewInt(int64(10000-b)), n, nil)
		return miss.Mul(miss, big.NewInt(1000)).Cmp(limit) <= 0
	}))
}
