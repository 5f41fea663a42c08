package wipe

import (
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
)

// ErrNotGranted says that nothing permits this drive to be erased.
var ErrNotGranted = errors.New("not granted")

// Grant is a permission to erase. The zero Grant permits nothing. It is made
// from an order that was verified, or from serial numbers a person has typed,
// and it cannot be widened.
type Grant struct {
	order   *record.Order
	ref     *record.OrderRef
	serials []string
}

// GrantOf makes a grant of an order whose signature the caller has verified. The
// order must be well formed, be for this machine and be within its window.
func GrantOf(o record.Order, ref record.OrderRef, m record.Machine, now time.Time) (Grant, error) {
	if err := o.Validate(); err != nil {
		return Grant{}, err
	}
	if err := o.Permits(now, m); err != nil {
		return Grant{}, err
	}
	if ref.ID != o.ID || len(ref.Approved) == 0 {
		return Grant{}, fmt.Errorf("order %s: %w: nobody approved it", o.ID, ErrNotGranted)
	}
	return Grant{order: &o, ref: &ref}, nil
}

// GrantConfirmed makes a grant of serial numbers that a person has typed.
func GrantConfirmed(serials ...string) Grant {
	var typed []string
	for _, s := range serials {
		if s != "" {
			typed = append(typed, s)
		}
	}
	return Grant{serials: typed}
}

// Permits returns nil if the grant names this drive, else the reason wrapping
// ErrNotGranted.
func (g Grant) Permits(id record.Identity) error {
	if !id.Known() {
		return fmt.Errorf("%w: the drive has no identity", ErrNotGranted)
	}
	if g.order != nil {
		if g.target(id) >= 0 {
			return nil
		}
		return fmt.Errorf("%w: order %s does not name it", ErrNotGranted, g.order.ID)
	}
	for _, s := range g.serials {
		if s == id.Name() {
			return nil
		}
	}
	if len(g.serials) > 0 {
		return fmt.Errorf("%w: the serial confirmed is another drive's", ErrNotGranted)
	}
	return fmt.Errorf("%w: no order and no confirmation", ErrNotGranted)
}

// target is the index of the order's line that names the drive, -1 without one.
func (g Grant) target(id record.Identity) int {
	for i, t := range g.order.Drives {
		if t.Matches(id) {
			return i
		}
	}
	return -1
}

// wanted are the names of all drives the grant covers.
func (g Grant) wanted() []string {
	if g.order == nil {
		return g.serials
	}
	var s []string
	for _, t := range g.order.Drives {
		s = append(s, t.Serial)
	}
	return s
}

// confirmed is the typed serial for the task's record, "" under an order.
func (g Grant) confirmed(id record.Identity) string {
	if g.order != nil {
		return ""
	}
	return id.Name()
}
