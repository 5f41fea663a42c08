package erasescsi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

// condition is what a drive's answer comes to.
type condition int

const (
	unclear   condition = iota // an answer that fits nothing below, or none
	attention                  // something happened to the drive, told once
	running                    // at work
	failed                     // it says that it failed
	quiet                      // it has nothing to tell
)

// read gives sense data its meaning. Progress under NO SENSE is progress, too.
func read(s scsi.Sense) condition {
	work := s.Is(0x04, 0x1b) || s.Is(0x04, 0x04) || s.HasProgress
	switch {
	case s.Deferred:
		return unclear
	case s.SanitizeFailed() || s.FormatFailed() || s.FormatCorrupt():
		return failed
	case work && (s.Key == scsi.KeyNotReady || s.Key == scsi.KeyNoSense):
		return running
	case s.Key == scsi.KeyUnitAttention:
		return attention
	case s.Nothing():
		return quiet
	}
	return unclear
}

// Poll asks once how far the erase is. An error is final: *FailedError, ErrStuck,
// ErrSilent, ErrUnclear, ErrVeto, or the end of ctx.
func (e *Eraser) Poll(ctx context.Context, tell wipe.Tell) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return Progress{}, err
	}
	v := &voice{conn: e.conn, step: record.StepPoll, tell: e.track.changes(tell)}
	now := e.opts.Clock.Now()
	c, s, err := e.look(ctx, v)
	switch {
	case errors.Is(v.err, ErrVeto):
		return Progress{}, v.err
	case ctx.Err() != nil:
		return Progress{}, ctx.Err()
	case err != nil && now.Sub(e.track.heard) > e.opts.Silence:
		return Progress{}, fmt.Errorf("%w: for %v: %w", ErrSilent, now.Sub(e.track.heard).Round(time.Second), err)
	case err == nil:
		e.track.heard = now
	}
	switch c {
	case failed:
		return Progress{}, &FailedError{s}
	case quiet:
		return Progress{Done: 65536, Left: 0, Ended: true}, nil
	case running:
		e.track.at(now, s)
	case attention:
		e.track.sure = now
	default:
		if err == nil && now.Sub(e.track.sure) > e.opts.Silence {
			return Progress{}, fmt.Errorf("%w: sense %v", ErrUnclear, s)
		}
	}
	if err := e.track.stuck(now, e.opts, e.recommended); err != nil {
		return Progress{}, err
	}
	return e.track.progress(), nil
}

// look asks REQUEST SENSE; where that has nothing to tell, TEST UNIT READY; where that
// is GOOD, for a block. The first answer that is more than that counts. An error is a
// drive that did not answer, or only that it is busy.
func (e *Eraser) look(ctx context.Context, v *voice) (condition, scsi.Sense, error) {
	c, s, err := e.ask(ctx, v, scsi.RequestSenseCommand(false))
	if err != nil || c == running || c == failed || c == attention {
		return c, s, err
	}
	silent := c == quiet
	c, s, err = e.ask(ctx, v, scsi.TestUnitReadyCommand())
	if err != nil || c != quiet {
		return c, s, err
	}
	if !silent {
		return unclear, s, nil // REQUEST SENSE could not be read: GOOD alone is not enough
	}
	return e.ask(ctx, v, e.readCommand())
}

// ask sends one command and reads what it says of the drive.
func (e *Eraser) ask(ctx context.Context, v *voice, c *scsi.Command) (condition, scsi.Sense, error) {
	r, err := v.Do(ctx, c)
	if err != nil {
		return unclear, scsi.Sense{}, err
	}
	var s scsi.Sense
	switch {
	case r.Status == scsi.StatusGood && c.CDB[0] == 0x03:
		if r.Received < 0 || r.Received > len(c.Data) {
			return unclear, s, nil
		}
		if s, err = scsi.ParseSense(c.Data[:r.Received]); err != nil {
			return unclear, s, nil
		}
		return read(s), s, nil
	case r.Status == scsi.StatusGood:
		return quiet, s, nil
	case r.Status != scsi.StatusCheckCondition:
		return unclear, s, r.Err(c) // busy, or reserved by another host
	}
	if s, err = scsi.ParseSense(r.Sense); err != nil {
		return unclear, s, nil
	}
	got := read(s)
	switch {
	case got == quiet, got == attention && c.CDB[0] == opRead:
		got = unclear
	case c.CDB[0] == opRead && !e.reads && s.Key == scsi.KeyMedium && s.ASC == 0x11 && (e.act == record.SCSISanitizeBlock || e.act == record.SCSISanitizeCrypto):
		got = quiet // it was answered: the block must be written first (SBC-4 §4.11.2)
	}
	return got, s, nil
}

// readCommand reads the first block, past the drive's cache (FUA), into a buffer for the
// largest there is.
func (e *Eraser) readCommand() *scsi.Command {
	return &scsi.Command{Name: "READ(16)", Dir: scsi.FromDevice, Data: make([]byte, 4224),
		CDB: []byte{opRead, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}}
}
