package erasescsi

import (
	"context"
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

// Condition is how an eraser finds a drive.
type Condition string

// The conditions of a drive.
const (
	Idle     Condition = "idle"     // nothing is the matter
	Running  Condition = "running"  // an erase is under way
	Failed   Condition = "failed"   // a sanitize failed: it gives nothing back until one succeeds
	Corrupt  Condition = "corrupt"  // a format was cut off or failed
	Troubled Condition = "troubled" // anything else
)

// Condition asks how the drive is, at the step before.
func (e *Eraser) Condition(ctx context.Context, tell wipe.Tell) (Condition, error) {
	v := &voice{conn: e.conn, step: record.StepBefore, tell: tell}
	for range mostAttention {
		c, s, err := e.ask(ctx, v, scsi.RequestSenseCommand(false))
		if c == attention && err == nil {
			continue
		}
		if err == nil && (c == quiet || c == unclear) {
			// A drive may be silent there and yet not be ready.
			c, s, err = e.ask(ctx, v, scsi.TestUnitReadyCommand())
			if c == attention && err == nil {
				continue
			}
		}
		if err != nil {
			return Troubled, err
		}
		return found(c, s), nil
	}
	return Troubled, errAttention
}

func found(c condition, s scsi.Sense) Condition {
	switch {
	case c == running:
		return Running
	case c == failed && s.SanitizeFailed():
		return Failed
	case c == failed:
		return Corrupt
	case c == quiet:
		return Idle
	}
	return Troubled
}

// Recover makes a drive usable that an erase left otherwise, and returns how it found
// it. What it does is told at the step before: none of it is evidence of the act. Its
// commands erase, and need the same grant as the act.
func (e *Eraser) Recover(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) (Condition, error) {
	was, err := e.Condition(ctx, tell)
	if err != nil {
		return was, err
	}
	before := func(_ string, x record.Exchange) error { return tell(record.StepBefore, x) }
	e.track.begin(e.opts.Clock.Now())
	v := &voice{conn: e.conn, step: record.StepBefore, tell: tell}
	switch was {
	case Idle:
		return was, nil
	case Running:
		err = e.follow(ctx, before, how)
		var f *FailedError
		if !errors.As(err, &f) {
			return was, err
		}
		return was, e.mend(ctx, v, before, how, f.Sense.SanitizeFailed())
	case Failed, Corrupt:
		return was, e.mend(ctx, v, before, how, was == Failed)
	}
	return was, fmt.Errorf("the drive is neither ready nor erasing")
}

// mend gives a drive back that says that it failed.
func (e *Eraser) mend(ctx context.Context, v *voice, tell wipe.Tell, how func(wipe.Course), sanitize bool) error {
	if !sanitize {
		c, err := scsi.Format{}.Command()
		if err != nil {
			return err
		}
		return e.run(ctx, v, c, tell, how)
	}
	tried, ended := e.again(ctx, v, tell, how)
	if ended {
		return tried
	}
	c, err := scsi.Sanitize{Action: scsi.SanitizeExit}.Command()
	if err == nil {
		err = once(ctx, v, c)
	}
	if err != nil {
		return fmt.Errorf("the drive is in its failure mode and takes no command out of it: %w", errors.Join(tried, err))
	}
	return nil
}

// again erases a drive that is in the failure mode of a sanitize, by the act of this
// eraser where it is one, else by what the drive takes. It has ended where the drive is
// erased, or nothing more can be tried; else the error has what was.
func (e *Eraser) again(ctx context.Context, v *voice, tell wipe.Tell, how func(wipe.Course)) (tried error, ended bool) {
	for i, a := range []record.Act{e.act, record.SCSISanitizeBlock, record.SCSISanitizeCrypto, record.SCSISanitizeOverwrite} {
		if a == record.SCSIFormatUnit || i > 0 && a == e.act {
			continue
		}
		err := e.sanitize(ctx, v, a, e.opts.Unrestricted, tell, how)
		var refused *scsi.StatusError
		if e.opts.Unrestricted && errors.As(err, &refused) {
			// What failed restricted is taken up again restricted only.
			err = e.sanitize(ctx, v, a, false, tell, how)
		}
		var failed *FailedError
		if !errors.As(err, &refused) && !errors.As(err, &failed) {
			return err, true
		}
		tried = errors.Join(tried, fmt.Errorf("%s: %w", a, err))
	}
	return tried, false
}

func (e *Eraser) sanitize(ctx context.Context, v *voice, a record.Act, unrestricted bool, tell wipe.Tell, how func(wipe.Course)) error {
	s := scsi.Sanitize{Action: actions[a], Unrestricted: unrestricted}
	if a == record.SCSISanitizeOverwrite {
		s.Passes, s.Pattern = 1, make([]byte, 4)
	}
	c, err := s.Command()
	if err != nil {
		return err
	}
	return e.run(ctx, v, c, tell, how)
}

// run gives a command and follows it.
func (e *Eraser) run(ctx context.Context, v *voice, c *scsi.Command, tell wipe.Tell, how func(wipe.Course)) error {
	err := once(ctx, v, c)
	e.track.begin(e.opts.Clock.Now())
	if err != nil {
		return err
	}
	return e.follow(ctx, tell, how)
}
