package judge

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"lethe/certs/record"
)

// keptAt is where the resumed scripts go on; the pass had come further.
const keptAt record.Size = 61440

// resumed is what supervisors write of a task that was cut short in its last pass and
// resumed after a restart of the machine.
func resumed(t testing.TB, passes ...record.Pass) *script {
	s := good(t, passes...)
	n := int64(len(s.task().Passes))
	what := s.task().Passes[n-1]
	cut := s.at("passEnd", -1)
	again := []record.Event{
		{Kept: &record.ReadBack{Pass: n, Range: record.Range{First: 49152, End: keptAt}}},
		{Stretch: &record.Stretch{Pass: n, Range: record.Range{First: 40960, End: 81920}}},
		{Resumed: &record.Resumed{Pass: n, From: keptAt, Boot: "b2", Reason: record.ResumeRestart, Audit: record.Audit{Kind: record.AuditVolatile}}},
		{Opened: testState()},
		{Intent: &record.Intent{Technique: record.Overwrite, Range: record.Range{End: testSize}}},
		{Rechecked: &record.ReadBack{Pass: n, Range: record.Range{First: 49152, End: keptAt}}},
	}
	if what.Pattern == record.PatternStream {
		key, iv := testKey(n + 10)
		again = append(again, record.Event{Commit: &record.Commit{Pass: n, Cipher: what.Pattern, Commitment: record.Digest(append(key, iv...))}})
	}
	again = append(again,
		record.Event{PassBegin: &record.PassBegin{Pass: n, Of: n, What: what, Range: record.Range{First: keptAt, End: testSize}}},
		record.Event{Stretch: &record.Stretch{Pass: n, Range: record.Range{First: keptAt, End: 90112}}},
		record.Event{Stretch: &record.Stretch{Pass: n, Range: record.Range{First: 90112, End: testSize}}},
		record.Event{PassEnd: &record.PassEnd{Pass: n, Written: testSize - keptAt, Flushed: true, Nanos: 1e9}})
	s.events = append(s.events[:cut-2:cut-2], append(again, s.events[cut+1:]...)...)
	if what.Pattern == record.PatternStream {
		key, iv := testKey(n + 10)
		s.insert(s.at("closing", 0), record.Event{Reveal: &record.Reveal{Pass: n, Key: hex.EncodeToString(key), IV: hex.EncodeToString(iv)}})
	}
	s.restart(s.at("resumed", 0))
	return s
}

// restart makes the monotonic clock begin anew at line i.
func (s *script) restart(i int) {
	for j := i; j < len(s.events); j++ {
		s.mono[j] = int64(j-i+1) * 1e6
	}
}

// restartAtResumed does it where the lines have moved.
func (s *script) restartAtResumed() {
	clear(s.mono)
	for i, e := range s.events {
		if e.Resumed != nil {
			s.restart(i)
			return
		}
	}
}

// readBackLeft is a task that was cut short while it was read back.
func readBackLeft(t testing.TB, passes ...record.Pass) *script {
	s := good(t, passes...)
	at := s.at("checkEnd", 0)
	again := []record.Event{
		{Resumed: &record.Resumed{Pass: int64(len(s.task().Passes)), From: testSize, Boot: "b2", Reason: record.ResumeRestart, Audit: record.Audit{Kind: record.AuditVolatile}}},
		{Opened: testState()},
		{Intent: &record.Intent{Technique: record.Overwrite, Range: record.Range{End: testSize}}},
	}
	again = append(again, s.events[s.at("checkBegin", 0):at]...)
	s.insert(at, again...)
	s.drop(at - 1) // the last stretch of the first read-back never came
	return s
}

var resumedPlans = [][]record.Pass{{streamPass}, {pass55}, {streamPass, streamPass}, {pass55, streamPass}}

func TestResumedIsCleared(t *testing.T) {
	for _, passes := range resumedPlans {
		for name, s := range map[string]*script{"resumed": resumed(t, passes...), "read-back left": readBackLeft(t, passes...)} {
			v := s.judge(t)
			if v.State != record.Cleared || !v.Reached {
				t.Errorf("%v %s: %+v", passes, name, v)
			}
			if all := strings.Join(v.Reasons, "\n"); !strings.Contains(all, "cut short (restart) and resumed") || !strings.Contains(all, "2 exclusive handles") {
				t.Errorf("%v %s is not told: %q", passes, name, v.Reasons)
			}
		}
	}
}

// A task may be resumed twice, also at the same byte, and may begin a pass anew.
func TestResumedTwice(t *testing.T) {
	s := resumed(t)
	from := s.at("resumed", 0)
	to := s.at("stretch", 2) // what the second run wrote before it was cut short too
	head := append([]record.Event{}, s.events[from:to]...)
	tail := append([]record.Event{}, s.events[from:]...)
	key, iv := testKey(30)
	for i, e := range head {
		if e.Commit != nil {
			head[i] = record.Event{Commit: &record.Commit{Pass: 1, Cipher: record.PatternStream, Commitment: record.Digest(append(key, iv...))}}
		}
	}
	s.events = append(append(s.events[:from:from], head...), tail...)
	s.mono = map[int]int64{}
	if v := s.judge(t); v.State != record.Cleared {
		t.Errorf("resumed twice at one byte: %+v", v)
	}
}

func TestBegunAnew(t *testing.T) {
	s := resumed(t)
	s.event("rechecked", 0).Rechecked.Differ = 512
	whole := func() {
		s.event("passBegin", 1).PassBegin.Range.First = 0
		s.event("stretch", 2).Stretch.Range.First = 0
		s.event("passEnd", 0).PassEnd.Written = testSize
	}
	if v := s.judge(t); v.State != record.Unknown {
		t.Errorf("gone on where nothing was found again: %+v", v)
	}
	whole()
	s.drop(s.at("reveal", 0)) // the first key stands for nothing any more
	v := s.judge(t)
	if v.State != record.Cleared || !strings.Contains(strings.Join(v.Reasons, "\n"), "began anew") {
		t.Errorf("%+v", v)
	}
}

func TestResumeAttacks(t *testing.T) {
	type attack struct {
		name   string
		change func(s *script)
		state  record.State
		reason string
		passes []record.Pass
	}
	for _, m := range []attack{
		// mutant: resume.go: r.Pass > of || r.From > carry.from: => r.Pass > of:
		{"gone on beyond what was kept", func(s *script) {
			s.event("resumed", 0).Resumed.From += 512
			s.event("rechecked", 0).Rechecked.Range.End += 512
			s.event("passBegin", 1).PassBegin.Range.First += 512
			s.event("stretch", 2).Stretch.Range.First += 512
			s.event("passEnd", 0).PassEnd.Written -= 512
		}, record.Unknown, "expected was pass 1 at 61440", nil},
		{"nothing was kept", func(s *script) { s.drop(s.at("kept", 0)) }, record.Unknown, "at 0 at most", nil},
		{"kept after the restart", func(s *script) { s.move(s.at("kept", 0), s.at("resumed", 0)) }, record.Unknown, "", nil},
		{"kept of another pass", func(s *script) { s.event("kept", 0).Kept.Pass = 1 }, record.Unknown, "not running", []record.Pass{streamPass, streamPass}},
		// mutant: resume.go: case k.Range.First < p.kept || => case
		{"kept backwards", func(s *script) { s.insert(s.at("kept", 0), s.events[s.at("kept", 0)]) }, record.Unknown, "cannot be kept", nil},
		// mutant: resume.go: k.Range.End <= k.Range.First || => false ||
		{"kept nothing", func(s *script) { s.event("kept", 0).Kept.Range.First = keptAt }, record.Unknown, "cannot be kept", nil},
		// mutant: resume.go: k.Range.End > s.opened.Size: => false:
		{"kept beyond the end", func(s *script) {
			s.insert(s.at("stretch", 2), record.Event{Kept: &record.ReadBack{Pass: 1, Range: record.Range{First: keptAt, End: testSize + 512}}})
		}, record.Unknown, "cannot be kept", nil},
		// mutant: resume.go: case k.Differ > k.Range.Len(): => case false:
		{"kept with more differing than there is", func(s *script) { s.event("kept", 0).Kept.Differ = testSize }, record.Unknown, "differ", nil},
		// mutant: resume.go: if len(p.lost) > 0 { => if false {
		{"gone on although what was kept differs", func(s *script) {
			s.insert(s.at("resumed", 0), record.Event{Kept: &record.ReadBack{Pass: 1, Range: record.Range{First: keptAt, End: keptAt + 512}, Differ: 512}})
		}, record.Unknown, "not found again", nil},
		{"relied on what differs", func(s *script) { s.event("kept", 0).Kept.Differ = 512 }, record.Unknown, "", nil},
		// mutant: resume.go: if !k.Equal() { => if false {
		{"what was kept differs, and the pass goes on", func(s *script) {
			s.insert(s.at("passEnd", 0), record.Event{Kept: &record.ReadBack{Pass: 1, Range: record.Range{First: 90112, End: 90624}, Differ: 512}})
		}, record.Failed, "512 bytes differ", nil},
		{"what was kept could not be read, and the pass goes on", func(s *script) {
			s.insert(s.at("passEnd", 0), record.Event{Kept: &record.ReadBack{Pass: 1, Range: record.Range{First: 90112, End: 90624}, Error: "EIO"}})
		}, record.Failed, "EIO", nil},
		// mutant: replay.go: if s.reopen && e.Opened == nil && => if false && e.Opened == nil &&
		{"not opened again", func(s *script) { s.drop(s.at("opened", 1)) }, record.Unknown, "not opened again", nil},
		// mutant: resume.go: if !o.Identity.Same(was.Identity) || => if
		{"another drive", func(s *script) {
			s.event("opened", 1).Opened.Identity.Serial = "Z1D5ABCE"
			s.event("closing", 0).Closing.Identity.Serial = "Z1D5ABCE"
		}, record.Unknown, "opened again is", nil},
		// mutant: resume.go: o.Size != was.Size || => false ||
		{"another size", func(s *script) { s.event("opened", 1).Opened.Size += 512 }, record.Unknown, "opened again is", nil},
		// mutant: resume.go: || o.LogicalSector != was.LogicalSector { => {
		{"another sector", func(s *script) { s.event("opened", 1).Opened.LogicalSector = 4096 }, record.Unknown, "opened again is", nil},
		// mutant: drive.go: range s.handles { => range s.handles[:1] {
		{"not exclusive the second time", func(s *script) { s.event("opened", 1).Opened.Exclusive = false }, record.Unknown, "exclusively", nil},
		// mutant: drive.go: range s.handles { => range s.handles[len(s.handles)-1:] {
		{"not direct the first time", func(s *script) { s.event("opened", 0).Opened.Direct = false }, record.Unknown, "direct I/O", nil},
		// mutant: resume.go: s.reopen, s.intent = carry, true, false => s.reopen = carry, true
		{"no intent to go on", func(s *script) { s.drop(s.at("intent", 1)) }, record.Unknown, "", nil},
		// mutant: resume.go: && first == s.carry.from && s.carry.rechecked => && first == s.carry.from
		{"not looked at again", func(s *script) { s.drop(s.at("rechecked", 0)) }, record.Unknown, "covers", nil},
		// mutant: resume.go: case !k.Equal(): => case false:
		{"looked at again and different", func(s *script) { s.event("rechecked", 0).Rechecked.Differ = 1 }, record.Unknown, "covers", nil},
		{"looked at again and unreadable", func(s *script) { s.event("rechecked", 0).Rechecked.Error = "EIO" }, record.Unknown, "covers", nil},
		// mutant: resume.go: k.Range.End != s.carry.from || => false ||
		{"another part looked at again", func(s *script) { s.event("rechecked", 0).Rechecked.Range.End -= 512 }, record.Unknown, "looked at again", nil},
		// mutant: resume.go: || k.Range.First >= k.Range.End: => :
		{"nothing looked at again", func(s *script) { s.event("rechecked", 0).Rechecked.Range.First = keptAt }, record.Unknown, "looked at again", nil},
		// mutant: resume.go: case k.Pass != int64(len(s.passes))+1 || => case
		{"looked at again in another pass", func(s *script) { s.event("rechecked", 0).Rechecked.Pass = 2 }, record.Unknown, "looked at again", nil},
		// mutant: passes.go: case b.Range.End != s.opened.Size || !s.begins(b.Range.First): => case b.Range.End != s.opened.Size:
		{"a hole", func(s *script) {
			s.event("passBegin", 1).PassBegin.Range.First += 512
			s.event("stretch", 2).Stretch.Range.First += 512
			s.event("passEnd", 0).PassEnd.Written -= 512
		}, record.Unknown, "covers", nil},
		{"an overlap", func(s *script) {
			s.event("passBegin", 1).PassBegin.Range.First -= 512
			s.event("stretch", 2).Stretch.Range.First -= 512
			s.event("passEnd", 0).PassEnd.Written += 512
		}, record.Unknown, "covers", nil},
		{"a part of a drive that was not resumed", func(s *script) {
			from := s.at("kept", 0)
			s.events = append(s.events[:from:from], s.events[s.at("commit", 1):]...)
		}, record.Unknown, "", nil},
		{"no new key", func(s *script) { s.drop(s.at("commit", 1)); s.drop(s.at("reveal", 1)) }, record.Unknown, "committed key", nil},
		// mutant: passes.go: s.commits = append(s.commits, c) => _ = c
		{"the old key again", func(s *script) {
			s.event("commit", 1).Commit.Commitment = s.event("commit", 0).Commit.Commitment
			s.event("reveal", 1).Reveal.Key = s.event("reveal", 0).Reveal.Key
		}, record.Unknown, "has the key of pass 1", nil},
		// mutant: evidence.go: need(q.commit == nil || q.reveal != nil, => need(true || q.commit == nil,
		{"the old key not revealed", func(s *script) { s.drop(s.at("reveal", 0)) }, record.Unknown, "from 0 to 61440 was not revealed", nil},
		{"the new key not revealed", func(s *script) { s.drop(s.at("reveal", 1)) }, record.Unknown, "was not revealed", nil},
		{"the new key revealed twice", func(s *script) { *s.event("reveal", 0) = *s.event("reveal", 1) }, record.Unknown, "does not match", nil},
		// mutant: resume.go: r.Boot != s.boot { => true {
		{"the clock runs backwards within one boot", func(s *script) { s.event("resumed", 0).Resumed.Boot = "b1" }, record.Unknown, "backwards", nil},
		// mutant: resume.go: r.Boot != "" && s.boot != "" && => s.boot != "" &&
		{"the clock runs backwards, the boot has no name", func(s *script) { s.event("resumed", 0).Resumed.Boot = "" }, record.Unknown, "backwards", nil},
		// mutant: resume.go: && s.boot != "" && => &&
		{"the clock runs backwards, the first boot had no name", func(s *script) { s.task().Boot = "" }, record.Unknown, "backwards", nil},
		// mutant: resume.go: || r.Reason == "" { => {
		{"for no reason", func(s *script) { s.event("resumed", 0).Resumed.Reason = "" }, record.Unknown, "for no reason", nil},
		// mutant: resume.go: if !s.begun || => if
		{"resumed before it was begun", func(s *script) {
			s.events = []record.Event{s.events[0], {Resumed: &record.Resumed{Pass: 1, Reason: record.ResumeRestart, Boot: "b2"}}, s.events[1], {Ended: &record.Ended{}}}
		}, record.Unknown, "not begun", nil},
		{"resumed after the keys were revealed", func(s *script) { s.move(s.at("resumed", 0), s.at("closing", 0)) }, record.Unknown, "", nil},
		// mutant: resume.go: case r.Pass != next || => case
		{"another pass", func(s *script) { s.event("resumed", 0).Resumed.Pass = 1 }, record.Unknown, "expected was pass 2", []record.Pass{streamPass, streamPass}},
		{"resumed pass short by a sector", func(s *script) { s.event("passEnd", 0).PassEnd.Written -= 512 }, record.Unknown, "0 of 1 passes", nil},
		{"resumed pass longer than its part", func(s *script) { s.event("passEnd", 0).PassEnd.Written = testSize }, record.Unknown, "wrote", nil},
		{"resumed and not read back", func(s *script) {
			from, to := s.at("checkBegin", 0), s.at("checkEnd", 0)
			s.events = append(s.events[:from:from], s.events[to+1:]...)
		}, record.Unknown, "nothing was read back", nil},
		{"stopped after it was resumed", func(s *script) { s.cut(s.at("stretch", 2), record.StopSignal) }, record.Incomplete, "0 of 1", nil},
		{"ended when it was to be resumed", func(s *script) {
			s.events = append(s.events[:s.at("opened", 1):s.at("opened", 1)], record.Event{Ended: &record.Ended{}})
		}, record.Unknown, "", nil},
	} {
		t.Run(strings.ReplaceAll(m.name, " ", "-"), func(t *testing.T) {
			s := resumed(t, m.passes...)
			m.change(s)
			s.restartAtResumed()
			v := s.judge(t)
			if v.State != m.state || !strings.Contains(strings.Join(v.Reasons, "\n"), m.reason) {
				t.Errorf("%s %q; want %s with %q", v.State, v.Reasons, m.state, m.reason)
			}
		})
	}
}

// Where the read-back is left, it is made after the restart, whole.
func TestReadBackIsMadeAnew(t *testing.T) {
	s := readBackLeft(t)
	from, to := s.at("checkBegin", 1), s.at("checkEnd", 0)
	s.events = append(s.events[:from:from], s.events[to:]...)
	if v := s.judge(t); v.State != record.Unknown {
		t.Errorf("half before, half after: %+v", v)
	}
	// mutant: evidence.go: if n <= s.unread { => if false {
	s = readBackLeft(t)
	at := s.at("resumed", 0)
	whole := good(t)
	s.insert(at, whole.events[whole.at("stretch", -1)], whole.events[whole.at("checkEnd", 0)])
	from, to = s.at("checkBegin", 1), s.at("checkEnd", 1)
	s.events = append(s.events[:from:from], s.events[to+1:]...)
	if v := s.judge(t); v.State != record.Unknown || !strings.Contains(fmt.Sprint(v.Reasons), "after the task was resumed") {
		t.Errorf("read back before the restart only: %+v", v)
	}
	// A difference seen before the restart stays seen.
	s = readBackLeft(t)
	end := record.Event{CheckEnd: &record.CheckEnd{Pass: 1, Compared: testSize, MismatchBytes: 512}}
	s.insert(s.at("resumed", 0), end)
	if v := s.judge(t); v.State != record.Failed {
		t.Errorf("what differed is forgotten: %+v", v)
	}
}

// No line of a resumed task can be left out, said again or moved: but for what the
// first run wrote beyond what counts of it.
func TestOrderOfResumedLinesMatters(t *testing.T) {
	t.Parallel()
	for _, passes := range resumedPlans[:1] {
		s := resumed(t, passes...)
		kinds := s.events
		last := s.at("resumed", 0) - 1 // a stretch that no other follows
		first := s.at("passBegin", len(passes)-1)
		cutPass := func(i int) bool { return i > first && i <= last && kinds[i].PassBegin == nil }
		deny := func(what string, change func(*script), equivalent bool) {
			s := resumed(t, passes...)
			change(s)
			s.restartAtResumed()
			if v := s.judge(t); (v.State == record.Cleared) != equivalent {
				t.Errorf("%v: %s: %s %q", passes, what, v.State, v.Reasons)
			}
		}
		for i := range kinds {
			if kinds[i].Resumed != nil {
				continue // TestResumeAttacks has it
			}
			deny(fmt.Sprintf("line %d (%s) dropped", i, kinds[i].Kind()), func(s *script) { s.drop(i) }, i == last)
			for j := range kinds {
				if i == j {
					continue
				}
				free, inCut := true, true
				for k := min(i, j); k <= max(i, j); k++ {
					free, inCut = free && tail(kinds[k]), inCut && cutPass(k)
				}
				if inCut {
					continue // stretches must follow each other, the line that keeps may come between
				}
				deny(fmt.Sprintf("line %d (%s) moved to %d", i, kinds[i].Kind(), j), func(s *script) { s.move(i, j) }, free)
			}
		}
	}
}
