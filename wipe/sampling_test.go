package wipe_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/verify/sample"
	"lethe/wipe/wipetest"
)

// sampledSize is the least that can be sampled, and a rest.
const sampledSize = 20011 * 512

func sampledPolicy(t testing.TB) wipe.Policy {
	p := wipetest.Clear(t)
	p.Profile, p.Verify = wipetest.Profile(t, "nist-800-88r1-sampled"), record.CheckSampled
	return p
}

// sampledBench is a bench whose drive is verified by sample.
func sampledBench(t testing.TB) *bench {
	b := newBench(t)
	b.drive = wipetest.NewDrive(wipetest.Device(1, sampledSize, 512), 1)
	b.engine.Spawn = wipetest.InProcess{Open: b.drive.Opener()}
	b.plan = wipetest.Plan(t, sampledPolicy(t), wipe.Candidate{Device: b.drive.Device(), Node: "/dev/sim"})
	return b
}

// read gives the places that the transcript says were read, by its revealed seed.
func read(t testing.TB, tr *record.Transcript) (s sample.Sample, read record.Size) {
	t.Helper()
	for _, l := range tr.Lines {
		if e := l.Event.SeedReveal; e != nil {
			seed, err := hex.DecodeString(e.Seed)
			if err != nil {
				t.Fatal(err)
			}
			if s, err = sample.Draw(sampledSize, 512, 10, seed); err != nil {
				t.Fatal(err)
			}
		}
		if e := l.Event.CheckEnd; e != nil {
			read = e.Compared
		}
	}
	return s, read
}

// A sampled read-back reads its places and no other, and ends certified.
//
// mutant: sampling.go: if w.spec.Task.Check == record.CheckFull || w.spec.Resume != nil { => if true {
// mutant: worker.go: if err := w.revealSeed(); err != nil { => if err := error(nil); err != nil {
func TestSampledReadBack(t *testing.T) {
	b := sampledBench(t)
	f := b.erase(t)
	if f.Verdict.State != record.Cleared || !f.Verdict.Reached {
		t.Fatalf("%+v", f.Verdict)
	}
	s, n := read(t, f.Transcript)
	if n != record.Size(s.Bytes) || int64(n) > sampledSize*11/100 || len(s.Drawn) != 2000 {
		t.Errorf("%d bytes of %d compared, places %d", n, s.Bytes, len(s.Drawn))
	}
	if all := strings.Join(f.Verdict.Reasons, "; "); strings.Contains(all, "full") || !strings.Contains(all, "2000 independent places, 0 misses") {
		t.Errorf("%s", all)
	}
	if f.Transcript.Lines[2].Event.SeedCommit == nil || f.Transcript.Lines[3].Event.Intent == nil {
		t.Error("the seed was not committed before the intent")
	}
}

// Of a drive that kept some of its sectors, the verdict is Failed exactly where one
// of them lies in what was read; the seeds are fresh every time.
func TestSampledPartialSurvival(t *testing.T) {
	caught, runs := 0, 12
	for range runs {
		b := sampledBench(t)
		stale := func(off int64) bool { return off/512%5000 == 3 && off < 20000*512 } // four: 34 % are found out
		b.drive.Faults.Drop = stale
		f := b.erase(t)
		s, _ := read(t, f.Transcript)
		hit := false
		for _, r := range s.Ranges {
			for off := r.First; off < r.End; off += 512 {
				hit = hit || stale(off)
			}
		}
		want := record.Cleared // by what was looked at: the paper says how much that is
		if hit {
			want = record.Failed
			caught++
		}
		if f.Verdict.State != want {
			t.Errorf("hit %v: %s %q", hit, f.Verdict.State, f.Verdict.Reasons)
		}
	}
	t.Logf("%d of %d drives with four stale sectors found out", caught, runs)
}

// What is asked decides, within what the profile allows.
//
// mutant: policy.go: case errors.Is(err, sample.ErrSmall): => case false:
// mutant: plan.go: if why := r.Policy.Profile.Lax(r.Policy.verify()); why != "" { => if why := ""; why != "" {
// mutant: grant.go: case share(p.verify()) < share(o.Check()): => case false:
func TestVerifyPolicy(t *testing.T) {
	big := found("A", func(c *wipe.Candidate) { c.Device.Size = sampledSize })
	small := found("A", func(c *wipe.Candidate) { c.Device.Size = 19999 * 512 })
	order := func(verify string) record.Order {
		o := testOrder("A")
		o.Profile, o.Verify = "nist-800-88r1-sampled", verify
		return o
	}
	for _, c := range []struct {
		name    string
		drive   wipe.Candidate
		profile string
		verify  string
		order   string // "-" for none
		check   string // "" where no plan can be made
	}{
		{"nothing said", big, "nist-800-88r1-sampled", "", "-", record.CheckFull},
		{"a sample", big, "nist-800-88r1-sampled", record.CheckSampled, "-", record.CheckSampled},
		{"a percentage", big, "nist-800-88r1-sampled", "percentage:50", "-", "percentage:50"},
		{"too small for a sample", small, "nist-800-88r1-sampled", record.CheckSampled, "-", record.CheckFull},
		{"less than the profile's", big, "nist-800-88r1-sampled", "percentage:9", "-", ""},
		{"a profile that demands all", big, "nist-800-88r2", record.CheckSampled, "-", ""},
		{"likewise", big, "nist-800-88r1", record.CheckSampled, "-", ""},
		{"no such word", big, "nist-800-88r1-sampled", "half", "-", ""},
		{"as ordered", big, "nist-800-88r1-sampled", record.CheckSampled, record.CheckSampled, record.CheckSampled},
		{"more than ordered", big, "nist-800-88r1-sampled", "percentage:50", record.CheckSampled, "percentage:50"},
		{"less than ordered", big, "nist-800-88r1-sampled", record.CheckSampled, "percentage:50", ""},
		{"an order that says nothing", big, "nist-800-88r1-sampled", record.CheckSampled, "", ""},
	} {
		g := wipe.GrantConfirmed("A")
		if c.order != "-" {
			g = mustGrant(t, order(c.order))
		}
		r := request(t, g, c.drive)
		r.Policy.Profile, r.Policy.Verify = wipetest.Profile(t, c.profile), c.verify
		p, err := wipe.NewPlan(r)
		if (err != nil) != (c.check == "") {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err == nil && (len(p.Tasks()) != 1 || p.Tasks()[0].Check != c.check) {
			t.Errorf("%s: %+v; refused %s", c.name, p.Tasks(), reasons(p))
		}
	}
}
