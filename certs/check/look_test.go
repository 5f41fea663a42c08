package check_test

import (
	"strings"
	"testing"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// looking is a certificate, and who looks again at what it says.
type looking struct {
	*checktest.Desk
	cert issue.Paper
	of   record.Certified
	by   sign.Signer
}

func newLooking(t testing.TB) looking {
	t.Helper()
	d, p := fresh(t)
	of, err := record.LookedAt(p.Record, p.RecordDigest)
	if err != nil {
		t.Fatal(err)
	}
	return looking{d, p, of, d.Looker(t)}
}

// checked is what lethe-check makes of the files, the last one's report.
func (l looking) checked(t testing.TB, pdfs ...[]byte) check.Report {
	t.Helper()
	rs := together(l.Desk, pdfs...)
	check.MatchLooks(rs)
	r := *rs[len(rs)-1]
	show(t, r)
	return r
}

func (l looking) again(t testing.TB, how string, spoil ...func(record.Event) *record.Event) *record.Transcript {
	return checktest.Again(t, l.of, l.cert.Record.Device, how, spoil...)
}

// differing makes a look that found three sectors other than certified.
func differing(e record.Event) *record.Event {
	if e.CheckEnd != nil {
		c := *e.CheckEnd
		c.MismatchBytes, c.Mismatches = 1536, []record.Range{{First: 512, End: 2048}}
		e.CheckEnd = &c
	}
	return &e
}

// A second look is derived again and held against its certificate; a drive that
// differs gets an authentic paper that says so, and never a good outcome.
//
// mutant: report.go: case r.Look != nil && r.Look.Finding.Sight == record.SightHolds: => case r.Look != nil:
func TestSecondLook(t *testing.T) {
	l := newLooking(t)
	for _, c := range []struct {
		how   string
		spoil []func(record.Event) *record.Event
		want  check.Outcome
		say   string
	}{
		{record.CheckFull, nil, check.Holds, "still holds what certificate LTH-20261124-S1 says: all 268435456 bytes were read"},
		{record.CheckSampled, nil, check.Holds, "independent places, 0 misses"},
		{record.CheckFull, []func(record.Event) *record.Event{differing}, check.Notice, "NOT FOUND AS CERTIFIED"},
		{record.CheckFull, []func(record.Event) *record.Event{drop("closing")}, check.Notice, "NOT FOUND AS CERTIFIED"},
	} {
		p := l.SecondLook(t, l.again(t, c.how, c.spoil...), l.by)
		r := l.checked(t, l.cert.PDF, p.PDF)
		if r.Outcome() != c.want || r.Kind != check.KindLook || !strings.Contains(r.Sentence(), c.say) {
			t.Errorf("%s: outcome %s, %s; want %s: %s", c.how, r.Outcome(), r.Sentence(), c.want, c.say)
		}
	}
}

// A second look says nothing without its certificate, nor with another's or a notice.
//
// mutant: look.go: if p.Record != nil && p.RecordID == r.Look.Of.Record { => if p.Record != nil {
// mutant: look.go: case p.Outcome() != Erased: => case p.Outcome() == Refused:
// mutant: look.go: case !of.Equal(r.Look.Of): => case false:
func TestSecondLookNeedsItsCertificate(t *testing.T) {
	l := newLooking(t)
	p := l.SecondLook(t, l.again(t, record.CheckFull), l.by)
	_, stranger := fresh(t)
	for name, files := range map[string][][]byte{
		"alone":                  {p.PDF},
		"twice":                  {p.PDF, p.PDF},
		"another's certificate":  {stranger.PDF, p.PDF},
		"of other keys":          {l.cert.PDF, l.SecondLook(t, checktest.Again(t, reKey(l.of), l.cert.Record.Device, record.CheckFull), l.by).PDF},
		"of another certificate": {l.cert.PDF, l.SecondLook(t, checktest.Again(t, reName(l.of), l.cert.Record.Device, record.CheckFull), l.by).PDF},
	} {
		if r := l.checked(t, files...); r.Outcome() != check.Refused || r.Failed() != check.StepCertificate {
			t.Errorf("%s: %s at %q", name, r.Outcome(), r.Failed())
		}
	}
	if _, err := record.LookedAt(noticeOf(t), ""); err == nil {
		t.Error("a notice can be looked at again")
	}
}

// reKey is what a certificate would say of a drive under another key.
func reKey(of record.Certified) record.Certified {
	of.Pass.Key = strings.Repeat("12", 16)
	key := make([]byte, 32)
	for i := range 16 {
		key[i] = 0x12
	}
	of.Pass.IV = strings.Repeat("00", 16)
	of.Pass.Commitment = record.Digest(key)
	return of
}

func reName(of record.Certified) record.Certified { of.Record = "LTH-20261124-S9"; return of }

func noticeOf(t *testing.T) record.Record {
	t.Helper()
	_, _, n := pair(t)
	return n.Record
}

// Who has a key and our code cannot sign what the transcript does not show.
//
// mutant: look.go: if again.Finding.Sight != l.Finding.Sight { => if false {
// mutant: look.go: if !bytes.Equal(b, r.payload) { => if false {
func TestSecondLookLies(t *testing.T) {
	l := newLooking(t)
	run := l.again(t, record.CheckFull, differing)
	honest, err := issue.BuildLook(run, checktest.LookContext())
	if err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(*record.Look){
		"it holds":          func(x *record.Look) { x.Finding.Sight = record.SightHolds },
		"fewer differences": func(x *record.Look) { x.Verification.MismatchBytes = 512 },
		"no limits":         func(x *record.Look) { x.Limits = []string{} },
		"another judge":     func(x *record.Look) { x.Finding.Judge = "lethe-look/0" },
		"another drive":     func(x *record.Look) { x.Device.Identity.Serial = "S9" },
	} {
		x := honest
		v := *honest.Verification
		x.Verification = &v
		lie(&x)
		r := l.checked(t, l.cert.PDF, l.ForgeLook(t, x, run, l.by))
		if r.Outcome() != check.Refused || r.Failed() != check.StepFinding {
			t.Errorf("%s: %s at %q, want the finding refused", name, r.Outcome(), r.Failed())
		}
	}
	if r := l.checked(t, l.cert.PDF, l.ForgeLook(t, honest, run, l.by)); r.Outcome() != check.Notice {
		t.Errorf("the honest one: %s", r.Outcome())
	}
}

// A second look at what a VIRTUAL certificate says is VIRTUAL.
//
// mutant: ../issue/look.go: if of.Of.Virtual { => if false {
func TestSecondLookVirtual(t *testing.T) {
	l := newLooking(t)
	of := l.of
	of.Virtual = true
	x, err := issue.BuildLook(checktest.Again(t, of, l.cert.Record.Device, record.CheckFull), checktest.LookContext())
	if err != nil || !x.Virtual || len(x.VirtualWhy) != 1 {
		t.Errorf("virtual %v %v, %v", x.Virtual, x.VirtualWhy, err)
	}
	p := l.SecondLook(t, l.again(t, record.CheckFull), l.by)
	o := opts(l.Desk)
	o.RequirePhysical = true
	r := check.Check(p.PDF, o)
	c := check.Check(l.cert.PDF, o)
	check.MatchLooks([]*check.Report{&r, &c})
	if show(t, r); r.Outcome() != check.Holds {
		t.Errorf("a physical one: %s", r.Outcome())
	}
}

// No file makes the reader of second looks fall over, and none but an honest one gets
// through.
func FuzzCheckLook(f *testing.F) {
	l := newLooking(f)
	f.Add(l.SecondLook(f, l.again(f, record.CheckSampled), l.by).PDF)
	o := opts(l.Desk)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := check.Check(b, o)
		if r.Look != nil && r.Outcome() != check.Refused {
			t.Fatalf("a second look without its certificate: %s", r.Outcome())
		}
	})
}
