package eraseata

import (
	"context"
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/wipe"
	"lethe/wipe/witness"
)

// Condition is how an eraser finds a drive.
type Condition string

// The conditions of a drive.
const (
	Idle     Condition = "idle"     // nothing is the matter
	Running  Condition = "running"  // a sanitize is under way
	Failed   Condition = "failed"   // one failed: the drive gives nothing back
	Password Condition = "password" // a password is set: the published one, or somebody's
	Unknown  Condition = "unknown"  // the drive, or its adapter, does not say
)

// Recover makes a drive usable that an erase left otherwise, and returns how it found
// it. What it does is told at the step before: none of it is evidence of the act. Its
// commands may erase, and need the same grant as the act. The published password is tried
// once: call Recover once in a power cycle.
func (e *Eraser) Recover(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) (Condition, error) {
	before := func(_ string, x record.Exchange) error { return tell(record.StepBefore, x) }
	w := e.at(record.StepBefore, tell)
	id, err := identify(ctx, w)
	if err != nil {
		return Unknown, err
	}
	was := Idle
	if id.Sanitize().Supported {
		if was, err = condition(ctx, w); err != nil {
			return was, err
		}
	}
	if was == Running {
		if err := e.attach(ctx, before, how); err != nil && !errors.Is(err, ErrFailed) {
			return was, err
		} else if err != nil {
			return was, e.mend(ctx, w, id, before, how)
		}
		if id, err = identify(ctx, w); err != nil {
			return was, err
		}
	}
	if s := id.Security(); s.Enabled || s.Locked {
		if was == Idle {
			was = Password
		}
		if err := release(ctx, w, s); err != nil {
			return was, err
		}
	}
	if was == Failed {
		return was, e.mend(ctx, w, id, before, how)
	}
	return was, nil
}

// condition is what SANITIZE STATUS EXT says of the drive.
func condition(ctx context.Context, w *witness.ATA) (Condition, error) {
	s, err := status(ctx, w)
	why, said := ata.SanitizeAborted(err)
	switch {
	case err == nil && s.InProgress:
		return Running, nil
	case err == nil:
		return Idle, nil
	case w.Vetoed() == nil && said && why == ata.SanitizeFailed:
		return Failed, nil
	}
	return Unknown, err
}

// attach follows a sanitize that somebody gave, whatever the act of this eraser.
func (e *Eraser) attach(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) error {
	start := e.start
	defer func() { e.start = start }()
	e.start = ata.SanitizeStatusCommand(false) // one that was given; it is not sent
	e.track.begin(e.opts.Clock.Now())
	return e.follow(ctx, tell, how)
}

// mend takes a drive out of the failed state: it leaves it, where the run that failed
// allows that, else it is sanitised again, by the act of this eraser or by what the drive
// has.
func (e *Eraser) mend(ctx context.Context, w *witness.ATA, id ata.Identify, tell wipe.Tell, how func(wipe.Course)) error {
	r, err := w.Do(ctx, ata.SanitizeStatusCommand(true))
	if err == nil {
		_, err = ata.ParseSanitizeState(r.Registers)
	}
	var a *ata.AbortError
	if err == nil || w.Vetoed() != nil || !errors.As(err, &a) {
		return err
	}
	tried := []error{err}
	s := id.Sanitize()
	has := map[record.Act]bool{record.ATASanitizeCrypto: s.Crypto, record.ATASanitizeBlock: s.Block, record.ATASanitizeOverwrite: s.Overwrite}
	for i, act := range []record.Act{e.act, record.ATASanitizeBlock, record.ATASanitizeCrypto, record.ATASanitizeOverwrite} {
		if !has[act] || i > 0 && act == e.act {
			continue
		}
		c, err := sanitizeCommand(act, e.opts)
		if err != nil {
			return err
		}
		if _, err = w.Do(ctx, c); err == nil {
			err = e.attach(ctx, tell, how)
		}
		if err == nil || w.Vetoed() != nil || !errors.As(err, &a) && !errors.Is(err, ErrFailed) {
			return err
		}
		tried = append(tried, fmt.Errorf("%s: %w", act, err))
	}
	return fmt.Errorf("the drive stays in the failed state: %w", errors.Join(tried...))
}
