package erasenvme

import (
	"context"
	"fmt"

	"lethe/inventory/nvme"
)

// Recovery is how a drive stands that may have been left at work.
type Recovery string

// The recoveries.
const (
	Idle     Recovery = "idle"     // nothing is under way and nothing failed
	Attached Recovery = "attached" // a sanitize of this kind is under way: Poll or Wait
	Foreign  Recovery = "foreign"  // a sanitize of another kind is under way
	Exited   Recovery = "exited"   // a failed sanitize was left; the data are not erased
	Rerun    Recovery = "rerun"    // a failed sanitize can only be left by another one
)

// Recover looks for a sanitize that goes on or has failed, and takes over. It starts
// none; where a failure may be left, it is.
func (e *Eraser) Recover(ctx context.Context) (Recovery, error) {
	s, err := e.look(ctx)
	if err != nil {
		return "", err
	}
	e.facts = s.Controller
	switch l := s.Log; {
	case l == nil || l.State != nvme.Sanitizing && l.State != nvme.SanitizeFailed:
		return Idle, nil
	case l.State == nvme.Sanitizing && nvme.SanitizeAction(l.Dword10&7) != e.kind.action():
		return Foreign, nil
	case l.State == nvme.Sanitizing:
		e.begun, e.dword10 = true, l.Dword10
		e.sent = &nvme.Sanitize{Action: e.kind.action(), NoDeallocate: l.Dword10>>9&1 != 0, Passes: passes(l.Dword10)}
		return Attached, nil
	case l.Dword10>>3&1 == 0: // restricted: AUSE was not set
		return Rerun, nil
	}
	c, err := nvme.Sanitize{Action: nvme.ExitFailure}.Command()
	if err != nil {
		return "", err
	}
	r, err := e.conn.Do(ctx, c)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.Name, err)
	}
	if err := r.Err(c); err != nil {
		return Rerun, err
	}
	return Exited, nil
}

// passes are those a command asks for: 0 means sixteen.
func passes(dword10 uint32) int {
	if n := int(dword10 >> 4 & 0xf); n != 0 {
		return n
	}
	return 16
}
