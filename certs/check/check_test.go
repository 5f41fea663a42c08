package check_test

import (
	"testing"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/certs/record"
)

// fresh is a desk and the certificate of a whole erase of a physical drive.
func fresh(t testing.TB) (*checktest.Desk, issue.Paper) {
	t.Helper()
	d := checktest.NewDesk(t, "S1")
	run := checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t)))
	return d, d.Paper(t, run, checktest.Context(false))
}

func opts(d *checktest.Desk) check.Options { return check.Options{Roots: d.Root.Pool()} }

// show logs every line of a report.
func show(t testing.TB, r check.Report) {
	t.Helper()
	for _, l := range r.Lines {
		t.Logf("%-5v %-16s %s", l.OK, l.Name, l.Detail)
	}
	t.Logf("=> %s", r.Sentence())
}

func TestCertificate(t *testing.T) {
	d, p := fresh(t)
	r := check.Check(p.PDF, opts(d))
	show(t, r)
	if r.Outcome() != check.Erased || r.Kind != record.KindCertificate || r.Verdict.State != record.Cleared {
		t.Errorf("Check() = %s, kind %s, %s; want an erased certificate", r.Outcome(), r.Kind, r.Verdict.State)
	}
	if r.Digest != p.RecordDigest || r.RecordID != p.ID || r.Virtual {
		t.Errorf("Check() = id %s, digest %s, virtual %v", r.RecordID, r.Digest, r.Virtual)
	}
}
