package overwrite_test

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

	"github.com/google/go-cmp/cmp"
)

// small options make many buffers of a small medium.
var small = overwrite.Options{Buffer: 64 << 10, InFlight: 3}

func keyed(t testing.TB) pattern.Stream {
	t.Helper()
	key, err := pattern.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := pattern.New(pattern.Spec{Kind: pattern.AES128CTR, Key: key[:]})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func random(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// failing makes every transfer that touches a bad sector fail whole.
func failing(bad map[int64]bool, sector int) func(int64, int) (int, error) {
	return func(off int64, n int) (int, error) {
		for at := off; at < off+int64(n); at += int64(sector) {
			if bad[at] {
				return 0, syscall.EIO
			}
		}
		return n, nil
	}
}

func merged(bad map[int64]bool, sector int) []overwrite.Range {
	var s traverse.Set
	for at := range bad {
		s.Add(at, at+int64(sector))
	}
	return s.Ranges()
}

// checkLanded compares the medium with the stream: new where ranges say so.
func checkLanded(t *testing.T, d *overwritetest.Mem, s pattern.Stream, ranges []overwrite.Range) {
	t.Helper()
	for _, r := range ranges {
		if i := s.Check(d.Medium()[r.First:r.End], r.First); i >= 0 {
			t.Fatalf("byte %d is claimed as written and is not", r.First+int64(i))
		}
	}
}

// The failed set equals the injected set, and all the rest is written.
//
// mutant: traverse/transfer.go: && t.piece(do, p[cut:], off+int64(cut)) =>
func TestFailedSectorsAreExact(t *testing.T) {
	r := random(t)
	for _, sector := range []int{512, 4096} {
		last := int64(200*4096 - sector)
		sets := map[string]map[int64]bool{
			"none": {}, "first": {0: true}, "last": {last: true},
			"middle": {int64(77 * sector): true},
			"run":    {int64(30 * sector): true, int64(31 * sector): true, int64(32 * sector): true},
			"ends":   {0: true, last: true},
		}
		scattered := map[int64]bool{}
		for range 40 {
			scattered[r.Int64N(last/int64(sector)+1)*int64(sector)] = true
		}
		sets["scattered"] = scattered
		for name, bad := range sets {
			d := overwritetest.NewMem(200*4096, sector)
			d.WriteFault = failing(bad, sector)
			s := keyed(t)
			res, err := overwrite.Run(context.Background(), d, s, small)
			if diff := cmp.Diff(merged(bad, sector), res.Failed); diff != "" {
				t.Errorf("%s/%d: failed ranges (-injected +reported):\n%s", name, sector, diff)
			}
			if want := d.Size() - int64(len(bad)*sector); res.Written != want {
				t.Errorf("%s/%d: Written = %d; want %d", name, sector, res.Written, want)
			}
			if complete := len(bad) == 0; res.Complete() != complete || (err == nil) != complete {
				t.Errorf("%s/%d: Complete() = %t, err = %v", name, sector, res.Complete(), err)
			}
			if len(bad) > 0 && res.FirstError == "" {
				t.Errorf("%s/%d: no first error", name, sector)
			}
			if d.Misfit != nil || d.Flushes != 1 || d.Late != 0 {
				t.Errorf("%s/%d: misfit %v, %d flushes, %d late writes", name, sector, d.Misfit, d.Flushes, d.Late)
			}
			checkLanded(t, d, s, res.Covered)
		}
	}
}

// Failing commands are what a bad sector costs: 8 to narrow 1 MiB down to 4096
// bytes, 3 of these, 2 to narrow them down, 3 of the sector.
//
// mutant: traverse/transfer.go: if len(p) == patience || len(p) <= t.sector { => if len(p) <= patience {
func TestBadSectorCostsFewCommands(t *testing.T) {
	for _, bad := range []int64{0, 1<<20 + 4096 + 512, 4<<20 - 512} {
		d := overwritetest.NewMem(4<<20, 512)
		var failed atomic.Int64
		d.WriteFault = func(off int64, n int) (int, error) {
			if off > bad || off+int64(n) <= bad {
				return n, nil
			}
			failed.Add(1)
			return 0, syscall.EIO
		}
		res, _ := overwrite.Run(context.Background(), d, keyed(t), overwrite.Options{})
		if diff := cmp.Diff([]overwrite.Range{{First: bad, End: bad + 512}}, res.Failed); diff != "" {
			t.Errorf("failed ranges (-injected +reported):\n%s", diff)
		}
		if n := failed.Load(); n != 16 {
			t.Errorf("sector at byte %d cost %d failing commands; want 16", bad, n)
		}
	}
}

// A 512e drive heals a broken 4096-byte sector when it is written whole, and
// fails on a part of it.
//
// mutant: traverse/transfer.go: if len(p) == patience || len(p) <= t.sector { => if len(p) <= t.sector {
func TestPhysicalSectorIsRetriedWhole(t *testing.T) {
	d := overwritetest.NewMem(1<<20, 512)
	var tries atomic.Int64
	d.WriteFault = func(off int64, n int) (int, error) {
		if off > 40960 || off+int64(n) <= 40960 {
			return n, nil
		}
		if n == 4096 && off == 40960 && tries.Add(1) == 3 {
			return n, nil
		}
		return 0, syscall.EIO
	}
	res, err := overwrite.Run(context.Background(), d, keyed(t), small)
	if err != nil || !res.Complete() || res.FirstError == "" {
		t.Errorf("Run = %+v, %v; want complete, with the error that was cured", res, err)
	}
}

// Short counts are never believed.
//
// mutant: traverse/transfer.go: if n == len(p) && (err == nil || errors.Is(err, io.EOF)) { => if err == nil || errors.Is(err, io.EOF) {
func TestShortWrites(t *testing.T) {
	for _, fail := range []error{nil, syscall.EINTR} {
		d := overwritetest.NewMem(1<<20+512, 512)
		r := random(t)
		d.WriteFault = func(_ int64, n int) (int, error) {
			if n <= 512 {
				return n, nil
			}
			return r.IntN(n/512) * 512, fail
		}
		o := small
		o.InFlight = 1 // one user of the generator
		s := keyed(t)
		res, err := overwrite.Run(context.Background(), d, s, o)
		if err != nil || res.Written != d.Size() {
			t.Fatalf("Run = %+v, %v; want all written by sectors", res, err)
		}
		checkLanded(t, d, s, []overwrite.Range{{First: 0, End: d.Size()}})
	}
}

// A transfer that is never whole at any size is a failure, not a loop.
func TestNothingIsWritten(t *testing.T) {
	d := overwritetest.NewMem(64<<10, 512)
	d.WriteFault = func(int64, int) (int, error) { return 0, nil }
	res, err := overwrite.Run(context.Background(), d, keyed(t), small)
	if err == nil || res.Written != 0 || res.Complete() {
		t.Errorf("Run = %+v, %v", res, err)
	}
}

// mutant: traverse/transfer.go: if errors.Is(err, gone) { => if errors.Is(err, gone) && false {
func TestVanishedDeviceStopsAtOnce(t *testing.T) {
	for _, gone := range []error{syscall.ENXIO, syscall.ENODEV, syscall.ESHUTDOWN} {
		d := overwritetest.NewMem(8<<20, 512)
		var calls atomic.Int64
		d.WriteFault = func(off int64, n int) (int, error) {
			if off >= 1<<20 {
				calls.Add(1)
				return 0, gone
			}
			return n, nil
		}
		s := keyed(t)
		res, err := overwrite.Run(context.Background(), d, s, small)
		if !errors.Is(err, overwrite.ErrVanished) || !errors.Is(err, gone) {
			t.Errorf("err = %v; want ErrVanished and %v", err, gone)
		}
		if n := calls.Load(); n > int64(small.InFlight) {
			t.Errorf("%v: %d calls to a vanished device", gone, n)
		}
		if res.Complete() || res.Stopped == "" || res.Through > 1<<20 || d.Flushes != 0 {
			t.Errorf("%v: %+v", gone, res)
		}
		checkLanded(t, d, s, res.Covered)
	}
}

// mutant: traverse/transfer.go: if t.allowed.Add(-1) < 0 { => if false {
func TestTooManyErrors(t *testing.T) {
	d := overwritetest.NewMem(8<<20, 512)
	var calls atomic.Int64
	d.WriteFault = func(int64, int) (int, error) { calls.Add(1); return 0, syscall.EIO }
	o := small
	o.MaxErrors = 10
	res, err := overwrite.Run(context.Background(), d, keyed(t), o)
	if !errors.Is(err, overwrite.ErrTooMany) || res.Complete() || res.Written != 0 {
		t.Errorf("Run = %+v, %v; want ErrTooMany", res, err)
	}
	if n := calls.Load(); n > 400 {
		t.Errorf("%d calls for 10 sectors", n)
	}
	var failed int64
	for _, r := range res.Failed {
		failed += r.Len()
	}
	if sectors := failed / 512; sectors < 11 || sectors > 10+int64(o.InFlight) {
		t.Errorf("%d sectors failed; want just above the limit of 10", sectors)
	}
}

// mutant: overwrite.go: r.Stopped == "" && r.Flushed && r.FlushErr == nil => r.Stopped == ""
func TestFlushErrorIsNoSuccess(t *testing.T) {
	d := overwritetest.NewMem(1<<20, 512)
	d.FlushErr = syscall.EIO
	res, err := overwrite.Run(context.Background(), d, keyed(t), small)
	if !errors.Is(err, syscall.EIO) || res.Complete() || res.Flushed || res.FlushErr == nil {
		t.Errorf("Run = %+v, %v; want the flush error", res, err)
	}
	if d.Flushes != 1 {
		t.Errorf("%d flushes; a second one would hide the first", d.Flushes)
	}
}

// A flush that neither returns nor heeds its context does not hold a cancelled
// pass.
//
// mutant: step.go: return fmt.Errorf("%w: %w", context.Cause(ctx), ErrStuck) => return nil
func TestStuckFlushIsLeftBehind(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	d := &deafFlush{Mem: overwritetest.NewMem(1<<20, 512), begun: cancel, release: make(chan struct{})}
	defer close(d.release)
	o := small
	o.Grace = 20 * time.Millisecond
	res, err := overwrite.Run(ctx, d, keyed(t), o)
	if !errors.Is(err, overwrite.ErrStuck) || res.Complete() || res.Flushed || res.Written != d.Size() {
		t.Errorf("Run = %+v, %v; want ErrStuck after all was written", res, err)
	}
}

type deafFlush struct {
	*overwritetest.Mem
	begun   func()
	release chan struct{}
}

func (d *deafFlush) Flush(context.Context) error {
	d.begun()
	<-d.release
	return nil
}
