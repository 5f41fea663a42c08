package judge

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe/verify/sample"
)

const lookSize = 64 << 20

var lookSeed = []byte("sixteen bytes ok")

// looked is what a certificate says of a drive that was erased in two parts.
func looked() record.Certified {
	part := func(n int64, first, end record.Size) record.PartDone {
		key, iv := testKey(n)
		return record.PartDone{Range: record.Range{First: first, End: end}, Key: hex.EncodeToString(key), IV: hex.EncodeToString(iv),
			Commitment: record.Digest(append(append([]byte{}, key...), iv...))}
	}
	return record.Certified{Record: "LTH-1", Digest: record.Digest(nil), Issued: record.At(time.Unix(1000, 0)),
		State: record.Cleared, Method: record.MethodClear, Technique: record.Overwrite, Identity: testIdentity(), Size: lookSize, LogicalSector: 512,
		Pass: record.PassDone{Pass: 1, What: record.Pass{Pattern: record.PatternStream}, Written: lookSize, Flushed: true,
			Parts: []record.PartDone{part(1, 0, 4096), part(2, 4096, lookSize)}}}
}

// lookEvents are those of a look that found the drive as certified.
func lookEvents(t testing.TB, check string) []record.Event {
	t.Helper()
	of := looked()
	open := record.Opened{Exclusive: true, Direct: true, Identity: of.Identity, Size: lookSize, LogicalSector: 512}
	closing := open
	compared, places := record.Size(lookSize), int64(0)
	es := []record.Event{{Looking: &record.Looking{Format: record.LookingFormat, ID: "LOOK-1", Of: of,
		Device: record.Device{Identity: of.Identity, Size: lookSize, LogicalSector: 512}, Check: check}}, {Opened: &open}}
	if check != record.CheckFull {
		percent, _ := record.CheckShare(check)
		s, err := sample.Draw(lookSize, 512, percent, lookSeed)
		if err != nil {
			t.Fatal(err)
		}
		compared, places = record.Size(s.Bytes), int64(len(s.Drawn))
		es = append(es, record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(lookSeed)}})
	}
	es = append(es, record.Event{CheckBegin: &record.CheckBegin{Pass: 1, Method: check, Direct: true, Places: places}},
		record.Event{Stretch: &record.Stretch{Pass: 1, Check: true, Range: record.Range{End: lookSize / 2}}},
		record.Event{Stretch: &record.Stretch{Pass: 1, Check: true, Range: record.Range{First: lookSize / 2, End: lookSize}}},
		record.Event{CheckEnd: &record.CheckEnd{Pass: 1, Compared: compared, Places: places}})
	if check != record.CheckFull {
		es = append(es, record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(lookSeed)}})
	}
	return append(es, record.Event{Closing: &closing}, record.Event{Ended: &record.Ended{}})
}

func lookAt(t testing.TB, es []record.Event) record.Finding {
	t.Helper()
	run := &record.Transcript{}
	for i, e := range es {
		if _, err := run.Append(int64(i), record.At(time.Unix(2000+int64(i), 0)), e); err != nil {
			t.Fatal(err)
		}
	}
	return Look(run)
}

// Each lie, lack or fault in a second look, and what it comes to instead of Holds.
//
// mutant: sight.go: need(o.Identity.Same(of.Identity), => need(true,
// mutant: sight.go: need(o.Size == of.Size && o.LogicalSector == of.LogicalSector, => need(true,
// mutant: sight.go: need(o.Exclusive, => need(true,
// mutant: sight.go: if s.end == nil || s.end.MismatchBytes == 0 && len(s.end.Mismatches) == 0 { => if s.end == nil || len(s.end.Mismatches) == 0 {
// mutant: sight.go: if s.end == nil || len(s.end.Unreadable) == 0 { => if true {
// mutant: sight.go: need(s.begin.Direct && s.opened.Direct, => need(true,
// mutant: sight.go: need(s.begin.Method == s.of.Check && s.begin.Pass == s.of.Of.Pass.Pass, => need(true,
// mutant: sight.go: need(s.begin.Places == places && s.end.Places == places, => need(true,
// mutant: sight.go: need(s.end.Compared == size && s.reached == s.opened.Size && s.end.Stopped == "", => need(true,
// mutant: sight.go: need(s.closing != nil, "the drive was not => need(true, "the drive was not
// mutant: sight.go: gaps = append(gaps, s.strange(s.closing)...) => gaps = append(gaps, s.strange(s.opened)...)
// mutant: look.go: case first.Wall.Before(of.Issued.Time): => case false:
// mutant: look.go: case !s.of.Device.Identity.Same(of.Identity): => case false:
// mutant: look.go: case of.Technique != record.Overwrite || of.Method.Rank() < record.MethodClear.Rank(): => case false:
// mutant: look.go: case record.Digest(seed) != s.seed.commit.Commitment: => case false:
// mutant: look.go: if of.Pass.What.Pattern == record.PatternStream && !opens(p) { => if false {
func TestSights(t *testing.T) {
	for _, c := range []struct {
		name, check string
		spoil       func([]record.Event) []record.Event
		want        record.Sight
		say         string
	}{
		{"whole", record.CheckFull, nil, record.SightHolds, "all 67108864 bytes were read past the cache and equal"},
		{"sample", record.CheckSampled, nil, record.SightHolds, "independent places, 0 misses: less than"},
		{"mismatch", record.CheckFull, end(func(e *record.CheckEnd) { e.MismatchBytes = 512 }), record.SightDiffers, "512 bytes"},
		{"mismatch listed", record.CheckFull, end(func(e *record.CheckEnd) { e.Mismatches = []record.Range{{End: 1024}} }), record.SightDiffers, "1024 bytes"},
		{"unreadable", record.CheckFull, end(func(e *record.CheckEnd) { e.Unreadable = []record.Range{{End: 512}}; e.Compared -= 512 }), record.SightUnreadable, "512 bytes in 1 ranges"},
		{"less compared", record.CheckFull, end(func(e *record.CheckEnd) { e.Compared -= 512 }), record.SightUnknown, "bytes were compared"},
		{"fewer places", record.CheckSampled, end(func(e *record.CheckEnd) { e.Places-- }), record.SightUnknown, "places were compared"},
		{"cache", record.CheckFull, begin(func(b *record.CheckBegin) { b.Direct = false }), record.SightUnknown, "past the cache"},
		{"another pass", record.CheckFull, begin(func(b *record.CheckBegin) { b.Pass = 2 }), record.SightUnknown, "planned"},
		{"closing another", record.CheckFull, on("closing", func(e *record.Event) { e.Closing.Identity.Serial = "S9" }), record.SightUnknown, "the drive is"},
		{"opened another", record.CheckFull, on("opened", func(e *record.Event) { e.Opened.Identity.Serial = "S9" }), record.SightUnknown, "the drive is"},
		{"another size", record.CheckFull, on("opened", func(e *record.Event) { e.Opened.Size += 512 }), record.SightUnknown, "the certificate's 67108864"},
		{"shared", record.CheckFull, on("opened", func(e *record.Event) { e.Opened.Exclusive = false }), record.SightUnknown, "exclusively"},
		{"no closing", record.CheckFull, lacking("closing"), record.SightUnknown, "identified again"},
		{"no end", record.CheckFull, lacking("ended"), record.SightUnknown, "without saying how"},
		{"a gap", record.CheckFull, lacking("stretch"), record.SightUnknown, "bytes were compared"},
		{"no seed", record.CheckSampled, lacking("seedReveal"), record.SightUnknown, "seed"},
		{"another seed", record.CheckSampled, on("seedReveal", func(e *record.Event) { e.SeedReveal.Seed = strings.Repeat("ab", 16) }), record.SightUnknown, "commitment"},
		{"too early", record.CheckFull, on("looking", func(e *record.Event) { e.Looking.Of.Issued = record.At(time.Unix(3000, 0)) }), record.SightUnknown, "before the certificate"},
		{"found another", record.CheckFull, on("looking", func(e *record.Event) { e.Looking.Device.Identity.Serial = "S9" }), record.SightUnknown, "the drive found"},
		{"no overwrite", record.CheckFull, on("looking", func(e *record.Event) { e.Looking.Of.Technique = record.BlockErase }), record.SightUnknown, "holds no stream"},
		{"a key nobody committed", record.CheckFull, on("looking", func(e *record.Event) {
			p := append([]record.PartDone{}, e.Looking.Of.Pass.Parts...)
			p[1].Key = strings.Repeat("cd", 16)
			e.Looking.Of.Pass.Parts = p
		}), record.SightUnknown, "does not open its commitment"},
		{"a hole in the parts", record.CheckFull, on("looking", func(e *record.Event) { e.Looking.Of.Pass.Parts = e.Looking.Of.Pass.Parts[1:] }), record.SightUnknown, "do not follow"},
		{"stopped", record.CheckFull, func(es []record.Event) []record.Event {
			return append(es[:4:4], record.Event{Stopped: &record.Stopped{By: "supervisor", Reason: record.StopSignal}})
		}, record.SightIncomplete, "stopped early"},
		{"differs, then stopped", record.CheckFull, func(es []record.Event) []record.Event {
			es = end(func(e *record.CheckEnd) { e.MismatchBytes = 512 })(es)
			return append(es[:6:6], record.Event{Stopped: &record.Stopped{By: "worker", Reason: record.StopError}})
		}, record.SightDiffers, "512 bytes"},
		{"it writes", record.CheckFull, func(es []record.Event) []record.Event {
			return append(es[:2:2], record.Event{Intent: &record.Intent{Technique: record.Overwrite}})
		}, record.SightUnknown, "belongs to no look"},
	} {
		es := lookEvents(t, c.check)
		if c.spoil != nil {
			es = c.spoil(es)
		}
		f := lookAt(t, es)
		if f.Sight != c.want || f.Judge != LookVersion || !strings.Contains(strings.Join(f.Reasons, "; "), c.say) {
			t.Errorf("%s: %s %q, want %s: %s", c.name, f.Sight, f.Reasons, c.want, c.say)
		}
	}
}

func on(kind string, f func(*record.Event)) func([]record.Event) []record.Event {
	return func(es []record.Event) []record.Event {
		for i := range es {
			if es[i].Kind() == kind {
				f(&es[i])
			}
		}
		return es
	}
}

func end(f func(*record.CheckEnd)) func([]record.Event) []record.Event {
	return on("checkEnd", func(e *record.Event) { f(e.CheckEnd) })
}

func begin(f func(*record.CheckBegin)) func([]record.Event) []record.Event {
	return on("checkBegin", func(e *record.Event) { f(e.CheckBegin) })
}

// lacking drops the last line of a kind.
func lacking(kind string) func([]record.Event) []record.Event {
	return func(es []record.Event) []record.Event {
		for i := len(es) - 1; i >= 0; i-- {
			if es[i].Kind() == kind {
				return append(es[:i:i], es[i+1:]...)
			}
		}
		return es
	}
}

// No line of a good look can be left out, doubled or moved, and Holds remain.
func TestLookHoldsOnlyWhole(t *testing.T) {
	for _, check := range []string{record.CheckFull, record.CheckSampled} {
		n := len(lookEvents(t, check))
		for i := range n {
			es := lookEvents(t, check)
			if f := lookAt(t, append(es[:i:i], es[i+1:]...)); f.Sight == record.SightHolds {
				t.Errorf("%s: line %d left out: %q", check, i, f.Reasons)
			}
			es = lookEvents(t, check)
			if f := lookAt(t, append(es[:i+1:i+1], es[i:]...)); f.Sight == record.SightHolds {
				t.Errorf("%s: line %d twice: %q", check, i, f.Reasons)
			}
		}
	}
}

// A judge of erases makes nothing of a second look, nor the other way round.
func TestLookIsNoErase(t *testing.T) {
	run := &record.Transcript{}
	for _, e := range lookEvents(t, record.CheckFull) {
		if _, err := run.Append(1, record.At(time.Unix(2000, 0)), e); err != nil {
			t.Fatal(err)
		}
	}
	if v := Judge(run, mustProfile(t, "nist-800-88r2"), Quirks{}); v.State != record.Unknown {
		t.Errorf("a second look was judged %s", v.State)
	}
	if f := Look(good(t).transcript(t)); f.Sight != record.SightUnknown {
		t.Errorf("an erase was found to be %s", f.Sight)
	}
}

// Whatever lines come, the judge of second looks says something, and Holds only where a
// reading of everything due ended without a difference.
func FuzzLook(f *testing.F) {
	for _, check := range []string{record.CheckFull, record.CheckSampled} {
		run := &record.Transcript{}
		for i, e := range lookEvents(f, check) {
			if _, err := run.Append(int64(i), record.At(time.Unix(2000, 0)), e); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(run.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		run, _ := record.ParseTranscript(b)
		got := Look(run)
		if got.Sight == "" || len(got.Reasons) == 0 {
			t.Fatalf("%+v", got)
		}
		if got.Sight != record.SightHolds {
			return
		}
		ends := 0
		for _, l := range run.Lines {
			if e := l.Event.CheckEnd; e != nil {
				if ends++; e.MismatchBytes > 0 || len(e.Mismatches)+len(e.Unreadable) > 0 {
					t.Fatalf("holds with %+v", e)
				}
			}
		}
		if ends != 1 {
			t.Fatalf("holds after %d readings", ends)
		}
	})
}
