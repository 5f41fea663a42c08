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

// security sets the published password, and erases. It returns when the drive has ended
// the command.
func (e *Eraser) security(ctx context.Context, w *witness.ATA, tell wipe.Tell) error {
	id, err := identify(ctx, w)
	if err != nil {
		return err
	}
	enhanced := e.act == record.ATASecurityEnhanced
	if err := erases(id.Security(), enhanced); err != nil {
		return err
	}
	e.expect(id)
	e.track.begin(e.opts.Clock.Now())
	if _, err := w.Do(ctx, ata.SetPasswordCommand(ata.ErasePassword)); err != nil {
		// A drive that did not answer may have taken it.
		return e.undo(ctx, w, tell, fmt.Errorf("set the erase password: %w", err))
	}
	if id, err = identify(ctx, w); err != nil {
		return e.undo(ctx, w, tell, err)
	}
	if s := id.Security(); !s.Enabled || s.Locked || s.Frozen {
		return e.undo(ctx, w, tell, fmt.Errorf("the drive took the erase password and shows word 128 %04Xh", id.Word[128]))
	}
	if err := unit(ctx, w, enhanced); err != nil {
		return e.undo(ctx, w, tell, err)
	}
	return nil
}

// unit is SECURITY ERASE PREPARE and, directly after it, SECURITY ERASE UNIT. Once the
// second is sent nothing ends it: ctx has a say before, not then.
func unit(ctx context.Context, w *witness.ATA, enhanced bool) error {
	if _, err := w.Do(ctx, ata.ErasePrepareCommand()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := w.Do(context.WithoutCancel(ctx), ata.EraseUnitCommand(ata.ErasePassword, enhanced))
	return err
}

// expect notes how long the erase may take.
func (e *Eraser) expect(id ata.Identify) {
	size := id.Sectors() * uint64(id.LogicalSector())
	e.track.patience = id.EraseTime(e.act == record.ATASecurityEnhanced).Patience(size)
}

// ended looks whether the password is gone, as it is after an erase that ran to its end
// (ACS-3, SECURITY ERASE UNIT).
func (e *Eraser) ended(ctx context.Context, w *witness.ATA) (Progress, error) {
	id, err := identify(ctx, w)
	if err != nil {
		return Progress{}, err
	}
	if s := id.Security(); s.Enabled || s.Locked {
		err := fmt.Errorf("%w: the password is still set, word 128 %04Xh", ErrFailed, id.Word[128])
		return Progress{}, errors.Join(err, release(ctx, w, s))
	}
	return Progress{Done: 65536, Ended: true}, nil
}

// undo takes the erase password off a drive whose erase came to nothing, so that it is
// not left locked. What was is returned, with what failed besides. Nothing is sent where
// the transcript is lost.
func (e *Eraser) undo(ctx context.Context, w *witness.ATA, tell wipe.Tell, was error) error {
	if w.Vetoed() != nil {
		return was
	}
	p := e.at(record.StepPoll, tell)
	id, err := identify(context.WithoutCancel(ctx), p)
	if err == nil && id.Security().Enabled {
		err = release(context.WithoutCancel(ctx), p, id.Security())
	}
	if err != nil {
		return errors.Join(was, fmt.Errorf("the erase password may still be set: %w", err))
	}
	return was
}

// release takes the erase password off. It is tried once: a drive counts the wrong ones.
func release(ctx context.Context, w *witness.ATA, s ata.Security) error {
	switch {
	case s.Frozen:
		return ErrFrozen
	case s.Expired:
		return ErrExpired
	}
	var a *ata.AbortError
	if s.Locked {
		if _, err := w.Do(ctx, ata.UnlockCommand(ata.ErasePassword)); err != nil {
			if w.Vetoed() == nil && errors.As(err, &a) {
				err = fmt.Errorf("%w: %w", ErrLocked, err)
			}
			return err
		}
	}
	if _, err := w.Do(ctx, ata.DisablePasswordCommand(ata.ErasePassword)); err != nil {
		if w.Vetoed() == nil && errors.As(err, &a) {
			err = fmt.Errorf("%w: %w", ErrLocked, err)
		}
		return err
	}
	id, err := identify(ctx, w)
	if err == nil && (id.Security().Enabled || id.Security().Locked) {
		err = fmt.Errorf("the drive took the password off and shows word 128 %04Xh", id.Word[128])
	}
	return err
}
