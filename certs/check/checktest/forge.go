package checktest

import (
	"testing"
	"time"

	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// Forge is a paper as somebody would make it who has a signing key and our code, but
// not our honesty: every part may be other than the rest.
type Forge struct {
	In   pdf.Input
	By   sign.Signer // signs the PDF
	Opts pdf.SignOptions
}

// NewForge begins with the parts of an honest paper.
func (d *Desk) NewForge(t testing.TB, rec record.Record, run *record.Transcript) *Forge {
	t.Helper()
	f := &Forge{By: d.Machine, In: pdf.Input{Transcript: run.Bytes()}, Opts: pdf.SignOptions{
		Name: rec.Context.Tool.Name + " " + rec.Context.Tool.Version,
	}}
	if rec.Order != nil {
		f.In.Order = d.Envelope
	}
	f.SetRecord(t, rec, d.Machine)
	return f
}

// SetRecord puts a record on the page and into a fresh envelope.
func (f *Forge) SetRecord(t testing.TB, rec record.Record, by sign.Signer) {
	t.Helper()
	f.In.Record, f.In.Envelope = rec, Envelop(t, sign.PayloadRecord, rec, by)
	f.Opts.When = rec.Context.Issued.Time
	f.Opts.Reason = map[string]string{record.KindCertificate: "Certificate ", record.KindNotice: "Notice "}[rec.Kind] + rec.ID
}

// PDF draws and signs the paper.
func (f *Forge) PDF(t testing.TB) []byte {
	t.Helper()
	doc, err := pdf.Certificate(f.In)
	if err != nil {
		t.Fatal(err)
	}
	doc, err = pdf.Sign(doc, func(digest []byte) ([]byte, error) { return sign.SignCMS(digest, f.By) }, f.Opts)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Envelop signs any value as a payload.
func Envelop(t testing.TB, payloadType string, v any, by sign.Signer) []byte {
	t.Helper()
	b, err := record.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	env, err := sign.SignDSSE(payloadType, b, by)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// Another is a second key for the role under the desk's root.
func (d *Desk) Another(t testing.TB, role sign.Role) sign.Signer {
	t.Helper()
	s, err := d.Root.Leaf(role, "another "+string(role), sign.Lasting(Began, 12*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
