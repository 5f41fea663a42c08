package judge

import (
	"math"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/wipe/profile"
)

// The comments "mutant: file: old => new" name the one-line change of the product
// that turns the case below them red.

func TestGood(t *testing.T) {
	for _, passes := range [][]record.Pass{{streamPass}, {zeroPass}, {passAA}, {pass55, passAA}, {streamPass, streamPass}, {streamPass, zeroPass}} {
		v := good(t, passes...).judge(t)
		if v.State != record.Cleared || v.Method != record.MethodClear || v.Technique != record.Overwrite || !v.Reached {
			t.Errorf("%v: %+v", passes, v)
		}
		if len(v.Reasons) != 3 || v.Judge != Version {
			t.Errorf("%v: reasons %q by %q", passes, v.Reasons, v.Judge)
		}
	}
}

// mutation is a named change of a good transcript.
type mutation struct {
	name   string
	change func(s *script)
	state  record.State
	reason string // a fragment of one of the reasons
	passes []record.Pass
}

func runMutations(t *testing.T, ms []mutation) {
	t.Helper()
	for _, m := range ms {
		t.Run(strings.ReplaceAll(m.name, " ", "-"), func(t *testing.T) {
			s := good(t, m.passes...)
			m.change(s)
			v := s.judge(t)
			if v.State != m.state {
				t.Errorf("state %s %q; want %s", v.State, v.Reasons, m.state)
			}
			if all := strings.Join(v.Reasons, "\n"); !strings.Contains(all, m.reason) {
				t.Errorf("reasons %q; want one with %q", v.Reasons, m.reason)
			}
			if v.State != record.Cleared && (v.Method != "" || v.Technique != "" || v.Reached) {
				t.Errorf("%s with method %q, technique %q, reached %v", v.State, v.Method, v.Technique, v.Reached)
			}
		})
	}
}

var two = []record.Pass{streamPass, streamPass}

func TestTaskLine(t *testing.T) {
	runMutations(t, []mutation{
		{"no lines", func(s *script) { s.events = nil }, record.Unknown, "empty", nil},
		// mutant: replay.go: if t == nil { => if false {
		{"no task", func(s *script) { s.drop(0) }, record.Unknown, "does not begin with its task", nil},
		{"task comes second", func(s *script) { s.swap(0, 1) }, record.Unknown, "does not begin with its task", nil},
		{"task twice", func(s *script) { s.insert(1, s.events[0]) }, record.Unknown, "does not know", nil},
		// mutant: replay.go: if t.Format != record.TranscriptFormat { => if false {
		{"format of tomorrow", func(s *script) { s.task().Format = "lethe.transcript/v2" }, record.Unknown, "format", nil},
		// mutant: replay.go: if t.Profile != p.Ref() { => if false {
		{"profile of another content", func(s *script) { s.task().Profile.Digest = record.Digest(nil) }, record.Unknown, "another profile", nil},
		{"profile of another name", func(s *script) { s.task().Profile.ID = "dod" }, record.Unknown, "another profile", nil},
		// mutant: replay.go: if t.Profile != p.Ref() { => if t.Profile.ID != p.ID || t.Profile.Digest != p.Digest() {
		{"profile with a grander title", func(s *script) { s.task().Profile.Title = "Purge" }, record.Unknown, "another profile", nil},
		{"profile changed in memory", func(s *script) { s.profile.Title += "!" }, record.Unknown, "another profile", nil},
		// mutant: replay.go: if err := p.Validate(); err != nil { => if err := p.Validate(); err != nil && false {
		{"profile that over-claims", func(s *script) {
			s.profile.Rules = append([]profile.Rule{}, s.profile.Rules...)
			s.profile.Rules[0].Method = record.MethodPurge
			s.task().Profile = s.profile.Ref()
			s.task().Ladder[1].Method = record.MethodPurge
		}, record.Unknown, "cannot earn", nil},
		{"no profile at all", func(s *script) { s.profile, s.task().Profile = profile.Profile{}, record.ProfileRef{} }, record.Unknown, "profile", nil},
		// mutant: replay.go: if t.Asked.Rank() < record.MethodClear.Rank() { => if false {
		{"nothing asked", func(s *script) { s.task().Asked = "" }, record.Unknown, "no method", nil},
		{"nonsense asked", func(s *script) { s.task().Asked = "Polish" }, record.Unknown, "no method", nil},
		// mutant: replay.go: if !profile.Writable(w) { => if false {
		{"pass that writes nothing known", func(s *script) {
			s.task().Passes[0].Pattern = "noop"
			s.event("passBegin", 0).PassBegin.What.Pattern = "noop"
		}, record.Unknown, "no known pattern", []record.Pass{zeroPass}},
		{"pass byte out of range", func(s *script) {
			s.task().Passes[0].Byte = 256
			s.event("passBegin", 0).PassBegin.What.Byte = 256
		}, record.Unknown, "no known pattern", []record.Pass{passAA}},
		// mutant: evidence.go: need(len(s.task.Passes) > 0 && => need(
		{"no passes planned and none done", func(s *script) {
			s.task().Passes = nil
			for len(s.events) > 3 {
				s.drop(3)
			}
			s.add(record.Event{Closing: testState()}, record.Event{Ended: &record.Ended{}})
		}, record.Unknown, "0 of 0 passes", nil},
		// mutant: evidence.go: if why := s.profile.Lax(s.task.Check); why != "" { => if why := ""; why != "" {
		{"verification of another kind", func(s *script) { s.task().Check = "sampled" }, record.Unknown, "verification", nil},
		// mutant: evidence.go: need(s.short == "", => need(true,
		{"fewer passes than the profile asks", func(s *script) { useR1Card(t, s) }, record.Unknown, "1 passes were planned", []record.Pass{pass55}},
		{"other passes than the profile asks", func(s *script) { useR1Card(t, s) }, record.Unknown, "is not the one profile", []record.Pass{passAA, pass55}},
		{"the passes the profile asks", func(s *script) { useR1Card(t, s) }, record.Cleared, "2 of 2 passes", []record.Pass{pass55, passAA}},
	})
}

// useR1Card makes the task one on a memory card under the withdrawn profile.
func useR1Card(t *testing.T, s *script) {
	s.profile = mustProfile(t, "nist-800-88r1")
	s.task().Profile, s.task().Device.Medium = s.profile.Ref(), record.MediumCard
	s.task().Ladder = s.task().Ladder[1:]
}

func TestLadder(t *testing.T) {
	runMutations(t, []mutation{
		// mutant: drive.go: need(r.Method == earns, => need(true,
		{"ladder over-claims", func(s *script) { s.task().Ladder[1].Method = record.MethodPurge }, record.Unknown, "claims \"Purge\"", nil},
		{"ladder claims for a technique nobody grants", func(s *script) { s.task().Ladder[0].Technique = record.BlockErase }, record.Unknown, "claims", nil},
		// mutant: drive.go: need(chosen == 1, => need(true,
		{"ladder chose nothing", func(s *script) { s.task().Ladder[1].Chosen = false }, record.Unknown, "chose 0", nil},
		// mutant: drive.go: need(r.Technique == s.technique, => need(true,
		{"ladder chose another technique", func(s *script) { s.task().Ladder[0].Chosen, s.task().Ladder[1].Chosen = true, false }, record.Unknown, "the ladder chose SanitizeOverwrite", nil},
		{"ladder chose two", func(s *script) { s.task().Ladder = append(s.task().Ladder, s.task().Ladder[1]) }, record.Unknown, "chose 2", nil},
		// mutant: drive.go: need(r.Reason != "", => need(true,
		{"silent step down", func(s *script) { s.task().Ladder[0].Reason = "" }, record.Unknown, "gives no reason", nil},
	})
}

func TestDrive(t *testing.T) {
	both := func(change func(o *record.Opened)) func(s *script) {
		return func(s *script) { change(s.event("opened", 0).Opened); change(s.event("closing", 0).Closing) }
	}
	runMutations(t, []mutation{
		// mutant: evidence.go: if s.opened == nil { => if false {
		{"never opened", func(s *script) { s.events = s.events[:1]; s.add(record.Event{Ended: &record.Ended{}}) }, record.Unknown, "never opened", nil},
		// mutant: replay.go: if s.opened != nil && !s.reopen { => if false {
		{"opened twice", func(s *script) { s.insert(2, record.Event{Opened: testState()}) }, record.Unknown, "opened twice", nil},
		{"opened again between writing and reading", func(s *script) { s.insert(s.at("checkBegin", 0), record.Event{Opened: testState()}) }, record.Unknown, "opened twice", nil},
		// mutant: drive.go: need(h.Exclusive, => need(true,
		{"not exclusive", func(s *script) { s.event("opened", 0).Opened.Exclusive = false }, record.Unknown, "held exclusively", nil},
		// mutant: drive.go: need(h.Direct, => need(true,
		{"through the page cache", func(s *script) { s.event("opened", 0).Opened.Direct = false }, record.Unknown, "direct I/O", nil},
		// mutant: drive.go: need(o.Identity.Same(d.Identity), => need(true,
		{"another drive opened", both(func(o *record.Opened) { o.Identity.Serial = "Z1D5ABCE" }), record.Unknown, "not the one planned", nil},
		// mutant: ../../certs/record/device.go: return i == j && i.Known() => return i == j
		{"drive without identity", func(s *script) {
			both(func(o *record.Opened) { o.Identity = record.Identity{Model: "ACME"} })(s)
			s.task().Device.Identity = record.Identity{Model: "ACME"}
		}, record.Unknown, "not the one planned", nil},
		// mutant: drive.go: need(o.Size == d.Size && d.Size > 0, => need(true,
		{"smaller than planned", func(s *script) { s.task().Device.Size++; s.task().Device.NativeSize = 0 }, record.Unknown, "planned were", nil},
		// mutant: drive.go: need(o.LogicalSector == d.LogicalSector && d.LogicalSector > 0, => need(true,
		{"other sectors than planned", both(func(o *record.Opened) { o.LogicalSector = 4096 }), record.Unknown, "sectors of 4096", nil},
		{"no sector size", func(s *script) {
			both(func(o *record.Opened) { o.LogicalSector = 0 })(s)
			s.task().Device.LogicalSector = 0
		}, record.Unknown, "sectors of 0", nil},
		// mutant: drive.go: need(d.NativeSize == 0 || d.NativeSize == o.Size, => need(true,
		{"native size beyond", func(s *script) { s.task().Device.NativeSize++ }, record.Unknown, "native size", nil},
		// mutant: drive.go: need(!shortens(h), => need(true,
		{"HPA left", func(s *script) { s.task().Device.Hidden[0].State = "present" }, record.Unknown, "HPA", nil},
		// mutant: drive.go: return strings.HasPrefix(h.State, "present") || => return strings.EqualFold(h.State, "present") ||
		{"AMAX left, with more words", func(s *script) {
			s.task().Device.Hidden[0] = record.HiddenArea{Kind: "AMAX", State: "present: 3 sectors"}
		}, record.Unknown, "AMAX", nil},
		// mutant: drive.go: "present") || h.Bytes > 0 => "present")
		{"DCO with bytes left", func(s *script) { s.task().Device.Hidden[0] = record.HiddenArea{Kind: "DCO", State: "none", Bytes: 1} }, record.Unknown, "DCO", nil},
		{"HPA not readable is residual risk", func(s *script) { s.task().Device.Hidden[0].State = "not readable: no answer" }, record.Cleared, "", nil},
		{"medium unknown", func(s *script) { s.task().Device.Medium = record.MediumUnknown }, record.Unknown, "unknown media", nil},
		// mutant: judge.go: if s.task.Device.Volume != "" { => if false {
		{"thin volume", func(s *script) { s.task().Device.Volume = "thin" }, record.Unknown, "thin volume", nil},
		{"copy-on-write volume", func(s *script) { s.task().Device.Volume = "copy-on-write" }, record.Unknown, "copy-on-write", nil},
		// mutant: judge.go: len(hits) > 0 => false
		{"quirk of the model", func(s *script) { s.quirks.List = []Quirk{{Model: "ACME HDD", Effect: "lies", Source: "test"}} }, record.Unknown, "known quirk", nil},
		{"quirk of the firmware", func(s *script) { s.quirks.List = []Quirk{{Model: "ACME", Firmware: "SC61", Effect: "lies"}} }, record.Unknown, "known quirk", nil},
		// mutant: quirks.go: d.Firmware != "" && => true &&
		{"quirk of a firmware that the drive hides", func(s *script) {
			s.quirks.List = []Quirk{{Model: "ACME", Firmware: "SC60", Effect: "lies"}}
			s.task().Device.Firmware = ""
		}, record.Unknown, "known quirk", nil},
		{"quirk of another firmware", func(s *script) { s.quirks.List = []Quirk{{Model: "ACME", Firmware: "SC60"}} }, record.Cleared, "", nil},
		// mutant: evidence.go: need(s.closing != nil, => need(true,
		{"not identified at the end", func(s *script) { s.drop(s.at("closing", 0)) }, record.Unknown, "identified again", nil},
		// mutant: evidence.go: need(s.closing.Identity.Same(s.opened.Identity) && => need(
		{"another drive at the end", func(s *script) { s.event("closing", 0).Closing.Identity.WWN = "" }, record.Unknown, "drive changed", nil},
		// mutant: evidence.go: s.closing.Size == s.opened.Size && => true &&
		{"another size at the end", func(s *script) { s.event("closing", 0).Closing.Size-- }, record.Unknown, "drive changed", nil},
		// mutant: evidence.go: s.closing.LogicalSector == s.opened.LogicalSector && => true &&
		{"other sectors at the end", func(s *script) { s.event("closing", 0).Closing.LogicalSector = 4096 }, record.Unknown, "drive changed", nil},
		// mutant: evidence.go: s.opened.LogicalSector && s.closing.Exclusive, => s.opened.LogicalSector,
		{"shared at the end", func(s *script) { s.event("closing", 0).Closing.Exclusive = false }, record.Unknown, "drive changed", nil},
		// mutant: replay.go: if s.closing != nil { => if false {
		{"closed twice", func(s *script) { s.insert(s.at("ended", 0), record.Event{Closing: testState()}) }, record.Unknown, "twice", nil},
		{"closed inside the pass", func(s *script) { s.move(s.at("closing", 0), s.at("passEnd", 0)) }, record.Unknown, "last time", nil},
		{"closed inside the read-back", func(s *script) { s.move(s.at("closing", 0), s.at("checkEnd", 0)) }, record.Unknown, "last time", nil},
		// mutant: replay.go: if s.over && => if false &&
		{"closed before anything was written", func(s *script) { s.move(s.at("closing", 0), 2) }, record.Unknown, "something is done after", nil},
	})
}

func TestEnd(t *testing.T) {
	runMutations(t, []mutation{
		// mutant: replay.go: if !s.ended && s.stopped == nil { => if false {
		{"no end", func(s *script) { s.drop(s.at("ended", 0)) }, record.Unknown, "without saying how", nil},
		// mutant: replay.go: if s.ended || s.stopped != nil { => if s.stopped != nil {
		{"ended twice", func(s *script) { s.add(record.Event{Ended: &record.Ended{}}) }, record.Unknown, "after the end", nil},
		{"stopped after it ended", func(s *script) { s.add(record.Event{Stopped: &record.Stopped{By: "supervisor"}}) }, record.Unknown, "after the end", nil},
		// mutant: replay.go: if s.ended || s.stopped != nil { => if s.ended {
		{"goes on after it was stopped", func(s *script) {
			s.insert(s.at("closing", 0), record.Event{Stopped: &record.Stopped{By: "worker", Reason: record.StopSignal}})
		}, record.Unknown, "after the end", nil},
		// mutant: judge.go: if s.stopped != nil { => if false {
		{"gone when all was done", func(s *script) { s.cut(s.at("ended", 0), record.StopGone) }, record.Incomplete, "1 of 1 passes", nil},
		{"stopped when all was done", func(s *script) { s.cut(s.at("ended", 0), record.StopSignal) }, record.Incomplete, "1 of 1 passes", nil},
		{"lost when all was done", func(s *script) { s.cut(s.at("ended", 0), record.StopLost) }, record.Incomplete, "stopped early", nil},
		{"stopped in the pass", func(s *script) { s.cut(s.at("stretch", 1), record.StopSignal) }, record.Incomplete, "0 of 1 passes", nil},
		{"stopped in the read-back", func(s *script) { s.cut(s.at("checkEnd", 0), record.StopSignal) }, record.Incomplete, "1 of 1 passes", nil},
		{"refused before the intent", func(s *script) { s.cut(2, record.StopRefused) }, record.Incomplete, "nothing was written", nil},
		{"refused before it was opened", func(s *script) { s.cut(1, record.StopRefused) }, record.Incomplete, "nothing was written", nil},
		{"stopped with a key committed", func(s *script) { s.cut(s.at("passBegin", 0), record.StopSignal) }, record.Incomplete, "0 of 1", nil},
		// mutant: judge.go: return record.Failed, append(bad, why) => return record.Incomplete, append(bad, why)
		{"stopped after a mismatch", func(s *script) {
			s.event("checkEnd", 0).CheckEnd.MismatchBytes = 512
			s.cut(s.at("reveal", 0), record.StopSignal)
		}, record.Failed, "512 bytes differ", nil},
		// mutant: judge.go: return record.Failed, append(bad, why) => if s.stopped.Reason != record.StopLost { return record.Failed, append(bad, why) }
		{"lost after a mismatch", func(s *script) {
			s.event("checkEnd", 0).CheckEnd.MismatchBytes = 512
			s.cut(s.at("reveal", 0), record.StopLost)
		}, record.Failed, "512 bytes differ", nil},
		{"contradicts itself before it was stopped", func(s *script) {
			s.drop(s.at("stretch", 0))
			s.cut(s.at("ended", 0), record.StopSignal)
		}, record.Unknown, "does not follow", nil},
		// mutant: resume.go: } else if l.Mono < s.mono { => } else if false {
		{"monotonic clock runs backwards", func(s *script) { s.mono[5] = 1 }, record.Unknown, "backwards", nil},
		{"monotonic clock stands still", func(s *script) {
			for i := range s.events {
				s.mono[i] = 7
			}
		}, record.Cleared, "", nil},
		{"up for a year", func(s *script) {
			for i := range s.events {
				s.mono[i] = 365 * 86400e9
			}
		}, record.Cleared, "", nil},
	})
}

func TestAskedMore(t *testing.T) {
	s := good(t)
	s.task().Asked = record.MethodPurge
	// mutant: judge.go: v.Reached = s.method.Rank() >= s.task.Asked.Rank() => v.Reached = true
	if v := s.judge(t); v.State != record.Cleared || v.Reached || !strings.Contains(strings.Join(v.Reasons, "\n"), "Clear was reached, Purge was asked") {
		t.Errorf("%+v", v)
	}
}

// The judge reads Lines, which anyone may change; the chain is what was signed.
func TestLinesOtherThanBytes(t *testing.T) {
	s := good(t)
	tr := s.transcript(t)
	tr.Lines[0].Event.Task.Device.Identity.Serial = "another"
	for i := range tr.Lines {
		if o := tr.Lines[i].Event.Opened; o != nil {
			o.Identity.Serial = "another"
		}
		if o := tr.Lines[i].Event.Closing; o != nil {
			o.Identity.Serial = "another"
		}
	}
	// mutant: replay.go: if err := t.Intact(); err != nil { => if err := t.Intact(); err != nil && false {
	if v := Judge(tr, s.profile, s.quirks); v.State != record.Unknown {
		t.Errorf("changed lines: %+v", v)
	}
	if v := Judge(&record.Transcript{Lines: s.transcript(t).Lines}, s.profile, s.quirks); v.State != record.Unknown {
		t.Errorf("lines without bytes: %+v", v)
	}
	if v := Judge(nil, s.profile, s.quirks); v.State != record.Unknown || len(v.Reasons) == 0 {
		t.Errorf("nil transcript: %+v", v)
	}
}

func TestLengthDoesNotWrap(t *testing.T) {
	// mutant: evidence.go: if n+r.Len() < n { => if false {
	half := record.Range{End: 1 << 63}
	if n := length([]record.Range{half, half}); n != math.MaxUint64 {
		t.Errorf("length = %d", n)
	}
	if n := length([]record.Range{{First: 1, End: 3}, {First: 9, End: 4}, {First: 5, End: 6}}); n != 3 {
		t.Errorf("length = %d; want 3", n)
	}
}
