package check_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
)

// seed is LETHE_SEED where a run is to be repeated, else new each time.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := rand.Uint64()
	if v := os.Getenv("LETHE_SEED"); v != "" {
		var err error
		if s, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("LETHE_SEED: %v", err)
		}
	}
	t.Logf("seed %d (LETHE_SEED=%d repeats this run)", s, s)
	return s
}

// flip is one bit of one byte.
type flip struct {
	at  int
	bit uint8
}

// TestBitFlips is the bar: the untouched paper is accepted, and with any one bit
// changed it is refused, and the check that failed is named. No digest of the file
// is known to the checker: it has the root certificate alone. (Its mutant is that of
// TestCMSEveryBit in certs/sign, which takes seconds.)
func TestBitFlips(t *testing.T) {
	rnd := rand.New(rand.NewPCG(seed(t), 1))
	desk, paper := fresh(t)
	sum := desk.Summary(t, "SUM-1", paper.Record.Context, paper)
	native := desk.Paper(t, checktest.Run(t, checktest.NativeTask("S1", desk.Profile, desk.Ref(t))), paper.Record.Context)
	for _, p := range []struct {
		kind    string
		uniform int
		issue.Paper
	}{{"certificate", 1000, paper}, {"summary", 200, sum}, {"native", 300, native}} {
		t.Run(p.kind, func(t *testing.T) {
			from := bytes.Index(p.PDF, []byte("/Contents <")) + len("/Contents ")
			to := from + bytes.IndexByte(p.PDF[from:], '>') + 1
			var flips []flip
			for range p.uniform {
				flips = append(flips, flip{rnd.IntN(len(p.PDF)), uint8(rnd.IntN(8))})
			}
			for at := from; at < to && p.kind != "native"; at++ {
				flips = append(flips, flip{at, uint8(rnd.IntN(8))})
			}
			if r := check.Check(p.PDF, opts(desk)); !r.OK() {
				show(t, r)
				t.Fatal("the untouched paper is refused")
			}
			began := time.Now()
			named, accepted := tryAll(p.PDF, flips, opts(desk))
			for _, f := range accepted {
				t.Errorf("accepted with bit %d of byte %d changed", f.bit, f.at)
			}
			t.Logf("%d bytes untouched: accepted; %d flips at uniform offsets and %d in every byte of "+
				"/Contents (%d to %d): %d refused, %d accepted, in %v", len(p.PDF), p.uniform, to-from, from, to,
				len(flips)-len(accepted), len(accepted), time.Since(began).Round(time.Millisecond))
			for _, name := range slices.Sorted(maps.Keys(named)) {
				t.Logf("  %6d refused by %q", named[name], name)
			}
		})
	}
}

// tryAll checks the document with each flip by itself. It counts the refusals by the
// check that failed, and returns the flips that were accepted or refused namelessly.
func tryAll(doc []byte, flips []flip, o check.Options) (named map[string]int, accepted []flip) {
	named = map[string]int{}
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			b := bytes.Clone(doc)
			for i := next.Add(1) - 1; i < int64(len(flips)); i = next.Add(1) - 1 {
				f := flips[i]
				b[f.at] ^= 1 << f.bit
				r := check.Check(b, o)
				b[f.at] ^= 1 << f.bit
				mu.Lock()
				if r.OK() || r.Failed() == "" || r.Outcome() != check.Refused {
					accepted = append(accepted, f)
				}
				named[r.Failed()]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return named, accepted
}
