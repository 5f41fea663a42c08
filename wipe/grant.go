package wipe

import (
	"errors"
	"fmt"
	"slices"
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
	// What the records will say was approved must be what is granted here.
	if b, err := record.Marshal(o); err != nil || record.Digest(b) != ref.Digest {
		return Grant{}, fmt.Errorf("order %s: %w: another order was approved", o.ID, ErrNotGranted)
	}
	// Copies: whoever made the order cannot add a drive to the grant later.
	o.Drives, ref.Approved = slices.Clone(o.Drives), slices.Clone(ref.Approved)
	if o.Crypto != nil {
		c := *o.Crypto
		o.Crypto = &c
	}
	return Grant{order: &o, ref: &ref}, nil
}

// GrantConfirmed makes a grant of serial numbers that a person has typed.
func GrantConfirmed(serials ...string) Grant {
	var typed []string
	for _, s := range serials {
		if s != "" && !slices.Contains(typed, s) {
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
		if names(s, id) {
			return nil
		}
	}
	if len(g.serials) > 0 {
		return fmt.Errorf("%w: the serial confirmed is another drive's", ErrNotGranted)
	}
	return fmt.Errorf("%w: no order and no confirmation", ErrNotGranted)
}

// PermitsRemote reports whether a signed order names this drive and, letter by letter,
// the transport and address over which it is attached (law 7). No word that a person
// types does.
func (g Grant) PermitsRemote(d record.Device) bool {
	if g.order == nil || d.RemoteAt == "" {
		return false
	}
	i := g.target(d.Identity)
	return i >= 0 && g.order.Drives[i].Remote == d.RemoteAt
}

// starts returns nil if an erase of this drive may start now. The start is what
// the order's window limits: a running task finishes.
func (g Grant) starts(id record.Identity, now time.Time) error {
	if err := g.Permits(id); err != nil {
		return err
	}
	if g.order == nil {
		return nil
	}
	m := g.order.Machine // was checked when the grant was made
	return g.order.Permits(now, record.Machine{Serial: m.Serial, UUID: m.UUID})
}

// asks returns nil if the policy asks for no less than the grant's order does.
func (g Grant) asks(p Policy) error {
	o := g.order
	switch {
	case o == nil:
		return nil
	case p.Least.Rank() < o.Least.Rank():
		return fmt.Errorf("order %s asks for %s at least, not %s", o.ID, o.Least, p.Least)
	case p.Profile.ID != o.Profile:
		return fmt.Errorf("order %s asks for profile %s, not %s", o.ID, o.Profile, p.Profile.ID)
	case p.StepDown && !o.StepDown:
		return fmt.Errorf("order %s permits no step down", o.ID)
	case share(p.verify()) < share(o.Check()):
		return fmt.Errorf("order %s asks for verification %s, not %s", o.ID, o.Check(), p.verify())
	case o.Technique != "" && p.Technique != o.Technique:
		return fmt.Errorf("order %s asks for technique %s, not %q", o.ID, o.Technique, p.Technique)
	case p.Crypto != nil && (o.Crypto == nil || *p.Crypto != *o.Crypto):
		return fmt.Errorf("order %s does not make this declaration of the drives' encryption", o.ID)
	case o.Pattern != "" && p.Pattern != o.Pattern:
		return fmt.Errorf("order %s asks for pattern %s, not %q", o.ID, o.Pattern, p.Pattern)
	}
	return nil
}

// share is the part of the medium that a verification compares, in percent.
func share(check string) int64 {
	n, _ := record.CheckShare(check)
	return n
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

// names reports whether a person's word means this drive: its name, or for one
// NVMe namespace its controller's serial, a slash and the namespace identifier.
func names(word string, id record.Identity) bool {
	return word == id.Name() || id.NSID > 0 && word == fmt.Sprintf("%s/%d", id.Name(), id.NSID)
}

// ambiguous reports whether the word that names one drive names the other too: a
// grant for one drive must never be spent on two.
func (g Grant) ambiguous(a, b record.Identity) bool {
	if g.order != nil {
		return g.target(a) >= 0 && g.target(a) == g.target(b)
	}
	for _, s := range g.serials {
		if names(s, a) && names(s, b) {
			return true
		}
	}
	return false
}

// wanted is how many drives the grant names.
func (g Grant) wanted() int {
	if g.order != nil {
		return len(g.order.Drives)
	}
	return len(g.serials)
}

// missing are the words of the grant that name no drive that was found or is done.
func (g Grant) missing(found []Candidate, done []Done) (words []string) {
	named := func(match func(record.Identity) bool) bool {
		for _, c := range found {
			if match(c.Device.Identity) {
				return true
			}
		}
		return false
	}
	if g.order == nil {
		for _, s := range g.serials {
			if !named(func(id record.Identity) bool { return names(s, id) }) {
				words = append(words, s)
			}
		}
		return words
	}
	for _, t := range g.order.Drives {
		if !named(t.Matches) && !isDone(done, t.Matches) {
			words = append(words, t.Serial)
		}
	}
	return words
}

// confirmed is the typed serial for the task's record, "" under an order.
func (g Grant) confirmed(id record.Identity) string {
	if g.order != nil {
		return ""
	}
	return id.Name()
}
