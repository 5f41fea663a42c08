package judge

import (
	"fmt"

	"lethe/certs/record"
)

// part is what an earlier run of a pass wrote, as far as it counts.
type part struct {
	rng    record.Range
	commit *record.Commit
	reveal *record.Reveal
}

// cut makes the parts end at from; those that begin there or later do not count.
func cut(parts []part, from record.Size) (out []part) {
	for _, p := range parts {
		if p.rng.First >= from {
			break
		}
		p.rng.End = min(p.rng.End, from)
		out = append(out, p)
	}
	return out
}

// carried is a pass that was cut short and is to go on.
type carried struct {
	parts     []part
	from      record.Size
	rechecked bool // the last of what was kept was found again
}

// takeKept needs the part that was read back to follow what was kept before and to
// be of the pass that is being written.
func (s *scene) takeKept(k *record.ReadBack) error {
	p := s.open()
	switch {
	case p == nil || p.begin == nil || p.begin.Pass != k.Pass:
		return fmt.Errorf("something is kept of pass %d that is not running", k.Pass)
	case k.Range.First < p.kept || k.Range.End <= k.Range.First || k.Range.End > s.opened.Size:
		return fmt.Errorf("%d to %d cannot be kept: the pass has kept %d of %d bytes", k.Range.First, k.Range.End, p.kept, s.opened.Size)
	case k.Differ > k.Range.Len():
		return fmt.Errorf("%d of %d bytes that were kept differ", k.Differ, k.Range.Len())
	}
	if !k.Equal() {
		p.lost = append(p.lost, k)
		return nil
	}
	p.kept = k.Range.End
	return nil
}

// takeResumed lets a task that was cut short go on, at no byte that was not kept: the
// drive is opened again, and what is written from here on has a key of its own.
func (s *scene) takeResumed(r *record.Resumed) error {
	if !s.begun || r.Reason == "" {
		return fmt.Errorf("a task is resumed that was not begun, or for no reason")
	}
	if s.checking() != nil {
		s.checks = s.checks[:len(s.checks)-1] // it will be made anew, whole
	}
	of := int64(len(s.task.Passes))
	carry := s.carry
	if p := s.open(); p != nil {
		s.passes = s.passes[:len(s.passes)-1]
		if p.begin != nil {
			carry.parts, carry.from = append(p.earlier, part{p.begin.Range, p.commit, nil}), p.kept
		}
		if len(p.lost) > 0 {
			return fmt.Errorf("pass %d is resumed although what it kept was not found again", r.Pass)
		}
	}
	switch next := int64(len(s.passes)) + 1; {
	case next > of && r.Pass == of && r.From == s.opened.Size: // the read-back is left
	case r.Pass != next || r.Pass > of || r.From > carry.from:
		return fmt.Errorf("pass %d is resumed at %d, expected was pass %d at %d at most", r.Pass, r.From, next, carry.from)
	default:
		carry = carried{parts: cut(carry.parts, r.From), from: r.From}
	}
	s.carry, s.reopen, s.intent = carry, true, false
	s.unread = len(s.checks)
	where := fmt.Sprintf("pass %d at byte %d", r.Pass, r.From)
	if r.From == s.opened.Size {
		where = "the read-back"
	}
	s.told = append(s.told, fmt.Sprintf("the task was cut short (%s) and resumed with %s", r.Reason, where))
	return nil
}

// clock takes the time of a line, which only a restart of the machine turns back.
func (s *scene) clock(l record.Line) error {
	if r := l.Event.Resumed; r != nil && r.Boot != "" && s.boot != "" && r.Boot != s.boot {
		s.boot = r.Boot
	} else if l.Mono < s.mono {
		return fmt.Errorf("the monotonic clock runs backwards")
	}
	s.mono = l.Mono
	return nil
}

// takeRechecked needs the end of what was kept, before anything more is written.
func (s *scene) takeRechecked(k *record.ReadBack) error {
	switch {
	case !s.intent || s.open() != nil || s.checking() != nil || s.carry.from == 0 || s.carry.rechecked:
		return fmt.Errorf("something is looked at again that is not about to go on")
	case k.Pass != int64(len(s.passes))+1 || k.Range.End != s.carry.from || k.Range.First >= k.Range.End:
		return fmt.Errorf("%d to %d of pass %d is looked at again, kept was what ends at %d of pass %d",
			k.Range.First, k.Range.End, k.Pass, s.carry.from, len(s.passes)+1)
	case !k.Equal():
		s.carry = carried{}
		s.told = append(s.told, fmt.Sprintf("what was kept of pass %d was not found again (%d bytes differ): the pass began anew", k.Pass, k.Differ))
		return nil
	}
	s.carry.rechecked = true
	return nil
}

// begins reports whether a pass may begin at first: at 0, or where what was kept ends
// and was found again.
func (s *scene) begins(first record.Size) bool {
	return first == 0 && s.carry.from == 0 || first > 0 && first == s.carry.from && s.carry.rechecked
}

// sameDrive needs a drive that is opened again to be the one that was opened first.
func (s *scene) sameDrive(o *record.Opened) error {
	was := s.handles[0]
	if !o.Identity.Same(was.Identity) || o.Size != was.Size || o.LogicalSector != was.LogicalSector {
		return fmt.Errorf("the drive that was opened again is %s with %d bytes in sectors of %d, it was %s with %d in sectors of %d",
			o.Identity, o.Size, o.LogicalSector, was.Identity, was.Size, was.LogicalSector)
	}
	return nil
}
