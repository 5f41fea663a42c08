package check_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe/judge"
)

// attack is a paper that must be refused, by this check first.
type attack struct {
	name  string
	check string
	make  func(*testing.T, *scene) []byte
}

// scene is what an attacker has: a desk, an honest paper, its record and transcript.
type scene struct {
	*checktest.Desk
	pdf []byte
	rec record.Record
	run *record.Transcript
}

func (s *scene) forge(t *testing.T) *checktest.Forge { return s.NewForge(t, s.rec, s.run) }

func newScene(t *testing.T) *scene {
	t.Helper()
	d := checktest.NewDesk(t, "S1", "S2")
	run := checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t)))
	p := d.Paper(t, run, checktest.Context(false))
	return &scene{d, p.PDF, p.Record, run}
}

// run2 is the whole erase of another drive under the same order.
func (s *scene) run2(t *testing.T) *record.Transcript {
	t.Helper()
	return checktest.Run(t, checktest.Task(checktest.Device("S2"), s.Profile, s.Ref(t)))
}

// lies is a record with an edit, drawn and signed with the machine's own key.
func lies(edit func(*record.Record)) func(*testing.T, *scene) []byte {
	return func(t *testing.T, s *scene) []byte {
		rec := s.rec
		edit(&rec)
		f := s.forge(t)
		f.SetRecord(t, rec, s.Machine)
		return f.PDF(t)
	}
}

// ordered is an honest paper with another order, signed by the desk's approver.
func ordered(edit func(*record.Order)) func(*testing.T, *scene) []byte {
	return func(t *testing.T, s *scene) []byte {
		o := checktest.Order("S1", "S2")
		edit(&o)
		env, err := order.Sign(o, s.Approver)
		if err != nil {
			t.Fatal(err)
		}
		s.Envelope = env
		task := checktest.Task(checktest.Device("S1"), s.Profile, s.Ref(t))
		return s.Paper(t, checktest.Run(t, task), checktest.Context(false)).PDF
	}
}

// The attacks with a key that is trusted: only what is derived can refuse them.
var insider = []attack{
	{"purged claimed for an overwrite", check.StepVerdict, lies(func(r *record.Record) {
		r.Verdict.State, r.Verdict.Method = record.Purged, record.MethodPurge
	})},
	{"reasons reworded", check.StepVerdict, lies(func(r *record.Record) { r.Verdict.Reasons = []string{"all is well"} })},
	{"residual risk left out", check.StepVerdict, lies(func(r *record.Record) { r.Residual = nil })},
	{"another drive's serial", check.StepVerdict, lies(func(r *record.Record) { r.Device.Identity.Serial = "S9" })},
	{"another size", check.StepVerdict, lies(func(r *record.Record) { r.Device.Size *= 2 })},
	{"another start", check.StepVerdict, lies(func(r *record.Record) { r.Start = record.At(r.Start.Add(time.Hour)) })},
	{"notice dressed as certificate", check.StepVerdict, func(t *testing.T, s *scene) []byte {
		run := checktest.Run(t, *s.run.Lines[0].Event.Task, drop("checkEnd"))
		rec := s.rec
		rec.Transcript = run.Ref()
		return s.NewForge(t, rec, run).PDF(t)
	}},
	{"unknown profile", check.StepVerdict, func(t *testing.T, s *scene) []byte {
		task := *s.run.Lines[0].Event.Task
		task.Profile.Digest = record.Genesis
		run := checktest.Run(t, task)
		rec := s.rec
		rec.Profile, rec.Transcript = task.Profile, run.Ref()
		return s.NewForge(t, rec, run).PDF(t)
	}},
	{"other rules", check.StepVerdict, lies(func(r *record.Record) { r.Verdict.Judge = "lethe-judge/0" })},
	{"unknown format", check.StepRecord, lies(func(r *record.Record) { r.Format = "lethe.record/v2" })},
	{"another id", check.StepTranscript, lies(func(r *record.Record) { r.ID = "LTH-20261124-S2" })},
	{"another drive's transcript", check.StepTranscript, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.In.Transcript = s.run2(t).Bytes()
		return f.PDF(t)
	}},
	{"transcript without its end", check.StepTranscript, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		b := bytes.TrimSuffix(f.In.Transcript, []byte("\n"))
		f.In.Transcript = b[:bytes.LastIndexByte(b, '\n')+1]
		return f.PDF(t)
	}},
	{"transcript with a line changed", check.StepTranscript, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.In.Transcript = bytes.Replace(f.In.Transcript, []byte(`"flushed":true`), []byte(`"flushed":false`), 1)
		return f.PDF(t)
	}},
	{"no order", check.StepOrder, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.In.Order = nil
		return f.PDF(t)
	}},
	{"an order nobody asked for", check.StepOrder, func(t *testing.T, s *scene) []byte {
		run := checktest.Run(t, checktest.Task(checktest.Device("S1"), s.Profile, nil))
		f := s.NewForge(t, s.Paper(t, run, checktest.Context(false)).Record, run)
		f.In.Order = s.Envelope
		return f.PDF(t)
	}},
	{"a confirmation of another drive", check.StepOrder, func(t *testing.T, s *scene) []byte {
		task := checktest.Task(checktest.Device("S1"), s.Profile, nil)
		task.Confirmed = "S2"
		return s.Paper(t, checktest.Run(t, task), checktest.Context(false)).PDF
	}},
	{"neither order nor confirmation", check.StepOrder, func(t *testing.T, s *scene) []byte {
		task := checktest.Task(checktest.Device("S1"), s.Profile, nil)
		task.Confirmed = ""
		return s.Paper(t, checktest.Run(t, task), checktest.Context(false)).PDF
	}},
	{"an order of another root's", check.StepOrder, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.In.Order = checktest.NewDesk(t, "S1", "S2").Envelope
		return f.PDF(t)
	}},
	{"another order for the same drives", check.StepOrder, func(t *testing.T, s *scene) []byte {
		f, o := s.forge(t), s.Order
		o.ID = "ORD-2026-0043"
		var err error
		if f.In.Order, err = order.Sign(o, s.Approver); err != nil {
			t.Fatal(err)
		}
		return f.PDF(t)
	}},
	{"an unsigned order", check.StepOrder, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		b, err := record.Marshal(s.Order)
		if err != nil {
			t.Fatal(err)
		}
		f.In.Order = b
		return f.PDF(t)
	}},
	{"an order that names other drives", check.StepOrder, ordered(func(o *record.Order) {
		o.Drives, o.Count = []record.DriveTarget{{Serial: "S7"}}, 1
	})},
	{"an order for another machine", check.StepOrder, ordered(func(o *record.Order) { o.Machine.Serial = "SRV-0002" })},
	{"an order that had ended", check.StepOrder, ordered(func(o *record.Order) {
		o.Window.NotAfter = record.At(checktest.Began.Add(-time.Minute))
	})},
	{"an order that asked for more", check.StepOrder, ordered(func(o *record.Order) { o.Least = record.MethodPurge })},
	{"an order under another profile", check.StepOrder, ordered(func(o *record.Order) { o.Profile = "nist-800-88r1" })},
	{"an order of another contract", check.StepOrder, ordered(func(o *record.Order) { o.Labels.Contract = "C-2002" })},
	{"a page that says another thing", check.StepText, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.In.Record.Device.Identity.Serial = "S9"
		return f.PDF(t)
	}},
	{"a signature that says another thing", check.StepDrawing, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.Opts.Reason = "Purged"
		return f.PDF(t)
	}},
	{"a signature of another time", check.StepSigner, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.Opts.When = f.Opts.When.Add(time.Minute)
		return f.PDF(t)
	}},
	{"two signers", check.StepSigner, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.SetRecord(t, s.rec, s.Another(t, sign.RoleRecord))
		return f.PDF(t)
	}},
	{"a summary for a record", check.StepEnvelope, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.In.Envelope = checktest.Envelop(t, sign.PayloadSummary, s.rec, s.Machine)
		return f.PDF(t)
	}},
}

// The attacks from outside: no trusted key.
var outsider = []attack{
	{"nothing", check.StepCoverage, func(*testing.T, *scene) []byte { return nil }},
	{"no PDF", check.StepCoverage, func(*testing.T, *scene) []byte { return []byte("hello") }},
	{"bytes appended", check.StepCoverage, func(_ *testing.T, s *scene) []byte { return append(bytes.Clone(s.pdf), '\n') }},
	{"bytes before", check.StepCoverage, func(_ *testing.T, s *scene) []byte { return append([]byte("\n"), s.pdf...) }},
	{"cut short", check.StepCoverage, func(_ *testing.T, s *scene) []byte { return s.pdf[:len(s.pdf)-1] }},
	{"an incremental update", check.StepCoverage, func(_ *testing.T, s *scene) []byte {
		return fmt.Appendf(bytes.Clone(s.pdf),
			"1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n1 1\n%010d 00000 n \ntrailer\n<< /Size 2 /Root 1 0 R /Prev 0 >>\nstartxref\n%d\n%%%%EOF\n",
			len(s.pdf), len(s.pdf)+40)
	}},
	{"upper-case hexadecimal", check.StepEncoding, func(_ *testing.T, s *scene) []byte {
		return edited(s.pdf, bytes.ToUpper)
	}},
	{"bytes in the padding", check.StepEncoding, func(_ *testing.T, s *scene) []byte {
		return edited(s.pdf, func(hex []byte) []byte { hex[len(hex)-1] = '1'; return hex })
	}},
	{"no signature in the reserve", check.StepEncoding, func(_ *testing.T, s *scene) []byte {
		return edited(s.pdf, func(hex []byte) []byte { return bytes.Repeat([]byte("0"), len(hex)) })
	}},
	{"the signature of another paper", check.StepSignature, func(t *testing.T, s *scene) []byte {
		other := s.Paper(t, s.run2(t), checktest.Context(false)).PDF
		var theirs []byte
		edited(other, func(hex []byte) []byte { theirs = bytes.Clone(hex); return hex })
		return edited(s.pdf, func([]byte) []byte { return theirs })
	}},
	{"signed by an untrusted key of the same names", check.StepSignature, func(t *testing.T, s *scene) []byte {
		d := checktest.NewDesk(t, "S1", "S2")
		run := checktest.Run(t, checktest.Task(checktest.Device("S1"), d.Profile, d.Ref(t)))
		return d.Paper(t, run, checktest.Context(false)).PDF
	}},
	{"signed again by an untrusted key", check.StepSignature, func(t *testing.T, s *scene) []byte {
		f := s.forge(t)
		f.By = checktest.NewDesk(t, "S1").Machine
		return f.PDF(t)
	}},
	{"signed after the key's end", check.StepSignature, lies(func(r *record.Record) {
		r.Context.Issued = record.At(checktest.Began.Add(13 * time.Hour))
	})},
}

// edited passes the hexadecimal of /Contents through f, in a copy.
func edited(pdf []byte, f func([]byte) []byte) []byte {
	b := bytes.Clone(pdf)
	from := bytes.Index(b, []byte("/Contents <")) + len("/Contents <")
	hex := b[from : from+bytes.IndexByte(b[from:], '>')]
	copy(hex, f(hex))
	return b
}

// drop leaves out the events of a kind.
func drop(kind string) func(record.Event) *record.Event {
	return func(e record.Event) *record.Event {
		if e.Kind() == kind {
			return nil
		}
		return &e
	}
}

// TestAttacks goes red, attack by attack, when the check named in it is taken out of
// recordSteps or container, or no longer compares.
//
// mutant: verdict.go: if !bytes.Equal(b, r.payload) { => if false {
// mutant: content.go: case rec.Format != record.RecordFormat: => case false:
// mutant: content.go: got != want { => got.Lines > want.Lines {
// mutant: content.go: id != r.report.RecordID { => id == "" {
// mutant: content.go: if !bytes.Equal(r.leaf, r.envLeaf) { => if !bytes.Equal(r.leaf, r.leaf) {
// mutant: content.go: !r.doc.Signature.When.Equal(at) { => !r.doc.Signature.When.Equal(at) && false {
// mutant: orderstep.go: if task.Order == nil || task.Confirmed != "" { => if task.Order == nil && task.Confirmed == "" {
// mutant: orderstep.go: task.Confirmed != task.Device.Identity.Name() { => false {
// mutant: orderstep.go: if !sameRef(ref, *task.Order) { => if false {
// mutant: orderstep.go: if err := o.Permits(start.Time, r.report.Record.Context.Machine); err != nil { => if err := o.Permits(start.Time, r.report.Record.Context.Machine); false {
// mutant: orderstep.go: case t.Asked.Rank() < o.Least.Rank(): => case false:
// mutant: orderstep.go: case t.Profile.ID != o.Profile: => case false:
// mutant: orderstep.go: if l.ordered != "" && l.ordered != l.printed { => if false {
// mutant: page.go: return compareText(r.doc, want) => _ = want; return "", nil
// mutant: summary.go: if s.Reason != reason || => if
// mutant: hole.go: !bytes.HasPrefix(got, []byte(want)) { => len(got) < len(want) {
// mutant: hole.go: if !bytes.Equal(hex.AppendEncode(nil, reserve), raw) { => if false {
// mutant: hole.go: if len(bytes.Trim(rest, "\x00")) > 0 { => if false {
func TestAttacks(t *testing.T) {
	base := newScene(t)
	for _, a := range append(insider, outsider...) {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			s, desk := *base, *base.Desk // an attack may change what it is given
			s.Desk = &desk
			r := check.Check(a.make(t, &s), opts(s.Desk))
			if r.Outcome() != check.Refused || r.Failed() != a.check {
				show(t, r)
				t.Fatalf("Check() = %s, failed at %q; want refused at %q", r.Outcome(), r.Failed(), a.check)
			}
			t.Log(r.Sentence())
		})
	}
}

// TestNoRoots: a checker without roots trusts nobody, the system's roots least.
func TestNoRoots(t *testing.T) {
	_, p := fresh(t)
	if r := check.Check(p.PDF, check.Options{}); r.Failed() != check.StepSignature {
		t.Errorf("Check() without roots failed at %q; want %q", r.Failed(), check.StepSignature)
	}
}

// TestQuirk: a drive that is found out later takes its certificates with it.
func TestQuirk(t *testing.T) {
	d, p := fresh(t)
	o := opts(d)
	o.Quirks = judge.Quirks{Version: "1", List: []judge.Quirk{{Model: "EXAMPLE HD", Effect: "drops writes", Source: "lab"}}}
	r := check.Check(p.PDF, o)
	if r.Failed() != check.StepVerdict || !strings.Contains(r.Sentence(), "drops writes") {
		t.Errorf("Check() failed at %q: %s; want %q and the quirk", r.Failed(), r.Sentence(), check.StepVerdict)
	}
}
