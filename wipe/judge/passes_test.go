package judge

import (
	"strings"
	"testing"

	"lethe/certs/record"
)

func TestPasses(t *testing.T) {
	end := func(f func(e *record.PassEnd)) func(*script) {
		return func(s *script) { f(s.event("passEnd", 0).PassEnd) }
	}
	runMutations(t, []mutation{
		// mutant: evidence.go: need(s.intent, => need(true,
		{"opened, closed, ended", func(s *script) {
			s.events = s.events[:2]
			s.add(record.Event{Closing: testState()}, record.Event{Ended: &record.Ended{}})
		}, record.Unknown, "no intent", nil},
		// mutant: passes.go: if !s.intent || s.checking() != nil { => if s.checking() != nil {
		{"no intent before the pass", func(s *script) { s.drop(2) }, record.Unknown, "before the intent", []record.Pass{zeroPass}},
		// mutant: passes.go: if !s.intent || s.open() => if s.open()
		{"no intent before the key", func(s *script) { s.drop(2) }, record.Unknown, "outside the gap", nil},
		// mutant: replay.go: case s.intent: => case false:
		{"intent twice", func(s *script) { s.insert(3, s.events[2]) }, record.Unknown, "intent twice", nil},
		// mutant: replay.go: case s.opened == nil: => case false:
		{"intent before the drive was opened", func(s *script) { s.swap(1, 2) }, record.Unknown, "before the drive was opened", nil},
		// mutant: replay.go: case i.Technique != s.planned(): => case false:
		{"technique this judge cannot follow", func(s *script) {
			s.events[2].Intent.Technique = record.SanitizeOverwrite
			s.task().Ladder[0].Chosen, s.task().Ladder[1].Chosen = true, false
		}, record.Unknown, "SanitizeOverwrite", nil},
		// mutant: replay.go: case i.Range != (record.Range{First: 0, End: s.opened.Size}): => case false:
		{"intent for a part", func(s *script) { s.events[2].Intent.Range.First = 512 }, record.Unknown, "intent covers", nil},
		// mutant: passes.go: case b.Range.End != s.opened.Size || => case
		{"pass over a part", func(s *script) { s.event("passBegin", 0).PassBegin.Range.End = 81920 }, record.Unknown, "covers", nil},
		// mutant: passes.go: case b.What != s.task.Passes[b.Pass-1]: => case false:
		{"another pattern than planned", func(s *script) { s.event("passBegin", 0).PassBegin.What = zeroPass }, record.Unknown, "planned was", []record.Pass{passAA}},
		// mutant: passes.go: case b.Pass != int64(len(s.passes)) || b.Of => case b.Of
		{"passes out of order", func(s *script) { s.event("passBegin", 0).PassBegin.Pass = 2 }, record.Unknown, "expected 1 of 2", []record.Pass{zeroPass, zeroPass}},
		{"another number of passes", func(s *script) { s.event("passBegin", 0).PassBegin.Of = 1 }, record.Unknown, "of 1 begins", two},
		// mutant: passes.go: b.Of != int64(len(s.task.Passes)) || b.Pass > b.Of: => b.Of != int64(len(s.task.Passes)):
		{"a pass too many", func(s *script) {
			s.task().Passes = s.task().Passes[:1]
			s.event("passBegin", 0).PassBegin.Of = 1
			s.event("passBegin", 1).PassBegin.Of = 1
		}, record.Unknown, "pass 2 of 1", []record.Pass{zeroPass, zeroPass}},
		// mutant: passes.go: case p.begin != nil: => case false:
		{"pass begins inside another", func(s *script) { s.insert(s.at("stretch", 1), s.events[s.at("passBegin", 0)]) }, record.Unknown, "inside another", nil},
		{"second pass never begun", func(s *script) {
			for i, j := s.at("passBegin", 1), s.at("passEnd", 1); j >= i; j-- {
				s.drop(j)
			}
			s.event("checkBegin", 0).CheckBegin.Pass = 1
		}, record.Unknown, "", []record.Pass{zeroPass, zeroPass}},
		// mutant: evidence.go: p.end.Flushed && => true &&
		{"not flushed", end(func(e *record.PassEnd) { e.Flushed = false }), record.Unknown, "0 of 1 passes", nil},
		// mutant: evidence.go: if p.end.FlushError != "" { => if false {
		{"flush failed", end(func(e *record.PassEnd) { e.Flushed, e.FlushError = true, "EIO" }), record.Failed, "did not flush", nil},
		{"first of two not flushed", end(func(e *record.PassEnd) { e.Flushed = false }), record.Unknown, "1 of 2 passes", two},
		// mutant: evidence.go: p.end.Written == s.opened.Size-p.begin.Range.First && => true &&
		{"a sector short", end(func(e *record.PassEnd) { e.Written -= 512 }), record.Unknown, "0 of 1 passes", nil},
		// mutant: passes.go: if e.Written > p.begin.Range.Len() || e.Nanos < 0 { => if e.Nanos < 0 {
		{"more written than there is", end(func(e *record.PassEnd) { e.Written += 512 }), record.Unknown, "the drive has", nil},
		// mutant: passes.go: if e.Written > p.begin.Range.Len() || e.Nanos < 0 { => if e.Written > p.begin.Range.Len() {
		{"a pass that took less than nothing", end(func(e *record.PassEnd) { e.Nanos = -1 }), record.Unknown, "-1 ns", nil},
		// mutant: evidence.go: if n := len(p.end.Failed); n > 0 { => if n := len(p.end.Failed); false {
		{"a sector could not be written", end(func(e *record.PassEnd) { e.Failed = []record.Range{{First: 512, End: 1024}} }), record.Failed, "512 bytes in 1 ranges could not be written", nil},
		// mutant: evidence.go: if n := len(p.end.Failed); n > 0 { => if n := length(p.end.Failed); n > 0 {
		{"failed ranges that add up to nothing", end(func(e *record.PassEnd) {
			e.Failed = []record.Range{{End: 1 << 63}, {First: 1 << 63}, {First: 9, End: 9}}
		}), record.Failed, "could not be written", nil},
		// mutant: evidence.go: p.end.Stopped == "" && => true &&
		{"pass stopped", end(func(e *record.PassEnd) { e.Stopped = "vanished" }), record.Unknown, "0 of 1 passes", nil},
		{"an error that a retry cured", end(func(e *record.PassEnd) { e.FirstError = "EIO" }), record.Cleared, "", nil},
		// mutant: evidence.go: && p.reached == s.opened.Size => && true
		{"last written stretch missing", func(s *script) { s.drop(s.at("stretch", 2)) }, record.Unknown, "0 of 1 passes", nil},
		// mutant: passes.go: if x.Range.First != *reached || => if
		{"written stretch missing", func(s *script) { s.drop(s.at("stretch", 0)) }, record.Unknown, "does not follow", nil},
		{"written stretch twice", func(s *script) { s.insert(s.at("stretch", 1), s.events[s.at("stretch", 0)]) }, record.Unknown, "does not follow", nil},
		// mutant: passes.go: x.Range.End <= x.Range.First || => false ||
		{"stretch that is empty", func(s *script) {
			s.insert(s.at("stretch", 0), record.Event{Stretch: &record.Stretch{Pass: 1}})
		}, record.Unknown, "does not follow", nil},
		// mutant: passes.go: || x.Range.End > s.opened.Size { => {
		{"stretch beyond the end", func(s *script) { s.event("stretch", 2).Stretch.Range.End += 512 }, record.Unknown, "does not follow", nil},
		// mutant: passes.go: p.begin.Pass == x.Pass { => true {
		{"stretch of another pass", func(s *script) { s.event("stretch", 1).Stretch.Pass = 2 }, record.Unknown, "not running", nil},
		{"stretch before the pass began", func(s *script) { s.move(s.at("stretch", 0), s.at("passBegin", 0)) }, record.Unknown, "not running", nil},
		{"stretch after the pass ended", func(s *script) { s.swap(s.at("stretch", 2), s.at("passEnd", 0)) }, record.Unknown, "not running", nil},
		{"pass ends before it began", func(s *script) { s.swap(s.at("passBegin", 0), s.at("passEnd", 0)) }, record.Unknown, "without having begun", []record.Pass{zeroPass}},
	})
}

func TestKeys(t *testing.T) {
	runMutations(t, []mutation{
		// mutant: passes.go: case (b.What.Pattern == record.PatternStream) != (p.commit != nil): => case false:
		{"no commitment", func(s *script) { s.drop(s.at("commit", 0)); s.drop(s.at("reveal", 0)) }, record.Unknown, "committed key", nil},
		{"commitment for a fixed pattern", func(s *script) {
			s.insert(s.at("passBegin", 0), record.Event{Commit: &record.Commit{Pass: 1, Cipher: record.PatternStream, Commitment: record.Digest(nil)}})
		}, record.Unknown, "fixed pattern has none", []record.Pass{zeroPass}},
		{"commitment inside the pass", func(s *script) { s.swap(s.at("commit", 0), s.at("passBegin", 0)) }, record.Unknown, "committed key", nil},
		// mutant: passes.go: c.Cipher != record.PatternStream { => false {
		{"another cipher", func(s *script) { s.event("commit", 0).Commit.Cipher = "rc4" }, record.Unknown, "cipher", nil},
		// mutant: passes.go: if c.Pass != int64(len(s.passes))+1 || => if
		{"commitment for another pass", func(s *script) { s.event("commit", 0).Commit.Pass = 2 }, record.Unknown, "committed for pass 2", nil},
		{"commitment left over", func(s *script) {
			s.insert(s.at("reveal", 0), record.Event{Commit: &record.Commit{Pass: 2, Cipher: record.PatternStream, Commitment: record.Digest(nil)}})
		}, record.Unknown, "", nil},
		// mutant: passes.go: o.Commitment == c.Commitment { => false {
		{"one key for two passes", func(s *script) {
			s.event("commit", 1).Commit.Commitment = s.event("commit", 0).Commit.Commitment
			r := *s.event("reveal", 0).Reveal
			r.Pass = 2
			*s.event("reveal", 1) = record.Event{Reveal: &r}
		}, record.Unknown, "has the key of pass 1", two},
		// mutant: evidence.go: need(p.commit == nil || p.reveal != nil, => need(true || p.commit == nil,
		{"key never revealed", func(s *script) { s.drop(s.at("reveal", 0)) }, record.Unknown, "not revealed", nil},
		{"first key never revealed", func(s *script) { s.drop(s.at("reveal", 0)) }, record.Unknown, "key of pass 1 was not revealed", two},
		// mutant: passes.go: == l.commit.Commitment => != ""
		{"another key revealed", func(s *script) { s.event("reveal", 0).Reveal.Key = strings.Repeat("ab", 16) }, record.Unknown, "does not match", nil},
		{"another IV revealed", func(s *script) { s.event("reveal", 0).Reveal.IV = strings.Repeat("ab", 16) }, record.Unknown, "does not match", nil},
		// mutant: passes.go: && hex.EncodeToString(b) == s => && true
		{"key in capitals", func(s *script) { r := s.event("reveal", 0).Reveal; r.Key = strings.ToUpper(r.Key) }, record.Unknown, "not one that was committed", nil},
		// mutant: passes.go: err == nil && len(b) == 16 => err == nil
		{"bytes moved from key to IV", func(s *script) {
			r := s.event("reveal", 0).Reveal
			r.Key, r.IV = r.Key[:30], r.Key[30:]+r.IV
		}, record.Unknown, "not one that was committed", nil},
		// mutant: passes.go: case bytes.Equal(key, make([]byte, len(key))): => case bytes.Equal(key, nil):
		{"key that nobody drew", func(s *script) {
			s.event("commit", 0).Commit.Commitment = record.Digest(make([]byte, 32))
			s.event("reveal", 0).Reveal.Key = strings.Repeat("0", 32)
		}, record.Unknown, "all zeros", nil},
		// mutant: passes.go: || *l.reveal != nil }) => })
		{"key revealed twice", func(s *script) { s.insert(s.at("closing", 0), s.events[s.at("reveal", 0)]) }, record.Unknown, "not one that was committed", nil},
		// mutant: passes.go: r.Pass < 1 || r.Pass > int64(len(s.passes)) => r.Pass < 1
		{"key of no pass", func(s *script) { s.event("reveal", 0).Reveal.Pass = 2 }, record.Unknown, "revealed", nil},
		// mutant: passes.go: r.Pass < 1 || r.Pass > => r.Pass >
		{"key of pass 0", func(s *script) { s.event("reveal", 0).Reveal.Pass = 0 }, record.Unknown, "revealed", nil},
		{"key of a fixed pattern", func(s *script) {
			s.insert(s.at("closing", 0), record.Event{Reveal: &record.Reveal{Pass: 1, Key: strings.Repeat("ab", 16), IV: strings.Repeat("ab", 16)}})
		}, record.Unknown, "not one that was committed", []record.Pass{zeroPass}},
		// mutant: passes.go: *locks[at].reveal, s.over = r, true => *locks[at].reveal = r
		{"key revealed before the read-back", func(s *script) { s.move(s.at("reveal", 0), s.at("checkBegin", 0)) }, record.Unknown, "after a key was revealed", nil},
		{"key revealed inside the read-back", func(s *script) { s.move(s.at("reveal", 0), s.at("checkEnd", 0)) }, record.Unknown, "while something runs", nil},
		// mutant: passes.go: if s.open() != nil || s.checking() != nil || r.Pass < 1 => if s.checking() != nil || r.Pass < 1
		{"key revealed inside the pass", func(s *script) { s.move(s.at("reveal", 0), s.at("passEnd", 0)) }, record.Unknown, "while something runs", nil},
		{"key revealed before the next pass", func(s *script) { s.move(s.at("reveal", 0), s.at("commit", 1)) }, record.Unknown, "after a key was revealed", two},
		{"key revealed after the drive was closed", func(s *script) { s.swap(s.at("reveal", 0), s.at("closing", 0)) }, record.Cleared, "", nil},
	})
}

func TestReadBack(t *testing.T) {
	check := func(f func(e *record.CheckEnd)) func(*script) {
		return func(s *script) { f(s.event("checkEnd", 0).CheckEnd) }
	}
	again := func(s *script) { // a second read-back of the last pass
		from, to := s.at("checkBegin", 0), s.at("checkEnd", 0)
		s.insert(to+1, append([]record.Event{}, s.events[from:to+1]...)...)
	}
	runMutations(t, []mutation{
		// mutant: evidence.go: if n == 0 || s.checks[n-1].end == nil { => if n == 0 {
		{"read-back without an end", func(s *script) { s.drop(s.at("checkEnd", 0)) }, record.Unknown, "nothing was read back", []record.Pass{zeroPass}},
		{"nothing read back", func(s *script) {
			for i, j := s.at("checkBegin", 0), s.at("checkEnd", 0); j >= i; j-- {
				s.drop(j)
			}
		}, record.Unknown, "nothing was read back", nil},
		// mutant: passes.go: if n == 0 || s.open() != nil || => if n == 0 ||
		{"read-back before the flush", func(s *script) { s.move(s.at("passEnd", 0), s.at("checkEnd", 0)) }, record.Unknown, "not the last one finished", nil},
		{"read-back before the pass", func(s *script) { s.move(s.at("checkBegin", 0), s.at("passBegin", 0)) }, record.Unknown, "not the last one finished", []record.Pass{zeroPass}},
		// mutant: passes.go: s.checking() != nil || b.Pass != int64(n) { => s.checking() != nil {
		{"read-back of another pass", func(s *script) { s.event("checkBegin", 0).CheckBegin.Pass = 1 }, record.Unknown, "read-back of pass 1", two},
		{"read-back of the first pass only", func(s *script) {
			from, to := s.at("checkBegin", 0), s.at("checkEnd", 0)
			es := append([]record.Event{}, s.events[from:to+1]...)
			for i := to; i >= from; i-- {
				s.drop(i)
			}
			for _, e := range es {
				switch {
				case e.CheckBegin != nil:
					e.CheckBegin.Pass = 1
				case e.CheckEnd != nil:
					e.CheckEnd.Pass = 1
				case e.Stretch != nil:
					e.Stretch.Pass = 1
				}
			}
			s.insert(s.at("commit", 1), es...)
		}, record.Unknown, "read-back is of pass 1", two}, // mutant: evidence.go: need(c.begin.Pass == int64(len(s.task.Passes)), => need(true,
		// mutant: passes.go: if n == 0 || s.open() != nil || s.checking() != nil || => if n == 0 || s.open() != nil ||
		{"read-back begun twice", func(s *script) { s.insert(s.at("checkEnd", 0), s.events[s.at("checkBegin", 0)]) }, record.Unknown, "read-back of pass 1", nil},
		// mutant: evidence.go: need(c.begin.Method == s.check() && c.begin.Direct, => need(c.begin.Direct,
		{"read-back by samples", func(s *script) { s.event("checkBegin", 0).CheckBegin.Method = "sampled" }, record.Unknown, "where \"full\" was planned", nil},
		// mutant: evidence.go: need(c.begin.Method == s.check() && c.begin.Direct, => need(c.begin.Method == s.check(),
		{"read-back from the cache", func(s *script) { s.event("checkBegin", 0).CheckBegin.Direct = false }, record.Unknown, "was not direct", nil},
		// mutant: evidence.go: need(c.end.Compared == size && => need(
		{"a sector not compared", check(func(e *record.CheckEnd) { e.Compared -= 512 }), record.Unknown, "compared", nil},
		// mutant: passes.go: if e.Compared > s.opened.Size || e.Nanos < 0 { => if e.Nanos < 0 {
		{"more compared than there is", check(func(e *record.CheckEnd) { e.Compared += 512 }), record.Unknown, "the drive has", nil},
		// mutant: passes.go: if e.Compared > s.opened.Size || e.Nanos < 0 { => if e.Compared > s.opened.Size {
		{"a read-back that took less than nothing", check(func(e *record.CheckEnd) { e.Nanos = -1 }), record.Unknown, "-1 ns", nil},
		// mutant: evidence.go: if c.end.MismatchBytes > 0 || => if
		{"a byte differs", check(func(e *record.CheckEnd) { e.MismatchBytes = 1 }), record.Failed, "1 bytes differ", nil},
		// mutant: evidence.go: if c.end.MismatchBytes > 0 || len(c.end.Mismatches) > 0 { => if c.end.MismatchBytes > 0 {
		{"a range differs", check(func(e *record.CheckEnd) { e.Mismatches = []record.Range{{End: 512}} }), record.Failed, "512 bytes differ", nil},
		// mutant: evidence.go: if n := len(c.end.Unreadable); n > 0 { => if n := len(c.end.Unreadable); false {
		{"a sector cannot be read", check(func(e *record.CheckEnd) { e.Unreadable = []record.Range{{End: 512}} }), record.Failed, "could not be read", nil},
		// mutant: evidence.go: if n := len(c.end.Unreadable); n > 0 { => if n := length(c.end.Unreadable); n > 0 {
		{"an unreadable range of no length", check(func(e *record.CheckEnd) { e.Unreadable = []record.Range{{First: 512, End: 512}} }), record.Failed, "could not be read", nil},
		{"unreadable ranges that wrap", check(func(e *record.CheckEnd) { e.Unreadable = []record.Range{{End: 1 << 63}, {End: 1 << 63}} }), record.Failed, "could not be read", nil},
		// mutant: evidence.go: && c.end.Stopped == "", => ,
		{"read-back stopped", check(func(e *record.CheckEnd) { e.Stopped = "signal" }), record.Unknown, "compared", nil},
		// mutant: evidence.go: && c.reached == s.opened.Size => && true
		{"last read stretch missing", func(s *script) { s.drop(s.at("stretch", -1)) }, record.Unknown, "compared", nil},
		{"first read stretch missing", func(s *script) { s.drop(s.at("stretch", 3)) }, record.Unknown, "does not follow", nil},
		// mutant: passes.go: c.begin.Pass == x.Pass { => true {
		{"read stretch of another pass", func(s *script) { s.event("stretch", -1).Stretch.Pass = 2 }, record.Unknown, "not running", nil},
		{"written stretch inside the read-back", func(s *script) { s.event("stretch", -1).Stretch.Check = false }, record.Unknown, "not running", nil},
		// mutant: passes.go: if c == nil || c.begin.Pass != e.Pass { => if c == nil {
		{"read-back ends as another", check(func(e *record.CheckEnd) { e.Pass = 2 }), record.Unknown, "without having begun", nil},
		{"read back twice", again, record.Cleared, "", nil},
		{"read back twice, the first differs", func(s *script) {
			again(s)
			e := *s.event("checkEnd", 0).CheckEnd
			e.MismatchBytes = 1
			*s.event("checkEnd", 0) = record.Event{CheckEnd: &e}
		}, record.Failed, "differ", nil},
		{"read back twice, the second is not whole", func(s *script) { again(s); s.drop(s.at("stretch", -1)) }, record.Unknown, "compared", nil},
		// mutant: passes.go: if !s.intent || s.checking() != nil { => if !s.intent {
		{"pass inside the read-back", func(s *script) {
			s.insert(s.at("checkEnd", 0), record.Event{PassBegin: &record.PassBegin{Pass: 2, Of: 1, Range: record.Range{End: testSize}}})
		}, record.Unknown, "during a read-back", nil},
	})
}
