// Package verify reads a medium back and compares it with the stream it
// should hold.
//
// The whole medium, or a sample of it, is read once in ascending order with several aligned buffers in flight and
// compared with the regenerated stream, byte by byte. What differs is reported
// by the sector, what cannot be read too. Reads have to come from the medium:
// the caller opens the device O_DIRECT, after the flush that ended the pass.
//
// A full verification proves what the reads returned, and no more: not what
// lies in reallocated or spare areas, which no read reaches. A sample proves as much
// of the places it read, and of the rest what [sample.Bound] says.
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/wipe/overwrite/traverse"
	"lethe/wipe/pattern"
	"lethe/wipe/verify/sample"
)

// The reasons for a verification that is not clean, to be found in the error
// of Full or Sample with errors.Is, beside the context's own.
var (
	ErrIncomplete = errors.New("verification is incomplete")
	ErrMismatch   = errors.New("medium differs from the stream")
	ErrSize       = traverse.ErrSize // refused: nothing was read
	ErrVanished   = traverse.ErrVanished
	ErrTooMany    = traverse.ErrTooMany   // errors, see Options
	ErrErrorTime  = traverse.ErrErrorTime // errors took too long, see Options
	ErrStuck      = traverse.ErrStuck
)

// MaxRanges bounds Result.Mismatches.
const MaxRanges = traverse.MaxRanges

// Reader is what is verified. ReadAt is called concurrently at distinct
// offsets, with memory, offsets and lengths fit for O_DIRECT; the contract is
// that of io.ReaderAt.
type Reader interface {
	ReadAt(p []byte, off int64) (int, error)
	Size() int64        // bytes
	LogicalSector() int // bytes
}

// Options tune one verification; the zero value is good.
type Options = traverse.Options

// Range is a half-open stretch of the medium in bytes.
type Range = traverse.Range

// Result is what a verification saw.
type Result struct {
	Size       int64         // of the medium, in bytes
	First      int64         // where it began
	Wanted     int64         // bytes that were to be compared: all from First on, or those of the sample
	Compared   int64         // bytes read and compared
	Places     int64         // drawn places read and compared whole; 0 where it is no sample
	Through    int64         // every byte below it that was to be was read and compared
	Covered    []Range       // what was compared, equal or not, merged, ascending
	Mismatches []Range       // whole sectors that differ, merged, ascending; at most MaxRanges of them
	Mismatched int64         // bytes in sectors that differ, all of them
	Unreadable []Range       // what could not be read, to the sector, merged, ascending
	Unreached  []Range       // in neither: the end was not reached, or a failure was not narrowed
	FirstError string        // the first error of the device, also if a retry cured it
	Stopped    string        // why the end was not reached; empty when it was
	Elapsed    time.Duration // monotonic
}

// Complete reports whether every byte that was to be was read and compared.
func (r Result) Complete() bool {
	return r.Wanted > 0 && r.Compared == r.Wanted && r.Through == r.Size &&
		len(r.Unreadable) == 0 && r.Stopped == ""
}

// Clean reports whether every byte that was to be was read, compared and found equal.
func (r Result) Clean() bool {
	return r.Complete() && r.Mismatched == 0 && len(r.Mismatches) == 0
}

// Full reads d, from Options.First to its end, and compares it with s. The error is nil exactly
// when the result is clean. A mismatch does not stop it: the extent of the
// damage is part of the answer.
//
// When ctx ends, Full returns as soon as the reads in flight have, or when
// Options.Grace is over.
func Full(ctx context.Context, d Reader, s pattern.Stream, o Options) (Result, error) {
	return compare(ctx, d, s, traverse.Medium{Size: d.Size(), Sector: d.LogicalSector()}, d.Size()-o.First, o)
}

// Sample reads the ranges of one sample and compares them with s; what is between
// them is not touched. It is like Full otherwise. A sample drawn for another size
// or sector is refused with ErrSize.
func Sample(ctx context.Context, d Reader, s pattern.Stream, places sample.Sample, o Options) (Result, error) {
	m := traverse.Medium{Size: d.Size(), Sector: d.LogicalSector(), Only: []Range{}}
	for _, r := range places.Ranges {
		m.Only = append(m.Only, Range(r))
	}
	if n := len(m.Only); n == 0 || m.Only[n-1].End != m.Size {
		return Result{Size: m.Size}, fmt.Errorf("verify: %w: the sample is of another medium", ErrSize)
	}
	res, err := compare(ctx, d, s, m, places.Bytes, o)
	res.Places = within(places.Drawn, res.Covered)
	return res, err
}

// within counts the places that lie wholly in ranges; both are in ascending order.
func within(places []sample.Range, ranges []Range) (n int64) {
	for _, p := range places {
		for len(ranges) > 0 && ranges[0].End < p.End {
			ranges = ranges[1:]
		}
		if len(ranges) > 0 && ranges[0].First <= p.First {
			n++
		}
	}
	return n
}

func compare(ctx context.Context, d Reader, s pattern.Stream, m traverse.Medium, wanted int64, o Options) (Result, error) {
	none := Result{Size: m.Size, Wanted: wanted}
	st, err := newStep(d, s)
	if err != nil {
		return none, fmt.Errorf("verify: %w", err)
	}
	rep, err := traverse.Run(ctx, m, o, st)
	if err != nil {
		return none, fmt.Errorf("verify: %w", err)
	}
	res := Result{
		Size: rep.Size, First: o.First, Wanted: wanted, Compared: rep.GoodBytes, Through: rep.Through, Covered: rep.Good,
		Mismatches: rep.Differ, Mismatched: rep.DifferSum, Unreadable: rep.Bad, Unreached: rep.Unreached, Elapsed: rep.Elapsed,
	}
	if rep.FirstError != nil {
		res.FirstError = rep.FirstError.Error()
	}
	if rep.Stopped != nil {
		res.Stopped = rep.Stopped.Error()
	}
	return res, res.err(rep.Stopped)
}

// err is nil for a clean result and else joins all that is wrong.
func (r Result) err(stopped error) error {
	if r.Clean() {
		return nil
	}
	var all []error
	if r.Mismatched > 0 {
		all = append(all, fmt.Errorf("%w: %d bytes in sectors that differ", ErrMismatch, r.Mismatched))
	}
	switch {
	case stopped != nil:
		all = append(all, fmt.Errorf("%w: %d of %d bytes: %w", ErrIncomplete, r.Compared, r.Wanted, stopped))
	case !r.Complete():
		all = append(all, fmt.Errorf("%w: %d of %d bytes, %d ranges unreadable: %s",
			ErrIncomplete, r.Compared, r.Wanted, len(r.Unreadable), r.FirstError))
	}
	return errors.Join(all...)
}
