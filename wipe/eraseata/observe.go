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

// Observe asks the drive how it stands, before, directly before ("ready") and after the
// command. It draws no conclusion. An error is a drive that could not be asked, or at
// "ready" one whose state cannot be read: nothing irreversible is done to a drive of which
// nobody could say afterwards whether it obeyed.
func (e *Eraser) Observe(ctx context.Context, step string, tell wipe.Tell) error {
	w := e.at(step, tell)
	id, err := identify(ctx, w)
	if err != nil {
		return err
	}
	if e.start == nil {
		e.expect(id)
	}
	if step == record.StepBefore {
		_, err := ata.ReadSecurityPage(ctx, w, id)
		if err := lost(ctx, w, err); err != nil {
			return err
		}
	}
	if step != record.StepReady {
		// What goes bad meanwhile is data left behind.
		_, err := ata.ReadHealth(ctx, w, id)
		if err := lost(ctx, w, err); err != nil {
			return err
		}
	}
	if !id.Sanitize().Supported {
		return nil
	}
	_, err = status(ctx, w)
	if step == record.StepReady && e.start != nil && err != nil {
		return fmt.Errorf("the drive does not say how it stands: %w", err)
	}
	return lost(ctx, w, err)
}

// lost is an error after which nothing more can be asked. A drive that refuses, or whose
// answer cannot be decoded, has been told of.
func lost(ctx context.Context, w *witness.ATA, err error) error {
	if w.Vetoed() != nil || ctx.Err() != nil {
		return errors.Join(w.Vetoed(), ctx.Err())
	}
	return nil
}
