package verify_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/overwrite/traverse"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"

	"github.com/google/go-cmp/cmp"
)

var small = verify.Options{Buffer: 64 << 10, InFlight: 3}

func streams(t testing.TB) map[string]pattern.Stream {
	t.Helper()
	key, err := pattern.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]pattern.Stream{}
	for _, spec := range []pattern.Spec{
		{Kind: pattern.Zero}, {Kind: pattern.Byte, Byte: 0xa5}, {Kind: pattern.AES128CTR, Key: key[:]},
	} {
		s, err := pattern.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		all[spec.Kind] = s
	}
	return all
}

func keyed(t testing.TB) pattern.Stream { return streams(t)[pattern.AES128CTR] }

func random(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// written makes a device that holds s.
func written(t testing.TB, size int64, sector int, s pattern.Stream) *overwritetest.Mem {
	t.Helper()
	d := overwritetest.NewMem(size, sector)
	if _, err := overwrite.Run(context.Background(), d, s, overwrite.Options{}); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCleanMedia(t *testing.T) {
	for kind, s := range streams(t) {
		for _, c := range []struct {
			size   int64
			sector int
		}{{512, 512}, {3 * 512, 512}, {4096 - 512, 512}, {1<<20 + 512, 512}, {4096, 4096}, {5<<20 + 4096, 4096}} {
			for _, o := range []verify.Options{{}, small} {
				d := written(t, c.size, c.sector, s)
				res, err := verify.Full(context.Background(), d, s, o)
				if err != nil || !res.Clean() || res.Compared != c.size || res.Through != c.size || d.Misfit != nil {
					t.Errorf("%s %d/%d: %+v, %v, misfit %v", kind, c.size, c.sector, res, err, d.Misfit)
				}
			}
		}
	}
}

// The reported sectors equal the changed ones, down to one bit in the last
// byte.
//
// mutant: step.go: t.Differ(off+int64(first), off+int64(pos)) => t.Differ(off+int64(first), off+int64(pos)); return
func TestMismatchesAreExact(t *testing.T) {
	r := random(t)
	for kind, s := range streams(t) {
		for _, sector := range []int{512, 4096} {
			for _, changes := range []int{1, 2, 30, 300} {
				d := written(t, 200*4096, sector, s)
				var want traverse.Set
				for i := range changes {
					at := r.Int64N(d.Size())
					switch i {
					case 0:
						at = d.Size() - 1
					case 1:
						at = 0
					}
					d.Medium()[at] ^= 1 << r.IntN(8)
					if s.Check(d.Medium()[at:at+1], at) < 0 {
						d.Medium()[at] ^= 1 // changed twice: not back to what it was
					}
					first := at / int64(sector) * int64(sector)
					want.Add(first, first+int64(sector))
				}
				res, err := verify.Full(context.Background(), d, s, small)
				if !errors.Is(err, verify.ErrMismatch) || res.Clean() || !res.Complete() {
					t.Errorf("%s/%d: %+v, %v; want ErrMismatch", kind, sector, res, err)
				}
				if diff := cmp.Diff(want.Ranges(), res.Mismatches); diff != "" || res.Mismatched != want.Bytes() {
					t.Errorf("%s/%d: %d bytes; (-changed +reported):\n%s", kind, sector, res.Mismatched, diff)
				}
			}
		}
	}
}

// A medium that is all wrong is counted whole and listed in part.
func TestMismatchesAreBounded(t *testing.T) {
	s := keyed(t)
	d := written(t, 4<<20, 512, s)
	for at := int64(0); at < d.Size(); at += 1024 {
		d.Medium()[at] ^= 1
	}
	res, err := verify.Full(context.Background(), d, s, small)
	if !errors.Is(err, verify.ErrMismatch) || res.Mismatched != d.Size()/2 || len(res.Mismatches) != verify.MaxRanges {
		t.Errorf("%d bytes in %d ranges, %v", res.Mismatched, len(res.Mismatches), err)
	}
}

// A drive that acknowledges writes and drops them is caught, wherever it does.
//
// mutant: step.go: if i < 0 { => if true {
func TestDroppedWritesAreCaught(t *testing.T) {
	r := random(t)
	for kind, s := range streams(t) {
		for range 10 {
			d := overwritetest.NewMem(1<<20+512, 512)
			lost := r.Int64N(d.Size()/512) * 512
			d.Drop = func(off int64) bool { return off == lost }
			if res, err := overwrite.Run(context.Background(), d, s, small); err != nil || !res.Complete() {
				t.Fatalf("Run = %v; the drive lies, it must believe", err)
			}
			res, err := verify.Full(context.Background(), d, s, small)
			want := []verify.Range{{First: lost, End: lost + 512}}
			if diff := cmp.Diff(want, res.Mismatches); diff != "" || !errors.Is(err, verify.ErrMismatch) {
				t.Errorf("%s: %v (-dropped +reported):\n%s", kind, err, diff)
			}
		}
	}
}

// Reads that succeed without moving a byte are no evidence, over a uniform
// stream either.
//
// mutant: step.go: at < len(p); at += s.sector => at < 0; at += s.sector
func TestSilentReadsAreCaught(t *testing.T) {
	for kind, s := range streams(t) {
		d := written(t, 1<<20, 512, s)
		d.Silent = true
		res, err := verify.Full(context.Background(), d, s, small)
		if !errors.Is(err, verify.ErrMismatch) || res.Mismatched != d.Size() {
			t.Errorf("%s: %d of %d bytes differ, %v", kind, res.Mismatched, d.Size(), err)
		}
	}
}

// A cache that answers reads while the medium holds old data shows itself
// once the power was cut.
func TestLostCacheIsCaught(t *testing.T) {
	s := keyed(t)
	d := overwritetest.NewMem(1<<20, 512)
	d.Volatile = true
	d.FlushErr = syscall.EIO
	if res, err := overwrite.Run(context.Background(), d, s, small); err == nil || res.Complete() {
		t.Fatalf("Run = %+v, %v; want the flush error", res, err)
	}
	d.PowerCut()
	res, err := verify.Full(context.Background(), d, s, small)
	if !errors.Is(err, verify.ErrMismatch) || res.Mismatched != d.Size() {
		t.Errorf("Full = %+v, %v", res, err)
	}
}

// Unreadable sectors are exact, and what is readable around them is compared.
//
// mutant: ../overwrite/traverse/narrow.go: t.bad = append(t.bad, Range{at, at + int64(len(s))}) => _ = s
func TestUnreadableSectorsAreExact(t *testing.T) {
	r := random(t)
	s := keyed(t)
	for _, sector := range []int{512, 4096} {
		d := written(t, 200*4096, sector, s)
		var bad traverse.Set
		for range 20 {
			at := r.Int64N(d.Size()/int64(sector)) * int64(sector)
			bad.Add(at, at+int64(sector))
		}
		d.ReadFault = func(off int64, n int) (int, error) {
			for _, b := range bad.Ranges() {
				if off < b.End && off+int64(n) > b.First {
					return 0, syscall.EIO
				}
			}
			return n, nil
		}
		res, err := verify.Full(context.Background(), d, s, small)
		if diff := cmp.Diff(bad.Ranges(), res.Unreadable); diff != "" {
			t.Errorf("unreadable (-injected +reported):\n%s", diff)
		}
		if !errors.Is(err, verify.ErrIncomplete) || res.Complete() || res.Clean() ||
			res.Compared != d.Size()-bad.Bytes() || res.Mismatched != 0 {
			t.Errorf("%d: %+v, %v", sector, res, err)
		}
	}
}

func TestShortReads(t *testing.T) {
	s := keyed(t)
	d := written(t, 1<<20+512, 512, s)
	d.ReadFault = func(_ int64, n int) (int, error) { return min(n, 4096), nil }
	if res, err := verify.Full(context.Background(), d, s, small); err != nil || !res.Clean() {
		t.Errorf("Full = %+v, %v", res, err)
	}
}

// Cancelled anywhere, the claim never exceeds what was read.
//
// mutant: verify.go: Compared: rep.GoodBytes, => Compared: rep.Size,
func TestCancelClaimsNoMoreThanRead(t *testing.T) {
	r := random(t)
	for range 60 {
		s := keyed(t)
		d := written(t, int64(1+r.IntN(4000))*512, 512, s)
		ctx, cancel := context.WithCancel(context.Background())
		left, moved := atomic.Int64{}, atomic.Int64{}
		left.Store(r.Int64N(70))
		d.ReadFault = func(_ int64, n int) (int, error) {
			if left.Add(-1) == 0 {
				cancel()
			}
			moved.Add(int64(n))
			return n, nil
		}
		res, err := verify.Full(ctx, d, s, verify.Options{Buffer: 16 << 10, InFlight: 1 + r.IntN(5)})
		cancel()
		if res.Compared > moved.Load() || res.Through > res.Compared {
			t.Fatalf("compared %d, through %d of %d read", res.Compared, res.Through, moved.Load())
		}
		if (err == nil) != res.Clean() || (res.Stopped != "" && !errors.Is(err, context.Canceled)) {
			t.Fatalf("err %v with %+v", err, res)
		}
	}
}

func TestVanishedDevice(t *testing.T) {
	s := keyed(t)
	d := written(t, 8<<20, 512, s)
	var calls atomic.Int64
	d.ReadFault = func(off int64, n int) (int, error) {
		if off < 1<<20 {
			return n, nil
		}
		calls.Add(1)
		return 0, syscall.ENODEV
	}
	res, err := verify.Full(context.Background(), d, s, small)
	if !errors.Is(err, verify.ErrVanished) || res.Complete() || calls.Load() > int64(small.InFlight) {
		t.Errorf("Full = %+v, %v after %d calls", res, err, calls.Load())
	}
}

func TestProgressAndStretches(t *testing.T) {
	s := keyed(t)
	d := written(t, 4<<20+512, 512, s)
	var done, end int64
	o := small
	o.Progress = func(v int64) { done = v }
	o.Stretch = func(first, to int64) {
		if first != end {
			t.Errorf("stretch [%d, %d) after %d", first, to, end)
		}
		end = to
	}
	if _, err := verify.Full(context.Background(), d, s, o); err != nil || done != d.Size() || end != d.Size() {
		t.Errorf("Full = %v, progress %d, stretches to %d", err, done, end)
	}
	if _, err := verify.Full(context.Background(), overwritetest.NewMem(513, 512), s, small); !errors.Is(err, verify.ErrSize) {
		t.Errorf("odd size: %v; want ErrSize", err)
	}
	if (verify.Result{}).Clean() {
		t.Error("the zero Result is clean")
	}
}
