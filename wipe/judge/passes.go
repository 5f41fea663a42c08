package judge

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"

	"lethe/certs/record"
)

// open returns the pass that is being written, nil between passes.
func (s *scene) open() *passSeen {
	if n := len(s.passes); n > 0 && s.passes[n-1].end == nil {
		return &s.passes[n-1]
	}
	return nil
}

// checking returns the read-back that is running, nil when none is.
func (s *scene) checking() *checkSeen {
	if n := len(s.checks); n > 0 && s.checks[n-1].end == nil {
		return &s.checks[n-1]
	}
	return nil
}

// takeCommit needs the commitment before the pass begins: it stands as a pass
// whose beginning has not been seen.
func (s *scene) takeCommit(c *record.Commit) error {
	if !s.intent || s.open() != nil || s.checking() != nil {
		return fmt.Errorf("a key is committed outside the gap between passes")
	}
	if c.Pass != int64(len(s.passes))+1 || c.Cipher != record.PatternStream {
		return fmt.Errorf("a key is committed for pass %d, cipher %q", c.Pass, c.Cipher)
	}
	for _, o := range s.commits {
		if o.Commitment == c.Commitment {
			return fmt.Errorf("pass %d has the key of pass %d: a drive that ignored it would look the same", c.Pass, o.Pass)
		}
	}
	s.commits = append(s.commits, c)
	s.passes = append(s.passes, passSeen{commit: c})
	return nil
}

func (s *scene) takePassBegin(b *record.PassBegin) error {
	if !s.intent || s.checking() != nil {
		return fmt.Errorf("a pass begins before the intent to erase or during a read-back")
	}
	p := s.open()
	if p == nil {
		s.passes = append(s.passes, passSeen{})
		p = s.open()
	}
	switch {
	case p.begin != nil:
		return fmt.Errorf("a pass begins inside another")
	case b.Pass != int64(len(s.passes)) || b.Of != int64(len(s.task.Passes)) || b.Pass > b.Of:
		return fmt.Errorf("pass %d of %d begins, expected %d of %d", b.Pass, b.Of, len(s.passes), len(s.task.Passes))
	case b.What != s.task.Passes[b.Pass-1]:
		return fmt.Errorf("pass %d writes %q, planned was %q", b.Pass, b.What.Pattern, s.task.Passes[b.Pass-1].Pattern)
	case (b.What.Pattern == record.PatternStream) != (p.commit != nil):
		return fmt.Errorf("pass %d: a stream needs a committed key, a fixed pattern has none", b.Pass)
	case b.Range.End != s.opened.Size || !s.begins(b.Range.First):
		return fmt.Errorf("pass %d covers %d to %d of %d bytes", b.Pass, b.Range.First, b.Range.End, s.opened.Size)
	}
	p.begin, p.earlier, p.kept, p.reached = b, s.carry.parts, b.Range.First, b.Range.First
	s.carry = carried{}
	return nil
}

// takeStretch needs stretches of one traversal to follow each other without a gap.
func (s *scene) takeStretch(x *record.Stretch) error {
	var reached *record.Size
	if x.Check {
		if c := s.checking(); c != nil && c.begin.Pass == x.Pass {
			reached = &c.reached
		}
	} else if p := s.open(); p != nil && p.begin != nil && p.begin.Pass == x.Pass {
		reached = &p.reached
	}
	if reached == nil {
		return fmt.Errorf("a stretch of pass %d that is not running", x.Pass)
	}
	if x.Range.First != *reached || x.Range.End <= x.Range.First || x.Range.End > s.opened.Size {
		return fmt.Errorf("stretch %d to %d does not follow %d", x.Range.First, x.Range.End, *reached)
	}
	*reached = x.Range.End
	return nil
}

func (s *scene) takePassEnd(e *record.PassEnd) error {
	p := s.open()
	if p == nil || p.begin == nil || p.begin.Pass != e.Pass {
		return fmt.Errorf("pass %d ends without having begun", e.Pass)
	}
	if e.Written > p.begin.Range.Len() || e.Nanos < 0 {
		return fmt.Errorf("pass %d wrote %d bytes in %d ns, the drive has %d", e.Pass, e.Written, e.Nanos, s.opened.Size)
	}
	p.end = e
	return nil
}

func (s *scene) takeCheckBegin(b *record.CheckBegin) error {
	n := len(s.passes)
	if n == 0 || s.open() != nil || s.checking() != nil || b.Pass != int64(n) {
		return fmt.Errorf("a read-back of pass %d that is not the last one finished", b.Pass)
	}
	s.checks = append(s.checks, checkSeen{begin: b})
	return nil
}

func (s *scene) takeCheckEnd(e *record.CheckEnd) error {
	c := s.checking()
	if c == nil || c.begin.Pass != e.Pass {
		return fmt.Errorf("a read-back of pass %d ends without having begun", e.Pass)
	}
	if e.Compared > s.opened.Size || e.Nanos < 0 {
		return fmt.Errorf("the read-back compared %d bytes in %d ns, the drive has %d", e.Compared, e.Nanos, s.opened.Size)
	}
	c.end = e
	return nil
}

// takeReveal needs the key to open a commitment made before the pass, or before a part
// of it.
func (s *scene) takeReveal(r *record.Reveal) error {
	if s.open() != nil || s.checking() != nil || r.Pass < 1 || r.Pass > int64(len(s.passes)) {
		return fmt.Errorf("key of pass %d revealed while something runs", r.Pass)
	}
	locks := s.passes[r.Pass-1].locked()
	key, kok := unhex16(r.Key)
	iv, vok := unhex16(r.IV)
	if len(locks) == 0 || !kok || !vok {
		return fmt.Errorf("key of pass %d is not one that was committed", r.Pass)
	}
	at := slices.IndexFunc(locks, func(l lock) bool {
		return record.Digest(append(bytes.Clone(key), iv...)) == l.commit.Commitment
	})
	switch {
	case at < 0:
		return fmt.Errorf("key of pass %d does not match its commitment", r.Pass)
	case bytes.Equal(key, make([]byte, len(key))):
		return fmt.Errorf("key of pass %d is all zeros: nobody drew it", r.Pass)
	}
	*locks[at].reveal, s.over = r, true
	return nil
}

// lock is a commitment and where what opens it goes.
type lock struct {
	commit *record.Commit
	reveal **record.Reveal
}

// locked are the commitments of a pass and its parts that are not open yet.
func (p *passSeen) locked() (out []lock) {
	for i := range p.earlier {
		out = append(out, lock{p.earlier[i].commit, &p.earlier[i].reveal})
	}
	out = append(out, lock{p.commit, &p.reveal})
	return slices.DeleteFunc(out, func(l lock) bool { return l.commit == nil || *l.reveal != nil })
}

// unhex16 reads the 16 bytes of a key or first counter block in lower-case hex.
func unhex16(s record.Hex) ([]byte, bool) {
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) == 16 && hex.EncodeToString(b) == s
}
