package bench

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
)

const gib = 1 << 30

// BenchmarkTune is where the defaults of traverse.Options come from.
func BenchmarkTune(b *testing.B) {
	dev, _ := overwritetest.Loop(b, "/dev/shm", gib, 512)
	d := overwritetest.OpenBlock(b, dev)
	s := keyed(b)
	pass(b, d, s, overwrite.Options{}) // tmpfs allocates its pages
	for _, procs := range []int{runtime.NumCPU(), 4 * runtime.NumCPU()} {
		for _, kib := range []int{256, 512, 1024, 2048, 4096} {
			for _, n := range []int{1, 2, 3, 4, 8, 16} {
				if kib*n > 16<<10 {
					continue
				}
				o := overwrite.Options{Buffer: kib << 10, InFlight: n}
				name := fmt.Sprintf("procs=%d/%dKiB×%d", procs, kib, n)
				b.Run(name+"/write", func(b *testing.B) { timed(b, procs, func() { pass(b, d, s, o) }) })
				b.Run(name+"/verify", func(b *testing.B) { timed(b, procs, func() { check(b, d, s, o) }) })
			}
		}
	}
}

func timed(b *testing.B, procs int, do func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	b.SetBytes(gib)
	for b.Loop() {
		do()
	}
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
