package wipe

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"lethe/certs/record"
	"lethe/wipe/overwrite/traverse"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
)

// How often a pass makes sure of what it has written: with each sixteenth of the drive,
// and at DefaultKeepEvery at the latest, so that a day's transcript stays short.
const (
	DefaultKeepEvery = 5 * time.Minute
	keepParts        = 16
	// keepUnit is what the place to go on from is a multiple of, in bytes.
	keepUnit = 1 << 20
	// maxReadBack is how much is read back to make sure, in bytes: half a second of a
	// drive's time.
	maxReadBack = 64 << 20
	// keepWait is how long the end of a pass waits for a read-back that is under way.
	keepWait = 5 * time.Second
)

// sure makes sure, while a pass goes on, of how far it has come: it flushes what was
// acknowledged, and reads the end of it back. All but keep runs on the goroutine of
// the pass.
type sure struct {
	t      *traversal
	ctx    context.Context
	cancel context.CancelFunc
	stream pattern.Stream
	every  time.Duration
	begin  int64
	kept   int64
	last   time.Time
	failed error // a flush that the drive refused: what it had acknowledged may be lost
	busy   bool
	done   chan assurance
	// flushing says that a flush is with the drive.
	flushing atomic.Bool
}

// assurance is what came of one attempt.
type assurance struct {
	read  *record.ReadBack
	flush error
}

func newSure(ctx context.Context, t *traversal, s pattern.Stream, begin int64, every time.Duration) *sure {
	c := &sure{t: t, stream: s, every: every, begin: begin, kept: begin, last: time.Now(), done: make(chan assurance, 1)}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// through is told how far the pass has come without a gap.
func (c *sure) through(x int64) {
	c.take()
	unit := max(keepUnit/int64(c.t.work.drive.LogicalSector()), 1) * int64(c.t.work.drive.LogicalSector())
	size := c.t.work.drive.Size()
	if size < keepParts*unit { // of a small drive every part counts
		unit = int64(c.t.work.drive.LogicalSector())
	}
	x -= x % unit
	// Of the end the pass itself speaks: a task that has kept all of it has nothing to go
	// on with, and no end of the pass either.
	if c.busy || c.failed != nil || x >= size || x <= c.kept || x-c.kept < size/keepParts && time.Since(c.last) < c.every {
		return
	}
	c.busy, c.last = true, time.Now()
	from := max(c.begin, x-min(maxReadBack, max(unit, (x-c.kept)/keepParts/unit*unit)))
	go func() { c.done <- c.keep(from, x) }()
}

// keep flushes what was acknowledged before it was called, and reads the end of it back.
func (c *sure) keep(from, to int64) assurance {
	w := c.t.work
	c.flushing.Store(true)
	err := w.drive.Flush(c.ctx)
	c.flushing.Store(false)
	if err != nil {
		return assurance{flush: err}
	}
	return assurance{read: w.readBack(c.ctx, c.t.pass, c.stream, from, to)}
}

// take tells what an attempt has come to, where one has ended.
func (c *sure) take() {
	select {
	case a := <-c.done:
		c.tell(a)
	default:
	}
}

func (c *sure) tell(a assurance) {
	c.busy = false
	switch {
	case a.flush != nil && c.ctx.Err() == nil:
		// A later flush may succeed and mean only what was written after this one.
		c.failed = fmt.Errorf("flush device: %w", a.flush)
		c.t.cancel(c.failed)
	case a.read != nil && c.t.failed == nil:
		if c.t.failed = c.t.work.tell(record.Event{Kept: a.read}); c.t.failed != nil {
			c.t.cancel(c.t.failed)
			return
		}
		if a.read.Equal() {
			c.kept = int64(a.read.Range.End)
		}
	}
}

// end waits for an attempt that is under way.
func (c *sure) end() {
	if c.busy {
		wait := time.NewTimer(keepWait)
		defer wait.Stop()
		select {
		case a := <-c.done:
			c.tell(a)
		case <-wait.C:
			if c.flushing.Load() {
				c.failed = errors.New("flush device: an earlier flush was not answered, and the last one may mean only what came after it")
			}
		}
	}
	c.cancel()
}

// readBack compares a part of the medium with the stream. It is nil where ctx ended
// before it was through.
func (w *work) readBack(ctx context.Context, pass int64, s pattern.Stream, from, to int64) *record.ReadBack {
	res, err := verify.Full(ctx, window{w.drive, to}, s, traverse.Options{First: from, InFlight: 2, MaxErrors: 1})
	if ctx.Err() != nil {
		return nil
	}
	r := &record.ReadBack{Pass: pass, Range: record.Range{First: record.Size(from), End: record.Size(to)}, Differ: record.Size(res.Mismatched)}
	if err != nil && !errors.Is(err, verify.ErrMismatch) || !res.Complete() {
		r.Error = "not all of it could be read"
		if err != nil {
			r.Error = err.Error()
		}
	}
	return r
}

// window is a drive up to an offset.
type window struct {
	Drive
	size int64
}

func (w window) Size() int64 { return w.size }
