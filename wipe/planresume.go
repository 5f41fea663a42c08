package wipe

import (
	"slices"

	"lethe/certs/record"
)

// orGoOn is the spec of the one unfinished task that is just what would be done anew;
// where there is none, or more than one, it is s.
func (p *Plan) orGoOn(s Spec, us []Unfinished) Spec {
	var found *Unfinished
	for i, u := range us {
		if !alike(s.Task, u.Task()) {
			continue
		}
		if found != nil {
			return s
		}
		found = &us[i]
	}
	if found == nil {
		return s
	}
	u := *found
	if is, was := s.Task.Device.Node, u.Task().Device.Node; is != was {
		u.Detail += "; the kernel calls the drive " + is + " now"
	}
	s.Task = u.Task()
	p.unfinished[s.Task.ID] = &u
	return s
}

// alike reports whether two tasks are the same act on the same drive, by the same
// authority.
func alike(a, b record.Task) bool {
	d, e := a.Device, b.Device
	switch {
	case len(a.Acts) > 0, len(b.Acts) > 0: // a drive's own command is not gone on with, it is given anew
		return false
	case !d.Identity.Same(e.Identity), d.Size != e.Size, d.LogicalSector != e.LogicalSector, d.Medium != e.Medium, d.NativeSize != e.NativeSize, !slices.Equal(d.Hidden, e.Hidden):
		return false
	case a.Profile != b.Profile, a.Asked != b.Asked, a.StepDown != b.StepDown, a.Check != b.Check, a.Confirmed != b.Confirmed:
		return false
	case (a.Order == nil) != (b.Order == nil), a.Order != nil && a.Order.Digest != b.Order.Digest:
		return false
	}
	return slices.Equal(a.Passes, b.Passes) && slices.Equal(a.Ladder, b.Ladder)
}

// Resumed says where a task of the plan goes on, nil where it begins.
func (p *Plan) Resumed(task string) *Resume {
	u := p.unfinished[task]
	if u == nil {
		return nil
	}
	r, err := ResumeFrom(u.Transcript, slices.Clone(u.Keys))
	if err != nil {
		return nil // the engine says so on the transcript
	}
	return r
}
