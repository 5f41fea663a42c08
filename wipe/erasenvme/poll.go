package erasenvme

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/inventory/nvme"
)

// Progress is how far an act is. Done is the only word on whether it has ended well by
// the drive's own account.
type Progress struct {
	Done     bool
	Share    int           // of 65,536, as the drive has it; for people only
	Estimate time.Duration // of the whole, by the drive's own word; 0 without one
	Left     time.Duration // by the share done and the time spent; 0 when not known
	Allow    time.Duration // how long silence may last before it counts as a standstill
	Log      *nvme.SanitizeLog
}

// How long a drive may stand still. Its own estimate, twice, counts where it is longer
// than the least; without one, the most.
const (
	leastSilence = time.Hour
	longest      = 96 * time.Hour // whatever a drive says
	// unheard is how long it may not answer at all: a reset of the controller takes up to
	// 2 × 127.5 s (CAP.TO), and the kernel fails every command meanwhile.
	unheard     = 15 * time.Minute
	mostSilence = 6 * time.Hour
)

// watch notices change.
type watch struct {
	began, changed time.Time
	share          uint16
	passes         byte
	told           map[uint32]string // what was last told, by namespace
}

// Poll asks once. Its errors: ErrFailed, ErrOther, ErrNoProgress, or that the drive
// could not be asked. The answer is told when anything but the progress changed.
func (e *Eraser) Poll(ctx context.Context) (Progress, error) {
	if !e.begun {
		return Progress{}, ErrNotBegun
	}
	if e.watch.began.IsZero() {
		e.watch.began, e.watch.changed = e.Now(), e.Now()
	}
	if e.kind.format() {
		return e.pollFormat(ctx)
	}
	e.conn.quiet = e.unchanged(nvme.AllNamespaces, 0, 2)
	l, err := nvme.ReadSanitizeLog(ctx, e.conn)
	e.conn.quiet = nil
	if err != nil {
		return Progress{}, fmt.Errorf("sanitize log: %w", err)
	}
	return e.progress(l)
}

// unchanged reports an answer that differs from the last one told in nothing but
// progress, bytes from to to.
func (e *Eraser) unchanged(nsid uint32, from, to int) func([]byte, nvme.Response, error) bool {
	return func(data []byte, r nvme.Response, err error) bool {
		now := fmt.Sprint(r.Status, err)
		if err == nil && r.Status.OK() && len(data) > to {
			now = string(data[:from]) + string(data[to:])
		}
		if was, ok := e.watch.told[nsid]; ok && was == now {
			return true
		}
		if e.watch.told == nil {
			e.watch.told = map[uint32]string{}
		}
		e.watch.told[nsid] = now
		return false
	}
}

func (e *Eraser) progress(l nvme.SanitizeLog) (Progress, error) {
	p := Progress{Log: &l, Allow: mostSilence}
	if d, ok := l.Estimate(*e.sent, e.facts.Sanicap); ok {
		p.Estimate, p.Allow = d, min(max(2*d, leastSilence), longest)
	}
	switch {
	case l.Dword10 != e.dword10:
		return p, fmt.Errorf("%w: %08Xh, given was %08Xh", ErrOther, l.Dword10, e.dword10)
	case l.State.Done():
		p.Done, p.Share = true, 65536
		return p, nil
	case l.State == nvme.SanitizeFailed:
		return p, ErrFailed
	case l.State != nvme.Sanitizing:
		return p, fmt.Errorf("%w: state %d", ErrOther, l.State)
	}
	p.Share = int(l.Progress)
	return p, e.still(&p, l.Progress, l.Passes)
}

// still is ErrNoProgress once nothing has moved for too long.
func (e *Eraser) still(p *Progress, share uint16, passes byte) error {
	now := e.Now()
	if share != e.watch.share || passes != e.watch.passes {
		e.watch.share, e.watch.passes, e.watch.changed = share, passes, now
	}
	if spent := now.Sub(e.watch.began); share > 0 && share < 0xffff {
		p.Left = time.Duration(float64(spent) * float64(65536-int(share)) / float64(share))
	}
	if silent := now.Sub(e.watch.changed); silent > p.Allow {
		return fmt.Errorf("%w: %s at %d of 65536", ErrNoProgress, silent.Round(time.Second), share)
	}
	return nil
}

// pollFormat asks each namespace how much of its format is left, for drives that
// answer the command before they are done.
func (e *Eraser) pollFormat(ctx context.Context) (Progress, error) {
	p := Progress{Done: true, Share: 65536, Allow: mostSilence}
	left := 0
	for _, id := range e.targets {
		e.conn.quiet = e.unchanged(id, 32, 33) // FPI
		n, err := nvme.ReadNamespace(ctx, e.conn, id)
		e.conn.quiet = nil
		if err != nil {
			return Progress{}, fmt.Errorf("identify namespace %d: %w", id, err)
		}
		if n.FormatProgress {
			left = max(left, int(n.Remaining))
		}
	}
	if left == 0 {
		return p, nil
	}
	p.Done, p.Share = false, 65536-min(left, 100)*65536/100
	return p, e.still(&p, uint16(min(p.Share, 65535)), 0)
}

// Wait polls until the act has ended, and reports each answer to people. A drive that
// cannot be asked, as during a reset, is asked again for a quarter of an hour.
func (e *Eraser) Wait(ctx context.Context, every time.Duration, report func(Progress)) error {
	for heard := e.Now(); ; {
		p, err := e.Poll(ctx)
		switch {
		case err == nil:
			heard = e.Now()
			if report != nil {
				report(p)
			}
			if p.Done {
				return nil
			}
		case errors.Is(err, ErrFailed), errors.Is(err, ErrOther), errors.Is(err, ErrNoProgress),
			errors.Is(err, ErrVetoed), ctx.Err() != nil:
			return err
		default:
			if e.Now().Sub(heard) > unheard {
				return err
			}
		}
		if err := e.Sleep(ctx, every); err != nil {
			return err
		}
	}
}
