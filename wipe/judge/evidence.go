package judge

import (
	"fmt"
	"math"

	"lethe/certs/record"
)

// whole reports that a pass wrote and flushed every byte.
func (s *scene) whole(p passSeen) bool {
	return p.end != nil && p.end.Written == s.opened.Size-p.begin.Range.First && len(p.end.Failed) == 0 &&
		p.end.Flushed && p.end.Stopped == "" && p.reached == s.opened.Size
}

// completed counts the passes that wrote and flushed every byte.
func (s *scene) completed() (n int) {
	for _, p := range s.passes {
		if s.whole(p) {
			n++
		}
	}
	return n
}

// seenWrong lists observations that show the erase to have failed.
func (s *scene) seenWrong() (bad []string) {
	add := func(f string, a ...any) { bad = append(bad, fmt.Sprintf(f, a...)) }
	bad = s.nativeWrong()
	for i, p := range s.passes {
		for _, k := range p.lost {
			add("pass %d: %d to %d was flushed and is not what was written: %d bytes differ %s", i+1, k.Range.First, k.Range.End, k.Differ, k.Error)
		}
		if p.end == nil {
			continue
		}
		if n := len(p.end.Failed); n > 0 {
			add("pass %d: %d bytes in %d ranges could not be written", i+1, length(p.end.Failed), n)
		}
		if p.end.FlushError != "" {
			add("pass %d: the drive did not flush its cache: %s", i+1, p.end.FlushError)
		}
	}
	for _, c := range s.checks {
		if c.end == nil {
			continue
		}
		if c.end.MismatchBytes > 0 || len(c.end.Mismatches) > 0 {
			add("read-back: %d bytes differ from what was written", max(c.end.MismatchBytes, length(c.end.Mismatches)))
		}
		if n := len(c.end.Unreadable); n > 0 {
			add("read-back: %d bytes in %d ranges could not be read", length(c.end.Unreadable), n)
		}
	}
	return bad
}

// notShown lists what a verdict of erased needs and the transcript lacks.
func (s *scene) notShown() (gaps []string) {
	need := needing(&gaps)
	if s.opened == nil {
		return []string{"the drive was never opened"}
	}
	gaps = append(gaps, s.driveGaps()...)
	gaps = append(gaps, s.ladderGaps()...)
	need(s.intent, "no intent to erase was recorded")
	if s.native() {
		return append(append(gaps, s.nativeGaps()...), s.closingGaps()...)
	}
	need(s.task.Canaries == 0 && s.task.Crypto == nil, "canaries or a declaration were planned for an overwrite")
	need(s.short == "", "%s", s.short)
	need(len(s.task.Passes) > 0 && s.completed() == len(s.task.Passes),
		"%d of %d passes wrote and flushed every byte", s.completed(), len(s.task.Passes))
	need(len(s.passes) == len(s.task.Passes), "%d passes were run, %d planned", len(s.passes), len(s.task.Passes))
	for i, p := range s.passes {
		need(p.commit == nil || p.reveal != nil, "the key of pass %d was not revealed", i+1)
		for _, q := range p.earlier {
			need(q.commit == nil || q.reveal != nil, "the key of pass %d from %d to %d was not revealed", i+1, q.rng.First, q.rng.End)
		}
	}
	gaps = append(gaps, s.checkGaps()...)
	return append(gaps, s.closingGaps()...)
}

// closingGaps needs the drive at the end to be the one that was opened.
func (s *scene) closingGaps() (gaps []string) {
	need := needing(&gaps)
	need(s.closing != nil, "the drive was not identified again at the end")
	if s.closing != nil {
		need(s.closing.Identity.Same(s.opened.Identity) && s.closing.Size == s.opened.Size &&
			s.closing.LogicalSector == s.opened.LogicalSector && s.closing.Exclusive,
			"the drive changed while it was erased: %s with %d bytes in sectors of %d",
			s.closing.Identity, s.closing.Size, s.closing.LogicalSector)
	}
	return gaps
}

// checkGaps lists what the last read-back does not show.
func (s *scene) checkGaps() (gaps []string) {
	if why := s.profile.Lax(s.task.Check); why != "" {
		return []string{why}
	}
	n := len(s.checks)
	if n == 0 || s.checks[n-1].end == nil {
		return []string{"nothing was read back"}
	}
	if n <= s.unread {
		return []string{"nothing was read back after the task was resumed"}
	}
	c := s.checks[n-1]
	need := needing(&gaps)
	need(c.begin.Method == s.check() && c.begin.Direct, "the read-back was not direct, or %q where %q was planned", c.begin.Method, s.check())
	need(c.begin.Pass == int64(len(s.task.Passes)), "the read-back is of pass %d, the last is %d", c.begin.Pass, len(s.task.Passes))
	places, size, why := s.due()
	if why != "" {
		return append(gaps, why)
	}
	need(c.begin.Places == places && c.end.Places == places, "the read-back compared %d of %d places, planned were %d", c.end.Places, places, c.begin.Places)
	need(c.end.Compared == size && c.reached == s.opened.Size && c.end.Stopped == "",
		"the read-back compared %d of %d bytes", c.end.Compared, size)
	return gaps
}

// shown says, in words, why the verdict is what it is.
func (s *scene) shown() []string {
	if s.native() {
		return s.nativeShown()
	}
	size := s.opened.Size
	n := len(s.task.Passes)
	what := s.task.Passes[n-1].Pattern
	out := []string{
		s.identified(),
		fmt.Sprintf("%d of %d passes wrote all %d bytes and the drive acknowledged a flush", n, n, size),
	}
	if s.check() == record.CheckFull {
		out = append(out, fmt.Sprintf("all %d bytes were read back past the cache and equal the last pass (%s)", size, what))
	} else {
		out = append(out, s.sampleShown(what)...)
	}
	return append(out, s.told...)
}

func (s *scene) identified() string {
	if n := len(s.handles); n > 1 {
		return fmt.Sprintf("the drive was identified on each of %d exclusive handles, and afterwards: %s", n, s.opened.Identity)
	}
	return fmt.Sprintf("the drive was identified before and after on one exclusive handle: %s", s.opened.Identity)
}

// length adds up ranges for people to read. It stops at the largest Size, since
// ranges are hostile input and a sum that wraps would look small.
func length(rs []record.Range) (n record.Size) {
	for _, r := range rs {
		if n+r.Len() < n {
			return math.MaxUint64
		}
		n += r.Len()
	}
	return n
}
