package wipe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/wipe/pattern"
)

// Tell takes one exchange with a drive down and returns when it is on the transcript. Its
// error vetoes whatever comes next.
type Tell func(step string, x record.Exchange) error

// Eraser carries out one of the drive's own erase commands. It decides nothing: it asks,
// commands, waits, and tells every raw answer before it goes on.
type Eraser interface {
	// Observe asks the drive how it stands: at record.StepBefore, StepReady or StepAfter.
	Observe(ctx context.Context, step string, tell Tell) error
	// Erase gives the command, once, and follows it until the drive says how it ended or
	// it cannot be known. It is the only irreversible part. An error is a drive that
	// refused, failed or could not be followed; it may have erased nothing, some or all.
	Erase(ctx context.Context, tell Tell, how func(Course)) error
}

// Course is how far a command of the drive's own is, by its own word.
type Course struct {
	Done  int64         // of 65536; -1 where the drive does not say
	Allow time.Duration // how long it may be silent from now on
}

// Commander is a drive that can be given commands of its own.
type Commander interface {
	// Eraser is who carries out an act on this drive; the error says why nobody can.
	Eraser(act record.Act) (Eraser, error)
}

// native carries out the acts of the task, each with canaries of its own.
func (w *work) native(ctx context.Context, d Drive) error {
	c, ok := d.(Commander)
	if !ok {
		return errors.New("this drive cannot be given commands of its own")
	}
	for i, act := range w.spec.Task.Acts {
		e, err := c.Eraser(act)
		if err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
		if err := w.act(ctx, i, act, e); err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
	}
	return nil
}

// act follows law 2: how the drive stands, canaries, how it stands now, the command,
// how it stands afterwards, canaries gone.
func (w *work) act(ctx context.Context, round int, act record.Act, e Eraser) error {
	tell := func(step string, x record.Exchange) error {
		return w.tell(record.Event{Exchanged: &record.Exchanged{Act: act, Step: step, Exchange: x}})
	}
	observe := func(step string) error {
		if err := e.Observe(ctx, step, tell); err != nil {
			return fmt.Errorf("ask the drive (%s): %w", step, err)
		}
		return nil
	}
	if err := observe(record.StepBefore); err != nil {
		return err
	}
	c, err := newCanaries(w, round, act)
	if err != nil {
		return err
	}
	defer c.free()
	if err := c.plant(ctx); err != nil {
		return err
	}
	if err := observe(record.StepReady); err != nil {
		return err
	}
	if err := w.same(ctx); err != nil {
		return err
	}
	if err := e.Erase(ctx, tell, func(k Course) { w.course(act, k) }); err != nil {
		return err
	}
	if err := observe(record.StepAfter); err != nil {
		return err
	}
	return c.look(ctx)
}

// same needs the drive to be the planned one still, directly before the command (law 4).
func (w *work) same(ctx context.Context) error {
	o, err := w.drive.State(ctx)
	if err != nil {
		return fmt.Errorf("identify drive before the command: %w", err)
	}
	d := w.spec.Task.Device
	if !o.Identity.Same(d.Identity) || o.Size != d.Size || o.LogicalSector != d.LogicalSector {
		return fmt.Errorf("the drive is %s with %d bytes now, planned was %s with %d: the command was not given", o.Identity, o.Size, d.Identity, d.Size)
	}
	return nil
}

// course tells people how far the drive is.
func (w *work) course(act record.Act, k Course) {
	p := Progress{Phase: "command", Act: act, Pass: 1, Of: int64(len(w.spec.Task.Acts)), Total: w.drive.Size(), Allow: k.Allow}
	for i, a := range w.spec.Task.Acts {
		if a == act {
			p.Pass = int64(i + 1)
		}
	}
	if k.Done >= 0 {
		p.Done = w.drive.Size() / 65536 * min(k.Done, 65536)
	}
	w.port.Progress(p)
}

// drawSeed draws the seed of the canaries and puts its digest down before anything is
// written.
func (w *work) drawSeed() error {
	seed, err := pattern.NewKey()
	if err != nil {
		return err
	}
	w.seed = seed[:]
	return w.tell(record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(w.seed)}})
}
