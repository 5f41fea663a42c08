package check_test

import (
	"strings"
	"testing"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/order"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/wipe/profile"
)

// sampledScene is a paper of an erase that was verified by sample, as ordered.
func sampledScene(t *testing.T, asked, check string) *scene {
	t.Helper()
	d := checktest.NewDesk(t, "S1", "S2")
	var err error
	if d.Profile, err = profile.ByID("nist-800-88r1-sampled"); err != nil {
		t.Fatal(err)
	}
	d.Order.Profile, d.Order.Verify = d.Profile.ID, asked
	if d.Envelope, err = order.Sign(d.Order, d.Approver); err != nil {
		t.Fatal(err)
	}
	task := checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t))
	task.Check = check
	run := checktest.Run(t, task)
	p := d.Paper(t, run, checktest.Context(false))
	return &scene{d, p.PDF, p.Record, run}
}

// A paper of a sample says how much was looked at and what that shows, and no more.
func TestSampledPaper(t *testing.T) {
	for method, want := range map[string][]string{
		record.CheckSampled: {"sampled: drawn places", "2,016 of 2,016, 10.02 % of the drive compared",
			"2,016 independent places, 0 misses: < 0.35 % of the drive differs, at 99.9 %"},
		"percentage:50": {"percentage:50: drawn places", "10,080 of 10,080, 50.01 % of the drive compared",
			"10,080 independent places, 0 misses: < 0.07 % of the drive differs, at 99.9 %"},
	} {
		s := sampledScene(t, record.CheckSampled, method)
		r := checkOf(t, s, s.pdf)
		if r.Outcome() != check.Erased {
			t.Fatalf("%s: %s: %+v", method, r.Failed(), r.Lines)
		}
		words, err := pdf.Text(*r.Record)
		if err != nil {
			t.Fatal(err)
		}
		page := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s: the page does not say %q:\n%s", method, w, page)
			}
		}
		for _, w := range []string{"full", "every byte is read back", "every addressable byte was written, flushed, read back"} {
			if strings.Contains(page, w) {
				t.Errorf("%s: the page says %q", method, w)
			}
		}
	}
}

func checkOf(t *testing.T, s *scene, doc []byte) check.Report {
	t.Helper()
	return check.Check(doc, check.Options{Roots: s.Root.Pool()})
}

// Somebody with a trusted key cannot claim more of a sample than it shows.
//
// mutant: orderstep.go: case len(t.Acts) == 0 && share(t.Check) < share(o.Check()): => case false:
func TestSampledAttacks(t *testing.T) {
	lie := func(edit func(*record.Sample)) func(*testing.T, *scene) []byte {
		return lies(func(r *record.Record) {
			v := *r.Verification
			m := *v.Sample
			edit(&m)
			v.Sample = &m
			r.Verification = &v
		})
	}
	spoilt := func(f func(record.Event) *record.Event) func(*testing.T, *scene) []byte {
		return func(t *testing.T, s *scene) []byte {
			run := checktest.Run(t, *s.run.Lines[0].Event.Task, f)
			rec := s.rec
			rec.Transcript = run.Ref()
			return s.NewForge(t, rec, run).PDF(t)
		}
	}
	for _, a := range []attack{
		{"a lower bound", check.StepVerdict, lie(func(m *record.Sample) { m.Bound = 1 })},
		{"more coverage", check.StepVerdict, lie(func(m *record.Sample) { m.Coverage = 10000 })},
		{"more places", check.StepVerdict, lie(func(m *record.Sample) { m.Places++ })},
		{"another seed", check.StepVerdict, lie(func(m *record.Sample) { m.Seed = strings.Repeat("0", 32) })},
		{"every byte claimed", check.StepVerdict, lies(func(r *record.Record) {
			v := *r.Verification
			v.Method, v.Sample = record.CheckFull, nil
			r.Verification = &v
		})},
		{"places left out", check.StepVerdict, spoilt(func(e record.Event) *record.Event {
			if e.CheckEnd != nil {
				c := *e.CheckEnd
				c.Compared, c.Places = c.Compared/2, c.Places/2
				e.CheckEnd = &c
			}
			return &e
		})},
		{"seed never committed", check.StepVerdict, spoilt(func(e record.Event) *record.Event {
			if e.SeedCommit != nil {
				return nil
			}
			return &e
		})},
	} {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			s := sampledScene(t, record.CheckSampled, record.CheckSampled)
			r := checkOf(t, s, a.make(t, s))
			if r.Failed() != a.check {
				t.Errorf("refused by %q, want %q: %+v", r.Failed(), a.check, r.Lines)
			}
		})
	}
	for _, asked := range []string{"", record.CheckFull, "percentage:50"} {
		s := sampledScene(t, asked, record.CheckSampled)
		if r := checkOf(t, s, s.pdf); r.Failed() != check.StepOrder {
			t.Errorf("ordered %q, sampled: refused by %q", asked, r.Failed())
		}
	}
	s := sampledScene(t, "", record.CheckFull)
	if r := checkOf(t, s, s.pdf); r.Outcome() != check.Erased {
		t.Errorf("every byte under the profile that allows less: %+v", r.Lines)
	}
}
