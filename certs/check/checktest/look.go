package checktest

import (
	"encoding/hex"
	"testing"
	"time"

	"lethe/certs/issue"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe/verify/sample"
)

// LookID is the name of every second look here.
const LookID = "LOOK-20261125-ABCDEFGHJK"

// Looked is when every second look here began: a day after the erase.
var Looked = Began.Add(24 * time.Hour)

// LookContext is what the issuer of a second look knows.
func LookContext() record.Context {
	c := Context(false)
	c.Issued = record.At(Looked.Add(time.Minute))
	c.Labels = record.Labels{Site: "Tokyo 2", Operator: record.Person{Name: "B. Other"}}
	return c
}

// Again is the transcript of a second look at the drive of a certificate that found
// it as certified. spoil, where it is given, changes or drops (nil) the events before
// they are written.
func Again(t testing.TB, of record.Certified, d record.Device, check string, spoil ...func(record.Event) *record.Event) *record.Transcript {
	t.Helper()
	run := &record.Transcript{}
	for i, e := range again(of, d, check) {
		p := &e
		for _, f := range spoil {
			if p != nil {
				p = f(*p)
			}
		}
		if p == nil {
			continue
		}
		at := time.Duration(i) * time.Second
		if _, err := run.Append(int64(time.Hour+at), record.At(Looked.Add(at)), *p); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func again(of record.Certified, d record.Device, check string) []record.Event {
	open := record.Opened{Exclusive: true, Direct: true, Identity: d.Identity, Size: d.Size, LogicalSector: d.LogicalSector}
	n, compared, places := of.Pass.Pass, d.Size, int64(0)
	es := []record.Event{{Looking: &record.Looking{Format: record.LookingFormat, ID: LookID, Of: of, Device: d, Check: check}}, {Opened: &open}}
	if check != record.CheckFull {
		percent, _ := record.CheckShare(check)
		s, err := sample.Draw(int64(d.Size), d.LogicalSector, percent, Seed)
		if err != nil {
			panic("checktest: " + err.Error())
		}
		compared, places = record.Size(s.Bytes), int64(len(s.Drawn))
		es = append(es, record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(Seed)}})
	}
	es = append(es, record.Event{CheckBegin: &record.CheckBegin{Pass: n, Method: check, Direct: true, Places: places}})
	es = append(es, stretches(d.Size, true)...)
	es = append(es, record.Event{CheckEnd: &record.CheckEnd{Pass: n, Compared: compared, Places: places, Nanos: int64(time.Second)}})
	if check != record.CheckFull {
		es = append(es, record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(Seed)}})
	}
	return append(es, record.Event{Closing: &open}, record.Event{Ended: &record.Ended{}})
}

// Looker signs second looks: another key than the one that signed the certificate.
func (d *Desk) Looker(t testing.TB) sign.Signer {
	t.Helper()
	s, err := d.Root.Leaf(sign.RoleRecord, "B. Other", sign.Lasting(Looked, 12*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// SecondLook issues the paper of a second look.
func (d *Desk) SecondLook(t testing.TB, run *record.Transcript, by sign.Signer) issue.Paper {
	t.Helper()
	p, err := issue.Issuer{Signer: by}.SecondLook(run, LookContext())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ForgeLook signs the paper of a second look that need not follow from its
// transcript.
func (d *Desk) ForgeLook(t testing.TB, l record.Look, run *record.Transcript, by sign.Signer) []byte {
	t.Helper()
	doc, err := pdf.Look(pdf.LookInput{Look: l, Envelope: Envelop(t, sign.PayloadLook, l, by), Transcript: run.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	doc, err = pdf.Sign(doc, func(digest []byte) ([]byte, error) { return sign.SignCMS(digest, by) },
		pdf.SignOptions{Name: l.Context.Tool.Name + " " + l.Context.Tool.Version, Reason: "Second look " + l.ID, When: l.Context.Issued.Time})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
