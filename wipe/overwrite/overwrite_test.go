package overwrite_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/pattern"
)

// Every byte of every odd size is written.
//
// mutant: traverse/route.go: if n >= r.places() { => if n+1 >= r.places() {
func TestEverySizeToTheLastByte(t *testing.T) {
	for _, c := range []struct {
		size   int64
		sector int
	}{
		{512, 512}, {3 * 512, 512}, {4096 - 512, 512}, {4096, 512}, {1<<20 + 512, 512},
		{1<<20 - 512, 512}, {3<<20 + 7*512, 512}, {4096, 4096}, {3 * 4096, 4096},
		{1<<20 + 4096, 4096}, {7 << 20, 4096},
	} {
		for _, o := range []overwrite.Options{{}, {Buffer: 8 * c.sector, InFlight: 2}} {
			for _, spec := range []pattern.Spec{{Kind: pattern.Zero}, {Kind: pattern.Byte, Byte: 0x5a}, {}} {
				s := keyed(t)
				if spec.Kind != "" {
					s, _ = pattern.New(spec)
				}
				d := overwritetest.NewMem(c.size, c.sector)
				res, err := overwrite.Run(context.Background(), d, s, o)
				if err != nil || !res.Complete() || res.Written != c.size || res.Through != c.size {
					t.Fatalf("size %d/%d: %+v, %v", c.size, c.sector, res, err)
				}
				checkLanded(t, d, s, []overwrite.Range{{First: 0, End: c.size}})
				if d.Misfit != nil {
					t.Errorf("size %d/%d: %v", c.size, c.sector, d.Misfit)
				}
			}
		}
	}
}

func TestRefusesOddMedia(t *testing.T) {
	for _, c := range []struct {
		size   int64
		sector int
	}{{0, 512}, {-512, 512}, {513, 512}, {4096 + 512, 4096}, {4096, 0}, {4096, -1}} {
		d := &odd{size: c.size, sector: c.sector}
		res, err := overwrite.Run(context.Background(), d, keyed(t), overwrite.Options{})
		if !errors.Is(err, overwrite.ErrSize) || res.Complete() || d.touched {
			t.Errorf("size %d sector %d: %+v, %v, touched %t; want ErrSize", c.size, c.sector, res, err, d.touched)
		}
	}
	if (overwrite.Result{}).Complete() {
		t.Error("the zero Result is complete")
	}
	d := overwritetest.NewMem(1<<20, 4096)
	if _, err := overwrite.Run(context.Background(), d, keyed(t), overwrite.Options{Buffer: 512}); err == nil {
		t.Error("a buffer below the sector was accepted")
	}
}

type odd struct {
	size    int64
	sector  int
	touched bool
}

func (d *odd) Size() int64                        { return d.size }
func (d *odd) LogicalSector() int                 { return d.sector }
func (d *odd) Flush(context.Context) error        { d.touched = true; return nil }
func (d *odd) WriteAt([]byte, int64) (int, error) { d.touched = true; return 0, nil }

// Cancelled anywhere, the claim never exceeds the truth.
//
// mutant: traverse/narrow.go: if t.over() || !move(p[:n], off) { => if t.over() { t.good = append(t.good, Range{off, off + int64(len(p))}) }; if t.over() || !move(p[:n], off) {
func TestCancelClaimsNoMoreThanTrue(t *testing.T) {
	r := random(t)
	for range 60 {
		d := overwritetest.NewMem(int64(1+r.IntN(4000))*512, 512)
		ctx, cancel := context.WithCancel(context.Background())
		left := atomic.Int64{}
		left.Store(r.Int64N(70))
		bad := map[int64]bool{r.Int64N(4000) * 512: true}
		inner := failing(bad, 512)
		d.WriteFault = func(off int64, n int) (int, error) {
			if left.Add(-1) == 0 {
				cancel()
			}
			return inner(off, n)
		}
		s := keyed(t)
		res, err := overwrite.Run(ctx, d, s, overwrite.Options{Buffer: 16 << 10, InFlight: 1 + r.IntN(5)})
		cancel()
		checkLanded(t, d, s, res.Covered)
		checkLanded(t, d, s, []overwrite.Range{{First: 0, End: res.Through}})
		if (err == nil) != res.Complete() {
			t.Fatalf("err %v with %+v", err, res)
		}
		if !res.Complete() && res.Stopped == "" && len(res.Failed) == 0 {
			t.Fatalf("incomplete without a reason: %+v", res)
		}
		if res.Stopped != "" && (!errors.Is(err, context.Canceled) || d.Flushes != 0) {
			t.Fatalf("stopped: %v, %d flushes", err, d.Flushes)
		}
	}
}

// A write that never returns does not hold a cancelled pass, and is not claimed.
//
// mutant: traverse/run.go: return max(int(inFlight.Load()), 1) => return 0
func TestStuckWriteIsLeftBehind(t *testing.T) {
	d := overwritetest.NewMem(4<<20, 512)
	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(context.Background())
	d.WriteFault = func(off int64, n int) (int, error) {
		if off == 128<<10 {
			cancel()
			<-release
		}
		return n, nil
	}
	o := small
	o.Grace = 50 * time.Millisecond
	began := time.Now()
	res, err := overwrite.Run(ctx, d, keyed(t), o)
	if !errors.Is(err, overwrite.ErrStuck) || !errors.Is(err, context.Canceled) || res.Complete() {
		t.Errorf("Run = %+v, %v; want ErrStuck", res, err)
	}
	if took := time.Since(began); took > 3*time.Second || res.Through > 128<<10 {
		t.Errorf("took %v, through %d", took, res.Through)
	}
}

// Progress only grows and ends at the size; the stretches tile the medium.
func TestProgressAndStretches(t *testing.T) {
	for _, size := range []int64{512, 5 * 512, 1<<20 + 512, 16 << 20} {
		d := overwritetest.NewMem(size, 512)
		d.WriteFault = func(_ int64, n int) (int, error) { time.Sleep(time.Millisecond); return n, nil }
		var done []int64
		var when []time.Time
		var end int64
		n := 0
		o := small
		o.Progress = func(v int64) { done = append(done, v); when = append(when, time.Now()) }
		o.Stretch = func(first, to int64) {
			if first != end || to <= first {
				t.Errorf("stretch [%d, %d) after %d", first, to, end)
			}
			end = to
			n++
		}
		if _, err := overwrite.Run(context.Background(), d, keyed(t), o); err != nil {
			t.Fatal(err)
		}
		if len(done) == 0 || done[len(done)-1] != size || !slices.IsSorted(done) {
			t.Errorf("progress %v; want to end at %d", done, size)
		}
		for i := 1; i < len(when)-1; i++ {
			if gap := when[i].Sub(when[i-1]); gap < 90*time.Millisecond {
				t.Errorf("progress after %v", gap)
			}
		}
		if want := int(min(16, size/512)); end != size || n != want {
			t.Errorf("size %d: %d stretches to %d; want %d", size, n, end, want)
		}
	}
}

// No write begins while a buffer for a lower offset is still being filled,
// though fills take their time and end in any order.
//
// mutant: traverse/turnstile.go: if turn := t.queue(place); turn != nil { => if turn := t.queue(place); false {
func TestWritesBeginInOrder(t *testing.T) {
	o := &order{Mem: overwritetest.NewMem(8<<20, 512), Stream: keyed(t), filled: map[int64]bool{}}
	opts := overwrite.Options{Buffer: 64 << 10, InFlight: 8}
	if _, err := overwrite.Run(context.Background(), o, o, opts); err != nil {
		t.Fatal(err)
	}
	if o.early > 0 || len(o.filled) != 128 {
		t.Errorf("%d of %d writes began too early", o.early, len(o.filled))
	}
}

// order is a device and a stream that watch each other.
type order struct {
	*overwritetest.Mem
	pattern.Stream
	mu     sync.Mutex
	filled map[int64]bool
	early  int
}

func (o *order) Fill(p []byte, off int64) {
	time.Sleep(time.Duration(off>>16*7%5) * time.Millisecond)
	o.Stream.Fill(p, off)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.filled[off] = true
}

func (o *order) WriteAt(p []byte, off int64) (int, error) {
	o.mu.Lock()
	for lower := int64(0); lower <= off; lower += 64 << 10 {
		if !o.filled[lower] {
			o.early++
			break
		}
	}
	o.mu.Unlock()
	return o.Mem.WriteAt(p, off)
}
