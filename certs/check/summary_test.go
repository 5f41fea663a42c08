package check_test

import (
	"testing"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/certs/record"
)

// pair is a desk with a certificate of S1 and a notice of S2.
func pair(t *testing.T) (d *checktest.Desk, cert, notice issue.Paper) {
	t.Helper()
	d = checktest.NewDesk(t, "S1", "S2")
	one := checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t)))
	two := checktest.Run(t, checktest.Task(checktest.Device("S2"), d.Profile, d.Ref(t)), drop("closing"))
	return d, d.Paper(t, one, checktest.Context(false)), d.Paper(t, two, checktest.Context(false))
}

// together checks files as one run does.
func together(d *checktest.Desk, pdfs ...[]byte) []*check.Report {
	var rs []*check.Report
	for _, p := range pdfs {
		r := check.Check(p, opts(d))
		rs = append(rs, &r)
	}
	check.MatchRows(rs)
	return rs
}

func TestSummary(t *testing.T) {
	d, cert, notice := pair(t)
	c := checktest.Context(false)
	whole := d.Summary(t, "SUM-1", c, cert, notice)
	rs := together(d, whole.PDF, cert.PDF, notice.PDF)
	show(t, *rs[0])
	if rs[0].Outcome() != check.Notice || rs[0].Kind != check.KindSummary || rs[0].Digest != whole.RecordDigest {
		t.Errorf("a summary with a notice = %s, kind %s; want notice", rs[0].Outcome(), rs[0].Kind)
	}
	// One of two ordered drives is not all.
	if r := together(d, d.Summary(t, "SUM-2", c, cert).PDF)[0]; r.Outcome() != check.Notice {
		t.Errorf("a summary of one of two ordered drives = %s; want notice", r.Outcome())
	}
	one := checktest.NewDesk(t, "S1")
	p := one.Paper(t, checktest.Run(t, checktest.Task(checktest.Device("S1"), one.Profile, one.Ref(t))), c)
	if r := together(one, one.Summary(t, "SUM-3", c, p).PDF)[0]; r.Outcome() != check.Erased || len(r.Lines) == 0 {
		show(t, *r)
		t.Errorf("a summary of nothing but certificates = %s; want erased", r.Outcome())
	}
}

// TestSummaryRows goes red when matchRows no longer compares a row's digest, or
// rowHolds is not asked.
//
// mutant: rows.go: if d != want { => if d.Record != want.Record {
// mutant: summary.go: if err := rowHolds(d); err != nil { => if err := rowHolds(d); false {
// mutant: summary.go: if seen[d.Record] { => if false {
func TestSummaryRows(t *testing.T) {
	d, cert, _ := pair(t)
	for _, c := range []struct {
		name, check string
		edit        func(*record.Summary)
	}{
		{"another digest", check.StepRows, func(s *record.Summary) { s.Drives[0].Digest = record.Genesis }},
		{"another serial", check.StepRows, func(s *record.Summary) { s.Drives[0].Identity.Serial = "S9" }},
		{"another method", check.StepRows, func(s *record.Summary) { s.Drives[0].State, s.Drives[0].Method = record.Purged, record.MethodPurge }},
		{"twice", check.StepSummary, func(s *record.Summary) { s.Drives = append(s.Drives, s.Drives[0]) }},
		{"certificate of a failure", check.StepSummary, func(s *record.Summary) { s.Drives[0].State = record.Failed }},
		{"unknown kind", check.StepSummary, func(s *record.Summary) { s.Drives[0].Kind = "promise" }},
		{"unknown format", check.StepSummary, func(s *record.Summary) { s.Format = "lethe.summary/v2" }},
	} {
		s := issue.Summarize("SUM-1", checktest.Context(false), d.Ref(t), 2, []issue.Paper{cert}, nil, nil)
		c.edit(&s)
		p, err := issue.Issuer{Signer: d.Machine}.Summary(s)
		if err != nil {
			t.Fatal(err)
		}
		if r := together(d, p.PDF, cert.PDF)[0]; r.Outcome() != check.Refused || r.Failed() != c.check {
			show(t, *r)
			t.Errorf("%s: failed at %q; want %q", c.name, r.Failed(), c.check)
		}
	}
}

// TestSummaryVirtual: a summary may not hide that a drive is virtual.
//
// mutant: rows.go: if rec.Virtual && !s.Virtual { => if false {
func TestSummaryVirtual(t *testing.T) {
	d := checktest.NewDesk(t, "S1")
	p := d.Paper(t, checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t))), checktest.Context(true))
	s := issue.Summarize("SUM-1", checktest.Context(true), d.Ref(t), 1, []issue.Paper{p}, nil, nil)
	s.Virtual, s.Context.Machine.Virtual = false, false
	forged, err := issue.Issuer{Signer: d.Machine}.Summary(s)
	if err != nil {
		t.Fatal(err)
	}
	if r := together(d, forged.PDF, p.PDF)[0]; r.Failed() != check.StepRows {
		t.Errorf("failed at %q; want %q", r.Failed(), check.StepRows)
	}
}
