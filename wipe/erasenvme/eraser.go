package erasenvme

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/inventory/nvme"
)

// Options are what a caller may ask for beyond the way to erase.
type Options struct {
	// NoDeallocate asks that blocks stay allocated (NDAS), so that what is read after
	// reaches the media. A drive that inhibits it, Sanicap.Inhibited, may refuse.
	NoDeallocate bool
	// Unrestricted lets a failure be left without another sanitize (AUSE).
	Unrestricted bool
	// Passes and Pattern of an overwrite; one pass when 0, at most 15.
	Passes  int
	Pattern uint32
}

// Seen is the state of the drive as it tells it. What it does not tell is nil, with
// the reason in Gaps.
type Seen struct {
	Controller nvme.Controller
	Log        *nvme.SanitizeLog
	Health     *nvme.Health
	Gaps       []error
}

// Eraser is one act on one subsystem, for one caller at a time.
type Eraser struct {
	// Now and Sleep are the clock; set only by tests.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error

	kind    Kind
	conn    *teller
	sent    *nvme.Sanitize // of a sanitize that was started or attached to
	dword10 uint32
	begun   bool
	facts   nvme.Controller
	targets []uint32 // namespaces a format was sent to
	watch   watch
}

// New makes an Eraser; nothing is sent.
func New(k Kind, conn nvme.Conn, tell Tell) *Eraser {
	return &Eraser{Now: time.Now, Sleep: sleep, kind: k, conn: &teller{conn: conn, tell: tell}}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Errors that callers branch on.
var (
	ErrRunning    = errors.New("a sanitize is under way already")
	ErrFailed     = errors.New("the drive says that the sanitize failed")
	ErrOther      = errors.New("the drive speaks of another command than the one it was given")
	ErrNoProgress = errors.New("the drive has made no progress for longer than it may")
	ErrNotBegun   = errors.New("nothing was started")
	ErrBegun      = errors.New("it was started already")
)

// Before reads the state before the act.
func (e *Eraser) Before(ctx context.Context) (Seen, error) { return e.look(ctx) }

// After reads the state after it.
func (e *Eraser) After(ctx context.Context) (Seen, error) { return e.look(ctx) }

func (e *Eraser) look(ctx context.Context) (s Seen, err error) {
	if s.Controller, err = nvme.ReadController(ctx, e.conn); err != nil {
		return s, fmt.Errorf("identify controller: %w", err)
	}
	if s.Controller.Sanicap != 0 {
		if l, err := nvme.ReadSanitizeLog(ctx, e.conn); err == nil {
			s.Log = &l
		} else {
			s.Gaps = append(s.Gaps, fmt.Errorf("sanitize log: %w", err))
		}
	}
	if h, err := nvme.ReadHealth(ctx, e.conn); err == nil {
		s.Health = &h
	} else {
		s.Gaps = append(s.Gaps, fmt.Errorf("health log: %w", err))
	}
	return s, e.conn.vetoed
}

// Start gives the command. Nothing can be taken back after it, whatever it returns. A
// drive that is at work already gives ErrRunning, and nothing was sent.
func (e *Eraser) Start(ctx context.Context, o Options) error {
	if e.begun {
		return ErrBegun
	}
	s, err := e.look(ctx)
	if err != nil {
		return err
	}
	if s.Log != nil && s.Log.State == nvme.Sanitizing {
		return ErrRunning
	}
	e.facts = s.Controller
	if e.kind.format() {
		return e.format(ctx)
	}
	san := nvme.Sanitize{Action: e.kind.action(), NoDeallocate: o.NoDeallocate, Unrestricted: o.Unrestricted}
	if e.kind == SanitizeOverwrite {
		san.Passes, san.Pattern = max(o.Passes, 1), o.Pattern
	}
	c, err := san.Command()
	if err != nil {
		return err
	}
	e.begun, e.sent, e.dword10 = true, &san, c.CDW10
	r, err := e.conn.Do(ctx, c)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	return r.Err(c)
}

// format sends one command to every namespace, or one for all where the drive formats
// all at once. Each keeps its own format.
func (e *Eraser) format(ctx context.Context) error {
	ids, err := nvme.ReadActive(ctx, e.conn)
	if err != nil {
		return fmt.Errorf("list active namespaces: %w", err)
	}
	var cs []*nvme.Command
	for _, id := range ids {
		n, err := nvme.ReadNamespace(ctx, e.conn, id)
		if err != nil {
			return fmt.Errorf("identify namespace %d: %w", id, err)
		}
		c, err := nvme.FormatCommand(id, n, e.kind.secure())
		if err != nil {
			return err
		}
		cs = append(cs, c)
	}
	if e.facts.FNA.AllFormatted() && len(cs) > 1 {
		for _, c := range cs[1:] {
			if c.CDW10 != cs[0].CDW10 {
				return fmt.Errorf("the drive formats all namespaces alike, and they have different formats")
			}
		}
		if !e.facts.FNA.NoBroadcast() {
			cs[0].NSID = nvme.AllNamespaces
		}
		cs = cs[:1]
	}
	e.begun, e.targets = true, ids
	for _, c := range cs {
		r, err := e.conn.Do(ctx, c)
		if err != nil {
			return fmt.Errorf("%s of namespace %d: %w", c.Name, c.NSID, err)
		}
		if err := r.Err(c); err != nil {
			return fmt.Errorf("namespace %d: %w", c.NSID, err)
		}
	}
	return nil
}
