package judge

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/wipe/profile"
	"lethe/wipe/verify/sample"
)

// sampledSize has a rest behind its subsections: 1,003 of them and 9 sectors.
const sampledSize record.Size = (20*1003 + 9) * 512

var testSeed = []byte("sixteen bytes ok")

// sampled is what the worker writes when all goes well and a sample was asked for.
func sampled(t testing.TB, check string, passes ...record.Pass) *script {
	t.Helper()
	s := good(t, passes...)
	s.profile = mustProfile(t, "nist-800-88r1-sampled")
	percent, _ := record.CheckShare(check)
	places, err := sample.Draw(int64(sampledSize), 512, percent, testSeed)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.events {
		e := &s.events[i]
		switch {
		case e.Task != nil:
			e.Task.Check, e.Task.Profile = check, s.profile.Ref()
			e.Task.Device.Size, e.Task.Device.NativeSize = sampledSize, sampledSize
		case e.Opened != nil:
			e.Opened.Size = sampledSize
		case e.Closing != nil:
			e.Closing.Size = sampledSize
		case e.Intent != nil:
			e.Intent.Range.End = sampledSize
		case e.PassBegin != nil:
			e.PassBegin.Range.End = sampledSize
		case e.PassEnd != nil:
			e.PassEnd.Written = sampledSize
		case e.Stretch != nil && e.Stretch.Range.End == testSize:
			e.Stretch.Range.End = sampledSize
		case e.CheckBegin != nil:
			e.CheckBegin.Method, e.CheckBegin.Places = check, int64(len(places.Drawn))
		case e.CheckEnd != nil:
			e.CheckEnd.Compared, e.CheckEnd.Places = record.Size(places.Bytes), int64(len(places.Drawn))
		}
	}
	s.insert(s.at("intent", 0), record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(testSeed)}})
	s.insert(s.at("closing", 0), record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(testSeed)}})
	return s
}

func TestSampledGood(t *testing.T) {
	for _, check := range []string{record.CheckSampled, "percentage:10", "percentage:50", "percentage:95"} {
		v := sampled(t, check).judge(t)
		if v.State != record.Cleared || !v.Reached || len(v.Reasons) != 4 {
			t.Fatalf("%s: %+v", check, v)
		}
		all := strings.Join(v.Reasons, "\n")
		if strings.Contains(all, "full") || strings.Contains(all, "all "+fmt.Sprint(sampledSize)+" bytes were read") {
			t.Errorf("%s: %q claims the whole", check, all)
		}
	}
	want := "2006 independent places, 0 misses: less than 0.35 % of the drive differs, at 99.9 % confidence"
	if v := sampled(t, record.CheckSampled).judge(t); v.Reasons[3] != want {
		t.Errorf("%q; want %q", v.Reasons[3], want)
	}
}

// Every way to pass less than a sample off as one.
func TestSampleAttacks(t *testing.T) {
	end := func(f func(e *record.CheckEnd)) func(*script) {
		return func(s *script) { f(s.event("checkEnd", 0).CheckEnd) }
	}
	other := hex.EncodeToString([]byte("another 16 bytes"))
	for _, m := range []mutation{
		// mutant: sample.go: case record.Digest(seed) != s.seed.commit.Commitment: => case false:
		{"seed swapped", func(s *script) { s.event("seedReveal", 0).SeedReveal.Seed = other }, record.Unknown, "does not match its commitment", nil},
		{"seed in capitals", func(s *script) {
			s.event("seedReveal", 0).SeedReveal.Seed = strings.ToUpper(s.event("seedReveal", 0).SeedReveal.Seed)
		}, record.Unknown, "revealed while", nil},
		// mutant: sample.go: case bytes.Equal(seed, make([]byte, len(seed))): => case false:
		{"seed of zeros", func(s *script) {
			zero := make([]byte, 16)
			s.event("seedCommit", 0).SeedCommit.Commitment = record.Digest(zero)
			s.event("seedReveal", 0).SeedReveal.Seed = hex.EncodeToString(zero)
		}, record.Unknown, "nobody drew it", nil},
		// mutant: sample.go: if s.seed.value == nil { => if false {
		{"seed not revealed", func(s *script) { s.drop(s.at("seedReveal", 0)) }, record.Unknown, "not committed and revealed", nil},
		{"seed not committed", func(s *script) { s.drop(s.at("seedCommit", 0)) }, record.Unknown, "without a commitment", nil},
		{"no seed at all", func(s *script) { s.drop(s.at("seedReveal", 0)); s.drop(s.at("seedCommit", 0)) }, record.Unknown, "not committed and revealed", nil},
		// mutant: sample.go: case s.opened == nil || s.begun: => case s.opened == nil:
		{"seed committed after the intent", func(s *script) { s.move(s.at("seedCommit", 0), s.at("commit", 0)) }, record.Unknown, "after the intent", nil},
		{"seed committed after the pass began", func(s *script) { s.move(s.at("seedCommit", 0), s.at("passBegin", 0)) }, record.Unknown, "after the intent", nil},
		{"seed committed before the read-back", func(s *script) { s.move(s.at("seedCommit", 0), s.at("checkBegin", 0)-1) }, record.Unknown, "after the intent", nil},
		{"seed committed before the drive was opened", func(s *script) { s.move(s.at("seedCommit", 0), 1) }, record.Unknown, "before the drive was opened", nil},
		// mutant: sample.go: case s.seed.commit != nil: => case false:
		{"seed committed twice", func(s *script) { s.insert(s.at("intent", 0), s.events[s.at("seedCommit", 0)]) }, record.Unknown, "committed twice", nil},
		{"seed revealed twice", func(s *script) { s.insert(s.at("closing", 0), s.events[s.at("seedReveal", 0)]) }, record.Unknown, "twice", nil},
		// mutant: sample.go: s.seed.value, s.over = seed, true => s.seed.value = seed
		{"seed revealed before the read-back", func(s *script) { s.move(s.at("seedReveal", 0), s.at("checkBegin", 0)) }, record.Unknown, "or a seed", nil},
		// mutant: sample.go: case s.open() != nil || s.checking() != nil || s.seed.commit == nil || => case s.open() != nil || s.seed.commit == nil ||
		{"seed revealed inside the read-back", func(s *script) { s.move(s.at("seedReveal", 0), s.at("checkEnd", 0)) }, record.Unknown, "while something runs", nil},
		// mutant: sample.go: case s.open() != nil || s.checking() != nil || s.seed.commit == nil || => case s.checking() != nil || s.seed.commit == nil ||
		{"seed revealed inside the pass", func(s *script) { s.move(s.at("seedReveal", 0), s.at("passEnd", 0)) }, record.Unknown, "while something runs", nil},
		// mutant: evidence.go: need(c.begin.Places == places && c.end.Places == places, => need(c.begin.Places == places,
		{"places dropped", end(func(e *record.CheckEnd) { e.Places-- }), record.Unknown, "2005 of 2006 places", nil},
		// mutant: evidence.go: need(c.begin.Places == places && c.end.Places == places, => need(c.end.Places == places,
		{"places not planned", func(s *script) { s.event("checkBegin", 0).CheckBegin.Places = 2000 }, record.Unknown, "planned were 2000", nil},
		{"no places", func(s *script) {
			s.event("checkBegin", 0).CheckBegin.Places, s.event("checkEnd", 0).CheckEnd.Places = 0, 0
		}, record.Unknown, "0 of 2006 places", nil},
		// mutant: evidence.go: need(c.end.Compared == size && c.reached == s.opened.Size => need(c.reached == s.opened.Size
		{"the last sector left out", end(func(e *record.CheckEnd) { e.Compared -= 512 }), record.Unknown, "bytes", nil},
		{"more than the places", end(func(e *record.CheckEnd) { e.Compared += 512 }), record.Unknown, "bytes", nil},
		{"the end not reached", func(s *script) { s.drop(s.at("stretch", -1)) }, record.Unknown, "compared", nil},
		{"every byte read instead", func(s *script) { s.event("checkBegin", 0).CheckBegin.Method = record.CheckFull }, record.Unknown, "planned", nil},
		{"another share read", func(s *script) { s.event("checkBegin", 0).CheckBegin.Method = "percentage:10" }, record.Unknown, "planned", nil},
		// mutant: evidence.go: if why := s.profile.Lax(s.task.Check); why != "" { => if why := ""; why != "" {
		{"under a profile that demands every byte", func(s *script) {
			s.profile = mustProfile(t, profile.Default)
			s.task().Profile = s.profile.Ref()
		}, record.Unknown, "less than profile nist-800-88r2 demands", nil},
		{"a share below the profile's", func(s *script) {
			s.task().Check, s.event("checkBegin", 0).CheckBegin.Method = "percentage:9", "percentage:9"
		}, record.Unknown, "less than profile", nil},
		{"every byte planned, a sample read", func(s *script) { s.task().Check = record.CheckFull }, record.Unknown, "where every byte", nil},
		{"a place differs", end(func(e *record.CheckEnd) { e.MismatchBytes = 512 }), record.Failed, "512 bytes differ", nil},
		{"a place cannot be read", end(func(e *record.CheckEnd) { e.Unreadable = []record.Range{{End: 512}} }), record.Failed, "could not be read", nil},
		{"stopped in the read-back", func(s *script) { s.cut(s.at("checkEnd", 0), record.StopSignal) }, record.Incomplete, "stopped early", nil},
	} {
		s := sampled(t, record.CheckSampled)
		m.change(s)
		v := s.judge(t)
		if all := strings.Join(v.Reasons, "\n"); v.State != m.state || !strings.Contains(all, m.reason) {
			t.Errorf("%s: %s %q; want %s, %q", m.name, v.State, v.Reasons, m.state, m.reason)
		}
	}
	s := good(t) // every byte planned and read: no seed belongs there
	s.insert(s.at("intent", 0), record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(testSeed)}})
	if v := s.judge(t); v.State != record.Unknown { // mutant: sample.go: case s.task.Check == record.CheckFull: => case false:
		t.Errorf("a seed that nobody asked for: %+v", v)
	}
}

// Of a sampled task, too, no line can be left out, repeated or moved.
func TestSampledOrderOfLines(t *testing.T) {
	n := len(sampled(t, record.CheckSampled).events)
	kinds := sampled(t, record.CheckSampled).events
	for i := range n {
		s := sampled(t, record.CheckSampled)
		s.drop(i)
		if v := s.judge(t); v.State == record.Cleared {
			t.Errorf("line %d (%s) dropped: %s", i, kinds[i].Kind(), v.State)
		}
		for j := range n {
			free := true
			for k := min(i, j); k <= max(i, j); k++ {
				free = free && (tail(kinds[k]) || kinds[k].SeedReveal != nil)
			}
			s := sampled(t, record.CheckSampled)
			s.move(i, j)
			if v := s.judge(t); (v.State == record.Cleared) != (i == j || free) {
				t.Errorf("line %d (%s) moved to %d: %s %q", i, kinds[i].Kind(), j, v.State, v.Reasons)
			}
		}
	}
}

// A sample that cannot be drawn of such a drive shows nothing.
func TestSampleOfNoSuchDrive(t *testing.T) {
	for _, size := range []record.Size{512, 19999 * 512, 1<<64 - 512} {
		s := sampled(t, record.CheckSampled)
		for i := range s.events {
			switch e := &s.events[i]; {
			case e.Task != nil:
				e.Task.Device.Size, e.Task.Device.NativeSize = size, size
			case e.Opened != nil:
				e.Opened.Size = size
			case e.Closing != nil:
				e.Closing.Size = size
			case e.Intent != nil:
				e.Intent.Range.End = size
			case e.PassBegin != nil:
				e.PassBegin.Range.End = size
			case e.PassEnd != nil:
				e.PassEnd.Written = size
			case e.CheckEnd != nil:
				e.CheckEnd.Compared = 0
			}
		}
		for k := len(s.events) - 1; k >= 0; k-- { // one stretch for each traversal
			if e := s.events[k].Stretch; e != nil && e.Range.First > 0 {
				s.drop(k)
			} else if e != nil {
				e.Range.End = size
			}
		}
		if v := s.judge(t); v.State != record.Unknown || !strings.Contains(strings.Join(v.Reasons, " "), "sample") {
			t.Errorf("%d bytes: %+v", size, v)
		}
	}
}

func TestCoverage(t *testing.T) {
	for _, c := range []struct {
		part, whole record.Size
		want        int64
	}{{0, 0, 0}, {1, 0, 0}, {1, 10001, 0}, {1, 10000, 1}, {9999, 10000, 9999}, {1999999, 2000000, 9999}, {1 << 63, 1<<64 - 1, 5000}, {7, 7, 10000}, {8, 7, 10000}} {
		if got := Coverage(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d: %d, want %d", c.part, c.whole, got, c.want)
		}
	}
	if got := Percent(1005); got != "10.05 %" {
		t.Error(got)
	}
}

// A task that was resumed is read back whole: what it wrote before was written before
// any seed that is still to be revealed.
//
// mutant: sample.go: if len(s.handles) > 1 { => if false {
// mutant: sample.go: case s.opened == nil || s.begun: => case s.opened == nil || s.intent:
func TestResumedIsReadBackWhole(t *testing.T) {
	make := func(sampledAgain, seedAgain bool) *script {
		s := sampled(t, record.CheckSampled)
		from, to := s.at("checkBegin", 0), s.at("checkEnd", 0)
		again := []record.Event{
			{Resumed: &record.Resumed{Pass: 1, From: sampledSize, Reason: record.ResumeWorker, Audit: record.Audit{Kind: record.AuditVolatile}}},
			{Opened: s.event("opened", 0).Opened},
			{Intent: s.event("intent", 0).Intent},
		}
		if seedAgain {
			seed := s.events[s.at("seedCommit", 0)]
			s.drop(s.at("seedCommit", 0))
			from, to = from-1, to-1
			again = append(again[:2:2], seed, again[2])
		}
		s.insert(to, append(again, s.events[from:to]...)...)
		if !sampledAgain {
			b := *s.event("checkBegin", 1).CheckBegin
			b.Method, b.Places = record.CheckFull, 0
			*s.event("checkBegin", 1) = record.Event{CheckBegin: &b}
			e := s.event("checkEnd", 0).CheckEnd
			e.Compared, e.Places = sampledSize, 0
			s.drop(s.at("seedReveal", 0))
		}
		return s
	}
	if v := make(false, false).judge(t); v.State != record.Cleared || !strings.Contains(strings.Join(v.Reasons, " "), fmt.Sprintf("all %d bytes were read back", sampledSize)) {
		t.Errorf("every byte: %+v", v)
	}
	if v := make(true, false).judge(t); v.State != record.Unknown || !strings.Contains(strings.Join(v.Reasons, " "), `where "full" was planned`) {
		t.Errorf("a sample: %+v", v)
	}
	if v := make(true, true).judge(t); v.State != record.Unknown || !strings.Contains(strings.Join(v.Reasons, " "), "after the intent") {
		t.Errorf("a sample by a seed of the second run: %+v", v)
	}
}
