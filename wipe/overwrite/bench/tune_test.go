package bench

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
)

const gib = 1 << 30

var rounds = flag.Int("rounds", 5, "interleaved rounds")

// shape is a buffer size and how many of them are in flight: 16 MiB at most.
type shape struct{ kib, n int }

var shapes = []shape{
	{256, 8}, {256, 16}, {512, 4}, {512, 8}, {512, 16}, {1024, 1}, {1024, 2}, {1024, 3}, {1024, 4},
	{1024, 6}, {1024, 8}, {1024, 16}, {1280, 8}, {2048, 2}, {2048, 4}, {2048, 8}, {4096, 2}, {4096, 4},
}

// BenchmarkTune is where the defaults of traverse.Options come from: every
// shape in turn, round after round, because a shared machine's speed drifts.
func BenchmarkTune(b *testing.B) {
	dev, _ := overwritetest.Loop(b, "/dev/shm", gib, 512)
	d := overwritetest.OpenBlock(b, dev)
	s := keyed(b)
	pass(b, d, s, overwrite.Options{}) // tmpfs allocates its pages
	for b.Loop() {
		writes, checks := map[shape][]float64{}, map[shape][]float64{}
		for range *rounds {
			for _, sh := range shapes {
				o := overwrite.Options{Buffer: sh.kib << 10, InFlight: sh.n}
				writes[sh] = append(writes[sh], speed(func() { pass(b, d, s, o) }))
				checks[sh] = append(checks[sh], speed(func() { check(b, d, s, o) }))
			}
		}
		for _, sh := range shapes {
			fmt.Printf("%4d KiB × %2d: write %.2f GB/s, verify %.2f GB/s (medians of %d)\n",
				sh.kib, sh.n, median(writes[sh]), median(checks[sh]), *rounds)
		}
	}
}

func speed(do func()) float64 {
	began := time.Now()
	do()
	return gib / 1e9 / time.Since(began).Seconds()
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func keyed(b *testing.B) pattern.Stream {
	key, err := pattern.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	s, err := pattern.New(pattern.Spec{Kind: pattern.AES128CTR, Key: key[:]})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func pass(b *testing.B, d overwrite.Device, s pattern.Stream, o overwrite.Options) {
	if _, err := overwrite.Run(context.Background(), d, s, o); err != nil {
		b.Fatal(err)
	}
}

func check(b *testing.B, d verify.Reader, s pattern.Stream, o verify.Options) {
	if _, err := verify.Full(context.Background(), d, s, o); err != nil {
		b.Fatal(err)
	}
}
