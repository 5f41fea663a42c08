package judge

import (
	"fmt"
	"math"

	"lethe/certs/record"
	"lethe/wipe/verify/sample"
)

// sight judges a look in which every line followed from the one before.
func (s *look) sight() (record.Sight, []string) {
	if o := s.opened; o != nil {
		if gaps := s.strange(o); len(gaps) > 0 {
			return record.SightUnknown, gaps
		}
	}
	if bad := s.differs(); len(bad) > 0 {
		return record.SightDiffers, append(bad, s.early()...)
	}
	if bad := s.unreadable(); len(bad) > 0 {
		return record.SightUnreadable, append(bad, s.early()...)
	}
	if s.stopped != nil {
		return record.SightIncomplete, append(s.early(), s.far())
	}
	if gaps := s.gaps(); len(gaps) > 0 {
		return record.SightUnknown, gaps
	}
	return record.SightHolds, s.held()
}

// strange lists what makes an opened drive another than the certificate's.
func (s *look) strange(o *record.Opened) (gaps []string) {
	need, of := needing(&gaps), s.of.Of
	need(o.Identity.Same(of.Identity), "the drive is %s, the certificate's is %s", o.Identity, of.Identity)
	need(o.Size == of.Size && o.LogicalSector == of.LogicalSector, "the drive has %d bytes in sectors of %d, the certificate's %d in sectors of %d",
		o.Size, o.LogicalSector, of.Size, of.LogicalSector)
	need(o.Exclusive, "the drive could not be held exclusively")
	return gaps
}

func (s *look) differs() []string {
	if s.end == nil || s.end.MismatchBytes == 0 && len(s.end.Mismatches) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d bytes, in whole sectors, differ from what the certificate says the drive holds",
		max(s.end.MismatchBytes, length(s.end.Mismatches))), s.far()}
}

func (s *look) unreadable() []string {
	if s.end == nil || len(s.end.Unreadable) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d bytes in %d ranges could not be read", length(s.end.Unreadable), len(s.end.Unreadable)), s.far()}
}

// early says why a look ended before its time, nothing when it did not.
func (s *look) early() []string {
	if s.stopped == nil {
		return nil
	}
	why := fmt.Sprintf("stopped early by the %s (%s)", s.stopped.By, s.stopped.Reason)
	if s.stopped.Detail != "" {
		why += ": " + s.stopped.Detail
	}
	return []string{why}
}

// far says how far a look came.
func (s *look) far() string {
	switch {
	case s.end != nil:
		return fmt.Sprintf("%d bytes of %d were read and compared", s.end.Compared, s.of.Of.Size)
	case s.begin != nil:
		return fmt.Sprintf("the first %d bytes of %d were gone through, the outcome is not known", s.reached, s.of.Of.Size)
	}
	return "nothing was read"
}

// gaps lists what is missing to say that the drive holds what it should.
func (s *look) gaps() (gaps []string) {
	if s.opened == nil || s.begin == nil || s.end == nil {
		return []string{"nothing was read"}
	}
	need := needing(&gaps)
	places, size, why := s.due()
	if why != "" {
		return []string{why}
	}
	need(s.begin.Direct && s.opened.Direct, "the reading was not past the cache")
	need(s.begin.Method == s.of.Check && s.begin.Pass == s.of.Of.Pass.Pass, "the reading was %q of pass %d, planned was %q of %d",
		s.begin.Method, s.begin.Pass, s.of.Check, s.of.Of.Pass.Pass)
	need(s.begin.Places == places && s.end.Places == places, "%d of %d places were compared, planned were %d", s.end.Places, places, s.begin.Places)
	need(s.end.Compared == size && s.reached == s.opened.Size && s.end.Stopped == "", "%d of %d bytes were compared", s.end.Compared, size)
	need(s.closing != nil, "the drive was not identified again at the end")
	if s.closing != nil {
		gaps = append(gaps, s.strange(s.closing)...)
	}
	return gaps
}

// due is what had to be compared: drawn places, none where it is every byte, and
// bytes in all. why says what is missing to know it.
func (s *look) due() (places int64, size record.Size, why string) {
	if s.of.Check == record.CheckFull {
		return 0, s.opened.Size, ""
	}
	if s.seed.value == nil {
		return 0, 0, "the seed of the sample was not committed and revealed"
	}
	if s.opened.Size > math.MaxInt64 {
		return 0, 0, fmt.Sprintf("no sample can be drawn of %d bytes", s.opened.Size)
	}
	percent, _ := record.CheckShare(s.of.Check)
	d, err := sample.Draw(int64(s.opened.Size), s.opened.LogicalSector, percent, s.seed.value)
	if err != nil {
		return 0, 0, err.Error()
	}
	return int64(len(d.Drawn)), record.Size(d.Bytes), ""
}

// held says, in words, what a look without a difference shows.
func (s *look) held() []string {
	out := []string{fmt.Sprintf("the drive was identified before and after, and is the certificate's: %s", s.opened.Identity)}
	places, size, _ := s.due()
	what := s.of.Of.Pass.What.Pattern
	if s.of.Check == record.CheckFull {
		return append(out, fmt.Sprintf("all %d bytes were read past the cache and equal the certificate's last pass (%s)", size, what))
	}
	return append(out,
		fmt.Sprintf("%d places drawn by a seed of this look's own, and the first and the last sector, %d bytes or %s of the drive, were read past the cache and equal the certificate's last pass (%s)",
			places, size, Percent(Coverage(size, s.opened.Size)), what),
		fmt.Sprintf("%d independent places, 0 misses: less than %s of the drive differs, at 99.9 %% confidence", places, Percent(sample.Bound(places))))
}
