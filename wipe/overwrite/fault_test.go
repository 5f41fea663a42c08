package overwrite_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
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
// mutant: traverse/narrow.go: p, off = p[n:], off+int64(n) => p = nil
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

// Failing commands are what a bad sector costs: the buffer, the strip of 64 KiB,
// 3 of the block of 4096 bytes, and the sector by itself where it is smaller.
//
// mutant: traverse/narrow.go: return t.try(do, p, off, 1) || t.cut(p, off, block, => return t.cut(p, off, strip, func(p []byte, off int64) bool { return t.try(do, p, off, t.tries) }) || t.cut(p, off, block,
func TestBadSectorCostsFewCommands(t *testing.T) {
	for _, c := range []struct {
		bad       int64
		sector, n int
	}{{0, 512, 6}, {1<<20 + 4096 + 512, 512, 6}, {4<<20 - 512, 512, 6}, {0, 4096, 5}, {4<<20 - 4096, 4096, 5}} {
		d := overwritetest.NewMem(4<<20, c.sector)
		var failed, good atomic.Int64
		d.WriteFault = func(off int64, n int) (int, error) {
			if off > c.bad || off+int64(n) <= c.bad {
				good.Add(1)
				return n, nil
			}
			failed.Add(1)
			return 0, syscall.EIO
		}
		res, _ := overwrite.Run(context.Background(), d, keyed(t), overwrite.Options{})
		if diff := cmp.Diff([]overwrite.Range{{First: c.bad, End: c.bad + int64(c.sector)}}, res.Failed); diff != "" {
			t.Errorf("failed ranges (-injected +reported):\n%s", diff)
		}
		if n := failed.Load(); n != int64(c.n) {
			t.Errorf("sector at byte %d cost %d failing commands; want %d", c.bad, n, c.n)
		}
		if n := good.Load(); n > 3+15+15+7 {
			t.Errorf("sector at byte %d made %d commands of 4 MiB", c.bad, n)
		}
	}
}

// However often a sector fails before it works, up to what the tries of its block
// allow, it is erased and nothing else is touched by it.
//
// mutant: traverse/narrow.go: return t.try(do, p, off, t.tries) || t.sectors(do, p, off) => return t.try(do, p, off, 1) || t.sectors(do, p, off)
func TestSectorThatWorksInTheEndIsErased(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		for fails := 1; fails <= 4; fails++ {
			d := overwritetest.NewMem(4<<20, sector)
			var tries atomic.Int64
			d.WriteFault = func(off int64, n int) (int, error) {
				if off <= 1<<20+8192 && off+int64(n) > 1<<20+8192 && tries.Add(1) <= int64(fails) {
					return 0, syscall.EIO
				}
				return n, nil
			}
			s := keyed(t)
			res, err := overwrite.Run(context.Background(), d, s, overwrite.Options{})
			if err != nil || !res.Complete() || res.FirstError == "" {
				t.Errorf("%d: failed %d times: %+v, %v; want complete, with the error that was cured", sector, fails, res, err)
			}
			checkLanded(t, d, s, []overwrite.Range{{First: 0, End: d.Size()}})
		}
	}
}

// A drive of 512-byte sectors on the wire and 4096-byte ones on the medium heals
// one that is written whole, and fails on a part of it.
//
// mutant: traverse/narrow.go: return t.try(do, p, off, t.tries) || t.sectors(do, p, off) => return t.try(do, p, off, 2) || t.sectors(do, p, off)
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

// A command that fails takes those beside it down, as with an ATA drive's queue:
// only the bad sectors are blamed.
//
// mutant: traverse/transfer.go: if ok || t.fatal != nil || !t.gate.alone(t.ctx) { => if t.gate = newGate(1); ok || t.fatal != nil || !t.gate.alone(t.ctx) {
func TestNeighboursOfAFailureAreNotBlamed(t *testing.T) {
	r := random(t)
	bad := map[int64]bool{}
	for range 30 {
		bad[r.Int64N(8<<20/512)*512] = true
	}
	d := overwritetest.NewMem(8<<20, 512)
	fault := failing(bad, 512)
	var mu sync.Mutex
	flight, aborts := 0, 0 // commands on their way; failures so far
	d.WriteFault = func(off int64, n int) (int, error) {
		mu.Lock()
		flight++
		seen := aborts
		mu.Unlock()
		time.Sleep(100 * time.Microsecond)
		mu.Lock()
		defer mu.Unlock()
		flight--
		if m, err := fault(off, n); err != nil {
			if flight > 0 {
				aborts++
			}
			return m, err
		}
		if aborts > seen {
			return 0, syscall.EIO
		}
		return n, nil
	}
	s := keyed(t)
	res, _ := overwrite.Run(context.Background(), d, s, small)
	if diff := cmp.Diff(merged(bad, 512), res.Failed); diff != "" {
		t.Errorf("failed ranges (-injected +reported):\n%s", diff)
	}
	checkLanded(t, d, s, res.Covered)
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

// A drive with more bad sectors than the policy allows is left, exactly so: what
// failed, and what was not reached, are told to the sector.
//
// mutant: traverse/budget.go: if b.sectors--; b.sectors < 0 && b.over == nil { => if b.sectors--; false {
func TestTooManyErrors(t *testing.T) {
	d := overwritetest.NewMem(8<<20, 512)
	var calls atomic.Int64
	d.WriteFault = func(off int64, n int) (int, error) {
		if off+int64(n) <= 1<<20 {
			return n, nil
		}
		calls.Add(1)
		return 0, syscall.EIO
	}
	o := small
	o.MaxErrors, o.InFlight = 10, 1 // of two that fail at once, either may be narrowed first
	s := keyed(t)
	res, err := overwrite.Run(context.Background(), d, s, o)
	if !errors.Is(err, overwrite.ErrTooMany) || res.Complete() || d.Flushes != 1 {
		t.Errorf("Run = %+v, %v, %d flushes; want ErrTooMany and one flush", res, err, d.Flushes)
	}
	if n := calls.Load(); n > 40 {
		t.Errorf("%d failing commands for 11 sectors", n)
	}
	want := overwrite.Result{
		Covered:   []overwrite.Range{{First: 0, End: 1 << 20}},
		Failed:    []overwrite.Range{{First: 1 << 20, End: 1<<20 + 11*512}},
		Unreached: []overwrite.Range{{First: 1<<20 + 11*512, End: 8 << 20}},
	}
	got := overwrite.Result{Covered: res.Covered, Failed: res.Failed, Unreached: res.Unreached}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ranges (-want +got):\n%s", diff)
	}
	const said = "too many sectors failed: more than 10; not reached: LBA 2059 to 16383"
	if res.Stopped != said {
		t.Errorf("Stopped = %q; want %q", res.Stopped, said)
	}
	checkLanded(t, d, s, res.Covered)
}

// Time that errors take is bounded too, also where a second try always works.
//
// mutant: traverse/budget.go: if b.left <= 0 && b.over == nil { => if false {
func TestErrorsThatTakeTooLong(t *testing.T) {
	for _, cured := range []bool{false, true} {
		d := overwritetest.NewMem(16<<20, 512)
		var mu sync.Mutex
		seen := map[int64]bool{}
		d.WriteFault = func(off int64, n int) (int, error) {
			mu.Lock()
			again := seen[off]
			seen[off] = true
			mu.Unlock()
			if off < 1<<20 || cured && again || n < 64<<10 && off%(64<<10) != 0 {
				return n, nil
			}
			time.Sleep(30 * time.Millisecond) // the drive tries hard
			return 0, syscall.EIO
		}
		o := small
		o.ErrorTime = time.Second
		s := keyed(t)
		res, err := overwrite.Run(context.Background(), d, s, o)
		if !errors.Is(err, overwrite.ErrErrorTime) || res.Complete() || d.Flushes != 1 {
			t.Errorf("cured %t: Run = %+v, %v, %d flushes; want ErrErrorTime and one flush", cured, res, err, d.Flushes)
		}
		if cured != (len(res.Failed) == 0) || res.Through < 1<<20 {
			t.Errorf("cured %t: failed %v, through %d", cured, res.Failed, res.Through)
		}
		var all traverse.Set
		for _, rs := range [][]overwrite.Range{res.Covered, res.Failed, res.Unreached} {
			for _, r := range rs {
				all.Add(r.First, r.End)
			}
		}
		if sum := res.Written + total(res.Failed) + total(res.Unreached); all.Bytes() != d.Size() || sum != d.Size() || len(res.Unreached) == 0 {
			t.Errorf("cured %t: the ranges have %d bytes and cover %d of %d: %+v", cured, sum, all.Bytes(), d.Size(), res)
		}
		if !strings.Contains(res.Stopped, "errors took too long: more than 1s; not reached: LBA ") {
			t.Errorf("cured %t: Stopped = %q", cured, res.Stopped)
		}
		checkLanded(t, d, s, res.Covered)
	}
}

func total(rs []overwrite.Range) (n int64) {
	for _, r := range rs {
		n += r.Len()
	}
	return n
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
