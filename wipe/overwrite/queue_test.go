package overwrite_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
)

// All that holds of a pass holds of one through a queue.
func TestThroughAQueue(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"failed sectors":   TestFailedSectorsAreExact,
		"commands":         TestBadSectorCostsFewCommands,
		"works in the end": TestSectorThatWorksInTheEndIsErased,
		"physical sector":  TestPhysicalSectorIsRetriedWhole,
		"neighbours":       TestNeighboursOfAFailureAreNotBlamed,
		"short":            TestShortWrites,
		"nothing":          TestNothingIsWritten,
		"vanished":         TestVanishedDeviceStopsAtOnce,
		"too many":         TestTooManyErrors,
		"too long":         TestErrorsThatTakeTooLong,
		"flush":            TestFlushErrorIsNoSuccess,
		"sizes":            TestEverySizeToTheLastByte,
		"odd":              TestRefusesOddMedia,
		"cancel":           TestCancelClaimsNoMoreThanTrue,
		"stuck":            TestStuckWriteIsLeftBehind,
		"progress":         TestProgressAndStretches,
	} {
		t.Run(name, func(t *testing.T) {
			overwritetest.Queued(t)
			test(t)
		})
	}
}

// brokenQueue fails to wait after some transfers.
type brokenQueue struct {
	*overwritetest.Mem
	waits int
}

func (d *brokenQueue) Await(limit time.Duration, ended func(id, n int, err error)) error {
	if d.waits--; d.waits < 0 {
		return syscall.EBADF
	}
	return d.Mem.Await(limit, ended)
}

// When nobody knows what a queue has in flight, the pass ends and says so: what did not
// come back counts as stuck, and its memory stays where it is.
//
// mutant: traverse/conveyor.go: <-c.left // the end of their grace => _ = c.left
func TestBrokenQueueIsLeftBehind(t *testing.T) {
	overwritetest.Queued(t)
	d := &brokenQueue{Mem: overwritetest.NewMem(8<<20, 512), waits: 20}
	o := small
	o.Grace = 20 * time.Millisecond
	s := keyed(t)
	res, err := overwrite.Run(context.Background(), d, s, o)
	if !errors.Is(err, overwrite.ErrStuck) || !errors.Is(err, syscall.EBADF) || res.Complete() || d.Flushes != 0 {
		t.Errorf("Run = %+v, %v; want ErrStuck and EBADF", res, err)
	}
	checkLanded(t, d.Mem, s, res.Covered)
}

// ordered is a queue whose transfers end only when nothing more begins.
type ordered struct {
	*overwritetest.Mem
	flying, most int
	last         int64
	back, beside bool // begun out of order; called plainly with transfers in flight
}

func (d *ordered) WriteAt(p []byte, off int64) (int, error) {
	d.beside = d.beside || d.flying > 0
	return d.Mem.WriteAt(p, off)
}

func (d *ordered) Start(write bool, p []byte, off int64, id int) error {
	d.flying++
	d.most = max(d.most, d.flying)
	d.back = d.back || off < d.last
	d.last = off
	return d.Mem.Start(write, p, off, id)
}

func (d *ordered) Await(limit time.Duration, ended func(id, n int, err error)) error {
	if limit == 0 {
		return nil
	}
	return d.Mem.Await(limit, func(id, n int, err error) {
		d.flying--
		ended(id, n, err)
	})
}

// A queue is kept full, and filled in ascending order.
//
// mutant: traverse/conveyor.go: limit = 0 // there => limit += 0 // there
func TestQueueIsKeptFull(t *testing.T) {
	overwritetest.Queued(t)
	d := &ordered{Mem: overwritetest.NewMem(16<<20, 512)}
	res, err := overwrite.Run(context.Background(), d, keyed(t), overwrite.Options{})
	if err != nil || !res.Complete() || d.most != 4 || d.back {
		t.Errorf("%v, %d of 4 in flight at once, backwards %t; %+v", err, d.most, d.back, res)
	}
}

// What failed is narrowed when nothing is in flight any more, and the pass goes on.
//
// mutant: traverse/conveyor.go: c.failed = append(c.failed, i) => c.settle(i)
func TestFailureInAQueueIsNarrowedAlone(t *testing.T) {
	overwritetest.Queued(t)
	d := &ordered{Mem: overwritetest.NewMem(16<<20, 512)}
	d.WriteFault = failing(map[int64]bool{512: true, 9 << 20: true}, 512)
	s := keyed(t)
	res, _ := overwrite.Run(context.Background(), d, s, overwrite.Options{})
	if d.beside || len(res.Failed) != 2 || res.Written != d.Size()-1024 || !res.Flushed {
		t.Errorf("beside others %t; %+v", d.beside, res)
	}
	checkLanded(t, d.Mem, s, res.Covered)
}
