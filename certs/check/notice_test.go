package check_test

import (
	"strings"
	"testing"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/record"
)

// TestNotice: an authentic paper of a failed erase is authentic, and no certificate.
func TestNotice(t *testing.T) {
	for _, c := range []struct {
		name  string
		state record.State
		spoil func(record.Event) *record.Event
	}{
		{"bytes differ", record.Failed, func(e record.Event) *record.Event {
			if e.CheckEnd != nil {
				end := *e.CheckEnd
				end.MismatchBytes, end.Mismatches = 512, []record.Range{{First: 4096, End: 4608}}
				e.CheckEnd = &end
			}
			return &e
		}},
		{"stopped", record.Incomplete, func(e record.Event) *record.Event {
			switch {
			case e.Stretch != nil && e.Stretch.Range.First > 0, e.Stretch != nil && e.Stretch.Check, e.PassEnd != nil,
				e.CheckBegin != nil, e.CheckEnd != nil, e.Reveal != nil, e.Closing != nil:
				return nil
			case e.Ended != nil:
				return &record.Event{Stopped: &record.Stopped{By: "supervisor", Reason: record.StopSignal}}
			}
			return &e
		}},
		{"never identified again", record.Unknown, drop("closing")},
	} {
		d := checktest.NewDesk(t, "S1")
		run := checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t)), c.spoil)
		r := check.Check(d.Paper(t, run, checktest.Context(false)).PDF, opts(d))
		if r.Outcome() != check.Notice || r.Kind != record.KindNotice || r.Verdict.State != c.state {
			show(t, r)
			t.Errorf("%s: Check() = %s, %s, %s; want a notice that says %s", c.name, r.Outcome(), r.Kind, r.Verdict.State, c.state)
		}
		if !strings.Contains(r.Sentence(), "NOT SANITISED") {
			t.Errorf("%s: Sentence() = %q", c.name, r.Sentence())
		}
	}
}

// TestVirtual goes red when the physical step is no longer taken.
//
// mutant: step.go: if o.RequirePhysical { => if false {
func TestVirtual(t *testing.T) {
	d := checktest.NewDesk(t, "S1")
	run := checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t)))
	p := d.Paper(t, run, checktest.Context(true))
	o := opts(d)
	if r := check.Check(p.PDF, o); r.Outcome() != check.Erased || !r.Virtual || !strings.HasPrefix(r.Sentence(), "VIRTUAL") {
		t.Errorf("Check() = %s, virtual %v: %s", r.Outcome(), r.Virtual, r.Sentence())
	}
	o.RequirePhysical = true
	if r := check.Check(p.PDF, o); r.Outcome() != check.Refused || r.Failed() != check.StepPhysical {
		t.Errorf("Check() with RequirePhysical = %s, failed at %q; want refused at %q", r.Outcome(), r.Failed(), check.StepPhysical)
	}
	_, physical := fresh(t)
	if r := check.Check(physical.PDF, o); r.Failed() != check.StepSignature {
		t.Errorf("a paper of another root failed at %q", r.Failed())
	}
	run = checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t)))
	if r := check.Check(d.Paper(t, run, checktest.Context(false)).PDF, o); r.Outcome() != check.Erased {
		show(t, r)
		t.Errorf("a physical drive is refused")
	}
}

// TestConfirmed: without an order, the serial a person typed will do.
func TestConfirmed(t *testing.T) {
	d := checktest.NewDesk(t, "S1")
	run := checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, nil))
	r := check.Check(d.Paper(t, run, checktest.Context(false)).PDF, opts(d))
	if r.Outcome() != check.Erased {
		show(t, r)
		t.Errorf("Check() = %s; want erased", r.Outcome())
	}
}

func TestParseQuirks(t *testing.T) {
	good := `{"version":"1","quirks":[{"model":"M","effect":"lies","source":"lab"}]}`
	if q, err := check.ParseQuirks([]byte(good)); err != nil || len(q.List) != 1 {
		t.Errorf("ParseQuirks() = %v, %v", q, err)
	}
	for _, bad := range []string{``, `{}`, good + good, `{"version":"1","quirk":[]}`,
		`{"version":"1","quirks":[{"model":"","effect":"lies","source":""}]}`} {
		if _, err := check.ParseQuirks([]byte(bad)); err == nil {
			t.Errorf("ParseQuirks(%s) accepted it", bad)
		}
	}
}

// FuzzCheck: no bytes crash the checker, and none but the paper itself are accepted.
func FuzzCheck(f *testing.F) {
	d, p := fresh(f)
	f.Add(p.PDF)
	f.Add(d.Summary(f, "SUM-1", p.Record.Context, p).PDF)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := check.Check(b, opts(d))
		if r.OK() && r.RecordID != p.ID && r.RecordID != "SUM-1" {
			t.Error("a paper that was never signed is accepted")
		}
		_ = r.Sentence()
	})
}
