package eraseata

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/wipe"
	"lethe/wipe/witness"
)

// tries is how often registers that an adapter withheld are asked for in one poll.
const tries = 3

// Poll asks once how far the erase is. An error is final: ErrFailed, ErrStuck, ErrSilent,
// ErrUnavailable, ErrUnclear, a veto, or the end of ctx.
func (e *Eraser) Poll(ctx context.Context, tell wipe.Tell) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return Progress{}, err
	}
	w := e.at(record.StepPoll, e.track.changes(tell))
	if e.start == nil {
		return e.ended(ctx, w)
	}
	s, err := status(ctx, w)
	now := e.opts.Clock.Now()
	switch {
	case w.Vetoed() != nil:
		return Progress{}, w.Vetoed()
	case ctx.Err() != nil:
		return Progress{}, ctx.Err()
	case err != nil:
		return e.track.progress(), e.track.doubt(now, e.opts, err)
	}
	e.track.heard = now
	switch {
	case s.InProgress:
		e.track.sure = now
		e.track.at(now, s.Progress)
	case s.Completed:
		return Progress{Done: 65536, Ended: true}, nil
	default: // not at work is not done
		if err := e.track.lapse(now, e.track.sure, e.opts, ErrUnclear, errNeither); err != nil {
			return Progress{}, err
		}
	}
	if err := e.track.stuck(now, e.opts); err != nil {
		return Progress{}, err
	}
	return e.track.progress(), nil
}

var errNeither = errors.New("no sanitize is under way, and none completed")

// doubt is what an answer that tells nothing comes to: nil while there is patience left.
func (t *tracker) doubt(now time.Time, o Options, err error) error {
	var a *ata.AbortError
	why, said := ata.SanitizeAborted(err)
	switch {
	case said && why == ata.SanitizeFailed:
		return fmt.Errorf("%w: %w", ErrFailed, err)
	case errors.Is(err, ata.ErrNoRegisters):
		return t.lapse(now, t.sure, o, ErrUnavailable, err)
	case errors.As(err, &a), errors.Is(err, ata.ErrContradiction):
		t.heard = now
		return t.lapse(now, t.sure, o, ErrUnclear, err)
	}
	return t.lapse(now, t.heard, o, ErrSilent, err)
}

func (t *tracker) lapse(now, since time.Time, o Options, as, err error) error {
	if d := now.Sub(since); d > o.Silence {
		return fmt.Errorf("%w: for %v: %w", as, d.Round(time.Second), err)
	}
	return nil
}

// status is SANITIZE STATUS EXT. Registers that were withheld are asked for again, and so
// is a drive that had a reset to report.
func status(ctx context.Context, w *witness.ATA) (s ata.SanitizeState, err error) {
	for range tries {
		var r ata.Response
		r, err = w.Do(ctx, ata.SanitizeStatusCommand(false))
		if err == nil {
			s, err = ata.ParseSanitizeState(r.Registers)
		}
		if w.Vetoed() != nil || ctx.Err() != nil || !attention(err) && !errors.Is(err, ata.ErrNoRegisters) {
			return s, err
		}
	}
	return s, err
}

// identify is IDENTIFY DEVICE, again where the drive had a reset to report.
func identify(ctx context.Context, w *witness.ATA) (id ata.Identify, err error) {
	for range tries {
		c := ata.IdentifyCommand()
		if _, err = w.Do(ctx, c); err == nil {
			return ata.ParseIdentify(c.Data)
		}
		if w.Vetoed() != nil || ctx.Err() != nil || !attention(err) {
			return id, err
		}
	}
	return id, err
}
