// Package overwrite writes a stream over every sector of a device, at the
// device's own speed, and says exactly what it reached.
//
// Several aligned buffers are in flight: while one is written the next ones
// are filled. Writes begin in ascending order. A write that fails is narrowed
// down to the sectors that fail; the pass goes on behind them. After the last
// write the device's volatile cache is flushed, and only an acknowledged flush
// makes a pass complete.
//
// The package trusts the device's acknowledgements; whether the bytes are
// there is for package verify to find out.
package overwrite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/wipe/overwrite/traverse"
	"lethe/wipe/pattern"
)

// The reasons for an incomplete pass, to be found in the error of Run with
// errors.Is, beside the context's own.
var (
	ErrIncomplete = errors.New("overwrite is incomplete") // in every error after the start
	ErrSize       = traverse.ErrSize                      // refused: nothing was written
	ErrVanished   = traverse.ErrVanished
	ErrTooMany    = traverse.ErrTooMany   // errors, see Options
	ErrErrorTime  = traverse.ErrErrorTime // errors took too long, see Options
	ErrStuck      = traverse.ErrStuck
)

// Device is what is overwritten. WriteAt is called concurrently at distinct
// offsets, with memory, offsets and lengths fit for O_DIRECT; the contract is
// that of io.WriterAt. Flush empties the volatile write cache.
type Device interface {
	WriteAt(p []byte, off int64) (int, error)
	Flush(ctx context.Context) error
	Size() int64        // bytes
	LogicalSector() int // bytes
}

// Options tune one pass; the zero value is good.
type Options = traverse.Options

// Range is a half-open stretch of the medium in bytes.
type Range = traverse.Range

// Result is what a pass reached.
type Result struct {
	Size       int64         // of the device, in bytes
	First      int64         // where the pass began
	Written    int64         // bytes the device acknowledged
	Through    int64         // every byte below it was acknowledged
	Covered    []Range       // what was acknowledged, merged, ascending
	Failed     []Range       // what could not be written, to the sector, merged, ascending
	Unreached  []Range       // in neither: the end was not reached, or a failure was not narrowed
	FirstError string        // the first error of the device, also if a retry cured it
	Flushed    bool          // the flush after the last write was acknowledged
	FlushErr   error         // why it was not; nil when none was tried
	Stopped    string        // why the end was not reached; empty when it was
	Elapsed    time.Duration // with the flush
}

// Complete reports whether every byte was acknowledged and flushed.
func (r Result) Complete() bool {
	return r.Size > r.First && r.Written == r.Size-r.First && r.Through == r.Size &&
		len(r.Failed) == 0 && r.Stopped == "" && r.Flushed && r.FlushErr == nil
}

// Run writes s over d, from Options.First to its end. The error is nil exactly when the result
// is complete.
//
// When ctx ends, Run returns as soon as the writes in flight have (or when
// Options.Grace is over) and does not flush.
func Run(ctx context.Context, d Device, s pattern.Stream, o Options) (Result, error) {
	began := time.Now()
	m := traverse.Medium{Size: d.Size(), Sector: d.LogicalSector()}
	rep, err := traverse.Run(ctx, m, o, &step{device: d, stream: s, uniform: pattern.IsUniform(s)})
	if err != nil {
		return Result{Size: m.Size}, fmt.Errorf("overwrite: %w", err)
	}
	res := Result{
		Size: rep.Size, First: o.First, Written: rep.GoodBytes, Through: rep.Through,
		Covered: rep.Good, Failed: rep.Bad, Unreached: rep.Unreached,
	}
	if rep.FirstError != nil {
		res.FirstError = rep.FirstError.Error()
	}
	if rep.Stopped != nil {
		res.Stopped = rep.Stopped.Error()
	}
	// Without a whole traversal a flush proves nothing, but a drive with bad
	// sectors shall keep what it did take.
	if rep.Stopped == nil || onlyErrors(rep.Stopped) {
		res.FlushErr = flush(ctx, d, o.Grace)
		res.Flushed = res.FlushErr == nil
	}
	res.Elapsed = time.Since(began)
	return res, res.err(rep.Stopped)
}

// err is nil for a complete result and else says what is missing.
func (r Result) err(stopped error) error {
	switch {
	case r.Complete():
		return nil
	case stopped != nil:
		return fmt.Errorf("%w: %d of %d bytes: %w", ErrIncomplete, r.Written, r.Size, stopped)
	case len(r.Failed) > 0:
		return fmt.Errorf("%w: %d of %d bytes, %d ranges failed: %s",
			ErrIncomplete, r.Written, r.Size, len(r.Failed), r.FirstError)
	case r.FlushErr != nil:
		return fmt.Errorf("%w: %w", ErrIncomplete, r.FlushErr)
	}
	return fmt.Errorf("%w: %d of %d bytes", ErrIncomplete, r.Written, r.Size)
}

// onlyErrors reports whether the drive still answers and only erred too much.
func onlyErrors(err error) bool {
	return (errors.Is(err, ErrTooMany) || errors.Is(err, ErrErrorTime)) && !errors.Is(err, ErrStuck)
}
