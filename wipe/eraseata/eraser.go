package eraseata

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/scsi"
	"lethe/wipe"
	"lethe/wipe/witness"
)

// Options are how an act is carried out. The zero value is the strictest.
type Options struct {
	// Clearable lets a drive whose sanitize fails be taken out of the failed state without
	// another one. A drive that is not so told stays in it until a sanitize has succeeded.
	Clearable bool
	// Passes, Pattern and Invert are of OVERWRITE EXT: one pass of zeros where not given.
	Passes  int
	Pattern uint32
	Invert  bool

	// Stall is how long progress may stand still, 4 hours where 0.
	Stall time.Duration
	// Longest is how long a sanitize may take that tells no progress, 96 hours where 0.
	Longest time.Duration
	// Silence is how long the drive may not answer, or answer nothing that can be
	// understood, before it is given up: 15 minutes where 0.
	Silence time.Duration
	// Every is the time between two polls: 1 second where 0, and longer as the erase takes
	// longer, up to 10 minutes.
	Every time.Duration
	Clock Clock // Wall where nil
}

// How an erase ends that cannot be followed to its end.
var (
	// ErrStuck says that the drive's progress stands still.
	ErrStuck = errors.New("the erase makes no progress")
	// ErrSilent says that the drive stopped answering while it was erasing.
	ErrSilent = errors.New("the drive does not answer")
	// ErrUnavailable says that the adapter withholds the registers the answer lies in.
	ErrUnavailable = errors.New("the adapter does not return the drive's registers")
	// ErrUnclear says that the answers tell neither progress nor an end.
	ErrUnclear = errors.New("the drive's answers tell neither progress nor an end")
	// ErrFailed says that the drive itself says that its erase failed.
	ErrFailed = errors.New("the drive says that it failed")
)

// Progress is how far an erase is, by the drive's own word.
type Progress struct {
	Done  int64         // of 65536; -1 where the drive does not say
	Left  time.Duration // by the progress so far; -1 where nothing can be told
	Ended bool          // see the package comment
}

// Eraser carries out one act on one drive, as a wipe.Eraser. It is used by one goroutine
// at a time.
type Eraser struct {
	conn  ata.Conn
	act   record.Act
	opts  Options
	start *ata.Command // of a sanitize; nil for SECURITY ERASE UNIT
	track tracker
}

var _ wipe.Eraser = (*Eraser)(nil)

// New makes an eraser. It sends nothing.
func New(conn ata.Conn, act record.Act, o Options) (*Eraser, error) {
	o.Stall, o.Longest = cmp.Or(o.Stall, 4*time.Hour), cmp.Or(o.Longest, 96*time.Hour)
	o.Silence, o.Every = cmp.Or(o.Silence, 15*time.Minute), cmp.Or(o.Every, time.Second)
	o.Passes = cmp.Or(o.Passes, 1)
	if o.Clock == nil {
		o.Clock = Wall{}
	}
	e := &Eraser{conn: conn, act: act, opts: o}
	if act == record.ATASecurityEnhanced || act == record.ATASecurityNormal {
		return e, nil
	}
	var err error
	e.start, err = sanitizeCommand(act, o)
	return e, err
}

func sanitizeCommand(act record.Act, o Options) (*ata.Command, error) {
	switch act {
	case record.ATASanitizeCrypto:
		return ata.CryptoScrambleCommand(o.Clearable), nil
	case record.ATASanitizeBlock:
		return ata.BlockEraseCommand(o.Clearable), nil
	case record.ATASanitizeOverwrite:
		return ata.SanitizeOverwriteCommand(o.Pattern, o.Passes, o.Invert, o.Clearable)
	}
	return nil, fmt.Errorf("%q is no act of a SATA drive", act)
}

// at is the channel to the drive for a step.
func (e *Eraser) at(step string, tell wipe.Tell) *witness.ATA {
	return witness.New(e.conn, func(x record.Exchange) error { return tell(step, x) })
}

// Start gives the command, once. It is not given again where the drive had a reset to
// report first: what happened to it since it was identified must be looked at. A
// SECURITY ERASE UNIT has ended when Start returns.
func (e *Eraser) Start(ctx context.Context, tell wipe.Tell) error {
	w := e.at(record.StepStart, tell)
	if e.start == nil {
		return e.security(ctx, w, tell)
	}
	_, err := w.Do(ctx, e.start)
	e.track.begin(e.opts.Clock.Now())
	if why, ok := ata.SanitizeAborted(err); ok {
		return refusal(why, err)
	}
	return err
}

func refusal(why ata.SanitizeReason, err error) error {
	switch why {
	case ata.SanitizeFrozen:
		return fmt.Errorf("%w: %w", ErrFrozen, err)
	case ata.SanitizeUnsupported:
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return fmt.Errorf("%w (%s)", err, why)
}

// Erase gives the command and follows it until the drive has ended it. An error is a
// drive that refused, failed, got stuck or fell silent: it may have erased nothing, some
// or all.
func (e *Eraser) Erase(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) error {
	how(wipe.Course{Done: -1, Allow: e.allow()})
	if err := e.Start(ctx, tell); err != nil {
		return err
	}
	return e.follow(ctx, tell, how)
}

// allow is how long the drive may be silent before people are told.
func (e *Eraser) allow() time.Duration {
	if e.start == nil {
		return e.track.patience
	}
	return time.Hour
}

// follow polls until the erase has ended. The first poll comes at once: a short erase
// must be seen at work.
func (e *Eraser) follow(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) error {
	for {
		p, err := e.Poll(ctx, tell)
		if err != nil {
			return err
		}
		how(wipe.Course{Done: p.Done, Allow: e.allow()})
		if p.Ended {
			return nil
		}
		if err := e.opts.Clock.Sleep(ctx, e.pause(p)); err != nil {
			return err
		}
	}
}

// pause is the time until the next poll: a fiftieth of the time so far, a quarter of the
// time left where that is less.
func (e *Eraser) pause(p Progress) time.Duration {
	d := min(e.opts.Clock.Now().Sub(e.track.began)/50, 10*time.Minute)
	if p.Left >= 0 {
		d = min(d, p.Left/4)
	}
	return max(d, e.opts.Every)
}

// attention reports whether the drive only reported a reset, and has not seen the command.
func attention(err error) bool {
	var a *ata.AbortError
	return errors.As(err, &a) && a.Sense.Key == scsi.KeyUnitAttention
}
