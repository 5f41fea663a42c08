package judge

import (
	"bytes"
	"fmt"

	"lethe/certs/record"
)

// LookVersion names the rules for second looks.
const LookVersion = "lethe-look/1"

// Look derives what a second look comes to. It never fails: what it cannot follow is
// SightUnknown. Whether the transcript says of the certificate what the certificate
// says is for whoever holds both.
func Look(t *record.Transcript) record.Finding {
	s, why := watch(t)
	f := record.Finding{Judge: LookVersion}
	if why != "" {
		f.Sight, f.Reasons = record.SightUnknown, []string{why}
		return f
	}
	f.Sight, f.Reasons = s.sight()
	return f
}

// look is what a replay of a second look has established so far.
type look struct {
	of      *record.Looking
	opened  *record.Opened
	seed    seedSeen
	begin   *record.CheckBegin
	end     *record.CheckEnd
	reached record.Size
	closing *record.Opened
	stopped *record.Stopped
	ended   bool
}

// watch walks the lines in order; why says which one cannot follow.
func watch(t *record.Transcript) (s *look, why string) {
	if t == nil || len(t.Lines) == 0 {
		return nil, "the transcript is empty"
	}
	if err := t.Intact(); err != nil {
		return nil, err.Error()
	}
	s = &look{of: t.Lines[0].Event.Looking}
	if why := s.unseen(t.Lines[0]); why != "" {
		return nil, why
	}
	mono := t.Lines[0].Mono
	for _, l := range t.Lines[1:] {
		switch {
		case l.Mono < mono:
			return nil, fmt.Sprintf("line %d: the monotonic clock goes back", l.Seq)
		case s.ended || s.stopped != nil:
			return nil, fmt.Sprintf("line %d: lines after the end of the look", l.Seq)
		}
		if err := s.take(l.Event); err != nil {
			return nil, fmt.Sprintf("line %d: %v", l.Seq, err)
		}
		mono = l.Mono
	}
	if !s.ended && s.stopped == nil {
		return nil, "the transcript ends without saying how the look ended"
	}
	return s, ""
}

// unseen says what the first line lacks, "" when nothing.
func (s *look) unseen(first record.Line) string {
	if s.of == nil {
		return "the transcript does not begin with its look"
	}
	of := s.of.Of
	_, known := record.CheckShare(s.of.Check)
	switch {
	case s.of.Format != record.LookingFormat:
		return fmt.Sprintf("transcript format %q is not known", s.of.Format)
	case !known:
		return fmt.Sprintf("the verification %q is not known", s.of.Check)
	case of.Technique != record.Overwrite || of.Method.Rank() < record.MethodClear.Rank():
		return fmt.Sprintf("a drive that is %s by %s holds no stream to compare it with", of.State, of.Technique)
	case !s.of.Device.Identity.Same(of.Identity):
		return fmt.Sprintf("the drive found is %s, the certificate's is %s", s.of.Device.Identity, of.Identity)
	case first.Wall.Before(of.Issued.Time):
		return "the look began before the certificate was issued, by the clocks of the two"
	}
	parts, err := of.Parts()
	if err != nil {
		return err.Error()
	}
	for _, p := range parts {
		if of.Pass.What.Pattern == record.PatternStream && !opens(p) {
			return fmt.Sprintf("the key for bytes %d to %d does not open its commitment", p.Range.First, p.Range.End)
		}
	}
	return ""
}

// opens reports that a part's key is the one that was committed before the pass.
func opens(p record.PartDone) bool {
	key, ok := unhex16(p.Key)
	iv, vok := unhex16(p.IV)
	return ok && vok && record.Digest(append(bytes.Clone(key), iv...)) == p.Commitment
}

// take applies one line or says why it cannot follow.
func (s *look) take(e record.Event) error {
	if s.closing != nil && e.Ended == nil && e.Stopped == nil && e.Stalled == nil {
		return fmt.Errorf("something is done after the drive was identified for the last time")
	}
	switch {
	case e.Opened != nil:
		return s.once(s.opened == nil, "the drive is opened twice", func() { s.opened = e.Opened })
	case e.SeedCommit != nil:
		return s.once(s.opened != nil && s.begin == nil && s.seed.commit == nil && s.of.Check != record.CheckFull,
			"a seed is committed where none is due", func() { s.seed.commit = e.SeedCommit })
	case e.CheckBegin != nil:
		return s.once(s.opened != nil && s.begin == nil, "the reading begins twice or before the drive was opened", func() { s.begin = e.CheckBegin })
	case e.Stretch != nil:
		x := e.Stretch
		return s.once(s.reading() && x.Check && x.Range.First == s.reached && x.Range.End > x.Range.First && x.Range.End <= s.opened.Size,
			"a stretch that does not follow", func() { s.reached = x.Range.End })
	case e.CheckEnd != nil:
		return s.once(s.reading() && e.CheckEnd.Compared <= s.opened.Size && e.CheckEnd.Nanos >= 0,
			"a reading ends that was not begun, or compared more than there is", func() { s.end = e.CheckEnd })
	case e.SeedReveal != nil:
		return s.takeSeed(e.SeedReveal)
	case e.Closing != nil:
		return s.once(s.end != nil, "the drive is identified for the last time before it was read", func() { s.closing = e.Closing })
	case e.Stalled != nil: // waiting shows nothing
	case e.Stopped != nil:
		s.stopped = e.Stopped
	case e.Ended != nil:
		s.ended = true
	default:
		return fmt.Errorf("a line that belongs to no look")
	}
	return nil
}

func (s *look) reading() bool { return s.begin != nil && s.end == nil }

// once does what a line asks, where it may come.
func (s *look) once(may bool, why string, do func()) error {
	if !may {
		return fmt.Errorf("%s", why)
	}
	do()
	return nil
}

// takeSeed needs the seed to open the commitment made before the reading.
func (s *look) takeSeed(r *record.SeedReveal) error {
	seed, ok := unhex16(r.Seed)
	switch {
	case s.end == nil || s.seed.commit == nil || s.seed.value != nil || !ok:
		return fmt.Errorf("a seed is revealed before the reading ended, twice, or without a commitment")
	case record.Digest(seed) != s.seed.commit.Commitment:
		return fmt.Errorf("the seed of the sample does not match its commitment")
	case bytes.Equal(seed, make([]byte, len(seed))):
		return fmt.Errorf("the seed of the sample is all zeros: nobody drew it")
	}
	s.seed.value = seed
	return nil
}
