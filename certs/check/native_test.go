package check_test

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/order"
	"lethe/certs/pdf"
	"lethe/certs/record"
)

// nativeScene is a paper of a flash drive's own commands, as ordered.
func nativeScene(t *testing.T, edit func(*record.Task)) *scene {
	t.Helper()
	return nativeSceneUnder(t, nil, edit)
}

// nativeSceneUnder is nativeScene under an order that was edited.
func nativeSceneUnder(t *testing.T, o func(*record.Order), edit func(*record.Task)) *scene {
	t.Helper()
	d := checktest.NewDesk(t, "S1", "S2")
	d.Order.Least = record.MethodPurge
	if o != nil {
		o(&d.Order)
	}
	var err error
	if d.Envelope, err = order.Sign(d.Order, d.Approver); err != nil {
		t.Fatal(err)
	}
	task := checktest.NativeTask("S1", d.Profile, d.Ref(t))
	if edit != nil {
		edit(&task)
	}
	run := checktest.Run(t, task)
	p := d.Paper(t, run, checktest.Context(false))
	return &scene{d, p.PDF, p.Record, run}
}

// The paper of a drive's own commands is accepted, and says what was seen and no more.
func TestNativePaper(t *testing.T) {
	s := nativeScene(t, nil)
	r := checkOf(t, s, s.pdf)
	if r.Outcome() != check.Erased || r.Verdict.State != record.Purged {
		t.Fatalf("%s: %+v", r.Failed(), r.Lines)
	}
	words, err := pdf.Text(*r.Record)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	for _, w := range []string{"NVMe Sanitize, block erase, accepted", "SSTAT 1: completed; GDE 0", "SSTAT 1: completed; GDE 1",
		"6,907 of 6,907 present before, 0 of 6,907 after", "< 0.10 % still holds what it held, at 99.9 %", "raise no method"} {
		if !strings.Contains(page, w) {
			t.Errorf("the page does not say %q:\n%s", w, page)
		}
	}
	for _, w := range []string{"every addressable byte", "read back and compared", "Pass 1"} {
		if strings.Contains(page, w) {
			t.Errorf("the page says %q", w)
		}
	}
}

// Somebody with a trusted key cannot claim more of a drive's own command than was seen.
//
// mutant: orderstep.go: case len(t.Acts) > 0 && t.Check != record.CheckCanaries: => case false:
// mutant: verdict.go: if !bytes.Equal(b, r.payload) { => if false {
func TestNativeAttacks(t *testing.T) {
	lie := func(edit func(*record.ActDone)) func(*testing.T, *scene) []byte {
		return lies(func(r *record.Record) {
			r.Acts = append([]record.ActDone{}, r.Acts...)
			c := *r.Acts[1].Canaries
			r.Acts[1].Canaries = &c
			edit(&r.Acts[1])
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
	page := func(step string, sstat uint16) func(*testing.T, *scene) []byte {
		return spoilt(func(e record.Event) *record.Event {
			if x := e.Exchanged; x != nil && x.Step == step && x.Exchange.Response != "" {
				y := *x
				b, err := base64.StdEncoding.DecodeString(y.Exchange.Response)
				if err != nil {
					t.Fatal(err)
				}
				binary.LittleEndian.PutUint16(b[2:], sstat)
				y.Exchange.Response = base64.StdEncoding.EncodeToString(b)
				e.Exchanged = &y
			}
			return &e
		})
	}
	looked := func(f func(*record.Looked)) func(*testing.T, *scene) []byte {
		return spoilt(func(e record.Event) *record.Event {
			if e.Looked != nil {
				l := *e.Looked
				f(&l)
				e.Looked = &l
			}
			return &e
		})
	}
	for _, a := range []attack{
		{"a lower bound", check.StepVerdict, lie(func(a *record.ActDone) { a.Canaries.Bound = 1 })},
		{"more canaries", check.StepVerdict, lie(func(a *record.ActDone) { a.Canaries.Present++ })},
		{"another word before", check.StepVerdict, lie(func(a *record.ActDone) { a.Before = "SSTAT 0" })},
		{"another word after", check.StepVerdict, lie(func(a *record.ActDone) { a.After = "all is well" })},
		{"a shorter time", check.StepVerdict, lie(func(a *record.ActDone) { a.Nanos = 1 })},
		{"another command", check.StepVerdict, lie(func(a *record.ActDone) { a.Act = record.NVMeSanitizeOverwrite })},
		{"another technique", check.StepVerdict, lie(func(a *record.ActDone) { a.Technique = record.CryptoErase })},
		{"commands left out", check.StepVerdict, lies(func(r *record.Record) { r.Acts = r.Acts[1:] })},
		{"a declaration nobody made", check.StepVerdict, lies(func(r *record.Record) {
			r.Crypto = &record.CryptoDeclaration{By: "K. Approver", AlwaysOn: "yes", Escrow: "no"}
		})},
		{"every byte claimed", check.StepVerdict, lies(func(r *record.Record) {
			r.Verification = &record.Verification{Method: record.CheckFull, Compared: r.Device.Size, Direct: true}
		})},
		{"another seed", check.StepVerdict, lies(func(r *record.Record) {
			v, m := *r.Verification, *r.Verification.Sample
			m.Seed = strings.Repeat("0", 32)
			v.Sample, r.Verification = &m, &v
		})},
		{"no residual risk", check.StepVerdict, lies(func(r *record.Record) { r.Residual = r.Residual[1:] })},
		{"stale success", check.StepVerdict, page(record.StepReady, 0x101)},
		{"a failure", check.StepVerdict, page(record.StepAfter, 0x003)},
		{"still at work", check.StepVerdict, page(record.StepAfter, 0x002)},
		{"a canary found", check.StepVerdict, looked(func(l *record.Looked) { l.Present = 1 })},
		{"not all looked for", check.StepVerdict, looked(func(l *record.Looked) { l.Places--; l.Zeros-- })},
		{"looked for in the cache", check.StepVerdict, looked(func(l *record.Looked) { l.Direct = false })},
		{"never planted", check.StepVerdict, spoilt(drop("planted"))},
		{"never commanded", check.StepVerdict, spoilt(func(e record.Event) *record.Event {
			if x := e.Exchanged; x != nil && x.Step == record.StepStart {
				return nil
			}
			return &e
		})},
		{"seed never committed", check.StepVerdict, spoilt(drop("seedCommit"))},
	} {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			s := nativeScene(t, nil)
			if r := checkOf(t, s, a.make(t, s)); r.Outcome() != check.Refused || r.Failed() != a.check {
				t.Errorf("refused by %q, want %q: %+v", r.Failed(), a.check, r.Lines)
			}
		})
	}
	for name, c := range map[string]struct {
		edit func(*record.Order)
		task func(*record.Task)
	}{
		// mutant: orderstep.go: case o.Technique != "" && o.Technique != chosen(t): => case false:
		"ordered otherwise": {func(o *record.Order) { o.Technique = record.CryptoErase }, nil},
		// mutant: orderstep.go: case t.Crypto != nil && (o.Crypto == nil || *t.Crypto != *o.Crypto): => case false:
		"declared by nobody": {nil, func(k *record.Task) {
			k.Crypto = &record.CryptoDeclaration{By: "O. Perator", AlwaysOn: "yes", Escrow: "no"}
		}},
		"declared otherwise": {func(o *record.Order) {
			o.Crypto = &record.CryptoDeclaration{By: "O. Perator", AlwaysOn: "unknown", Escrow: "no"}
		}, func(k *record.Task) {
			k.Crypto = &record.CryptoDeclaration{By: "O. Perator", AlwaysOn: "yes", Escrow: "no"}
		}},
	} {
		s := nativeSceneUnder(t, c.edit, c.task)
		if r := checkOf(t, s, s.pdf); r.Failed() != check.StepOrder {
			t.Errorf("%s: refused by %q", name, r.Failed())
		}
	}
	s := nativeScene(t, func(k *record.Task) { k.Check = record.CheckFull })
	if r := checkOf(t, s, s.pdf); r.Failed() != check.StepOrder {
		t.Errorf("commands verified by %q: refused by %q", record.CheckFull, r.Failed())
	}
}
