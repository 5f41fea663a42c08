//go:build long

package pattern

import (
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

var expectBlocks = flag.Int("blocks", 2_000_000, "blocks of TestExpectedFIPS")

// TestExpectedFIPS is where fipsRate comes from: how often the tests fail over
// ChaCha8, which has nothing to do with AES.
//
//	go test -tags long -count=1 -timeout 60m -run TestExpectedFIPS -v ./wipe/pattern -blocks 10000000
func TestExpectedFIPS(t *testing.T) {
	var (
		wg    sync.WaitGroup
		parts = make([]fips, runtime.NumCPU())
	)
	for i := range parts {
		wg.Go(func() {
			c := rand.NewChaCha8([32]byte{byte(i), 'f', 'i', 'p', 's'})
			var p [fipsBlock]byte
			for range *expectBlocks / len(parts) {
				_, _ = c.Read(p[:])
				parts[i].test(&p)
			}
		})
	}
	wg.Wait()
	var all fips
	for _, f := range parts {
		all.blocks += f.blocks
		all.failed += f.failed
		all.monobit += f.monobit
		all.poker += f.poker
		all.runs += f.runs
		all.longRun += f.longRun
		all.continuous += f.continuous
	}
	n := float64(all.blocks)
	t.Logf("%d blocks, %d workers: rate %.4g ± %.1g (monobit %.4g, poker %.4g, runs %.4g, long run %.4g, continuous %.4g)",
		all.blocks, len(parts), float64(all.failed)/n, math.Sqrt(float64(all.failed))/n,
		float64(all.monobit)/n, float64(all.poker)/n, float64(all.runs)/n, float64(all.longRun)/n, float64(all.continuous)/n)
	within(t, "failed", float64(all.failed), n*fipsRate, math.Hypot(math.Sqrt(n*fipsRate), n*fipsRateError), 4)
	// The two whose rates can be had exactly: the binomial distribution; 20,000
	// bits without a run of 26.
	within(t, "monobit", float64(all.monobit), n*1.03497e-4, math.Sqrt(n*1.03497e-4), 4)
	within(t, "long run", float64(all.longRun), n*2.97621e-4, math.Sqrt(n*2.97621e-4), 4)
}
