package erasescsi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

// Options are how an act is carried out. The zero value is the strictest.
type Options struct {
	// Unrestricted lets a drive that fails be taken out of its failure mode unerased. A
	// drive that is not so told gives nothing back until an erase has succeeded.
	Unrestricted bool
	// Passes and Pattern are of an overwrite: one pass of zeros where not given.
	Passes  int
	Pattern []byte
	// Secure asks FORMAT UNIT to write reassigned blocks, too (SI). Many drives refuse.
	Secure bool
	// BlockLength, for FORMAT UNIT, formats to blocks of that many bytes, and to as many
	// as there are: 520 to 512. 0 leaves the blocks alone.
	BlockLength uint32

	// Stall is how long progress may stand still, 4 hours where 0.
	Stall time.Duration
	// Longest is how long an erase may take whose progress the drive does not tell, 96
	// hours where 0, and twice what the drive recommends where that is more.
	Longest time.Duration
	// Silence is how long the drive may not answer, or answer nothing that can be
	// understood, before it is given up: 15 minutes where 0.
	Silence time.Duration
	// Every is the time between two polls: 5 seconds where 0.
	Every time.Duration
	Clock Clock // Wall where nil
}

// ErrStuck says that the drive's progress stands still: whether it is erased cannot be
// known.
var ErrStuck = errors.New("the erase makes no progress")

// ErrSilent says that the drive stopped answering while it was erasing.
var ErrSilent = errors.New("the drive does not answer")

// ErrUnclear says that what the drive answers cannot be understood.
var ErrUnclear = errors.New("the drive's answers tell neither progress nor an end")

// FailedError is a drive that says that its erase failed.
type FailedError struct{ Sense scsi.Sense }

func (e *FailedError) Error() string {
	return fmt.Sprintf("the drive says that it failed: %s", e.Sense)
}

// Eraser carries out one act on one drive, as a wipe.Eraser. It is used by one goroutine
// at a time.
type Eraser struct {
	conn scsi.Conn
	act  record.Act
	opts Options

	recommended time.Duration // by the drive's own word, 0 none
	reads       bool          // by its own word, blocks can be read as soon as it has ended
	track       tracker
}

var _ wipe.Eraser = (*Eraser)(nil)

// New makes an eraser. It sends nothing.
func New(conn scsi.Conn, a record.Act, o Options) (*Eraser, error) {
	if _, ok := actions[a]; !ok && a != record.SCSIFormatUnit {
		return nil, fmt.Errorf("%q is no act of a SCSI drive", a)
	}
	if a != record.SCSISanitizeOverwrite && (o.Passes != 0 || o.Pattern != nil) || a != record.SCSIFormatUnit && (o.BlockLength != 0 || o.Secure) {
		return nil, fmt.Errorf("%s: an option of another act", a)
	}
	o.Stall, o.Longest = cmp.Or(o.Stall, 4*time.Hour), cmp.Or(o.Longest, 96*time.Hour)
	o.Silence, o.Every = cmp.Or(o.Silence, 15*time.Minute), cmp.Or(o.Every, 5*time.Second)
	if o.Clock == nil {
		o.Clock = Wall{}
	}
	if o.Passes == 0 {
		o.Passes = 1
	}
	if o.Pattern == nil {
		o.Pattern = make([]byte, 4)
	}
	e := &Eraser{conn: conn, act: a, opts: o}
	if _, err := e.command(); err != nil {
		return nil, err
	}
	return e, nil
}

// command is the irreversible one.
func (e *Eraser) command() (*scsi.Command, error) {
	if e.act == record.SCSIFormatUnit {
		return scsi.Format{Secure: e.opts.Secure}.Command()
	}
	s := scsi.Sanitize{Action: actions[e.act], Unrestricted: e.opts.Unrestricted}
	switch e.act {
	case record.SCSISanitizeOverwrite:
		s.Passes, s.Pattern = e.opts.Passes, e.opts.Pattern
	case record.SCSISanitizeCrypto:
		// A key is changed in a second: a drive that was told to come back at once would
		// be done before it could be seen at work, and could not be told from one that
		// ignored the command. So it answers when it is done.
		s.Wait = true
	}
	c, err := s.Command()
	if err == nil && s.Wait {
		c.Timeout = e.allow()
	}
	return c, err
}

// allow is how long the drive may be silent.
func (e *Eraser) allow() time.Duration { return max(time.Hour, 2*e.recommended) }

// Start gives the command, once. It is not given again where the drive answers with
// UNIT ATTENTION: what happened to the drive since it was identified must be looked at
// first.
func (e *Eraser) Start(ctx context.Context, tell wipe.Tell) error {
	v := &voice{conn: e.conn, step: record.StepStart, tell: tell}
	if e.opts.BlockLength != 0 {
		if err := e.relay(ctx, v); err != nil {
			return err
		}
	}
	c, err := e.command()
	if err != nil {
		return err
	}
	err = once(ctx, v, c)
	e.track.begin(e.opts.Clock.Now()) // a command that was held may have taken hours
	return err
}

// once sends a command that must not be repeated.
func once(ctx context.Context, conn scsi.Conn, c *scsi.Command) error {
	r, err := conn.Do(ctx, c)
	if err != nil {
		return err
	}
	return r.Err(c)
}

// relay gives the blocks another length. From here on the drive must be formatted.
func (e *Eraser) relay(ctx context.Context, v *voice) error {
	m, err := scsi.ReadMode(ctx, v)
	if err != nil {
		return err
	}
	if m.Block == nil {
		return errors.New("the drive does not say how its blocks are laid out")
	}
	if m.Block.Length == e.opts.BlockLength {
		return nil
	}
	c, err := scsi.BlockDescriptor{Blocks: scsi.AllBlocks, Length: e.opts.BlockLength}.Command(m.Long)
	if err != nil {
		return err
	}
	return once(ctx, v, c)
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

// follow polls until the erase has ended. The first poll comes at once: a short erase
// must be seen at work.
func (e *Eraser) follow(ctx context.Context, tell wipe.Tell, how func(wipe.Course)) error {
	for {
		c, err := e.Poll(ctx, tell)
		if err != nil {
			return err
		}
		how(wipe.Course{Done: c.Done, Allow: e.allow()})
		if c.Ended {
			return nil
		}
		if err := e.opts.Clock.Sleep(ctx, e.opts.Every); err != nil {
			return err
		}
	}
}
