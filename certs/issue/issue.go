package issue

import (
	"fmt"
	"strings"

	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
)

// Paper is one signed file, ready to be delivered.
type Paper struct {
	ID           string // of the record or summary
	Name         string // file name: the identifier and .pdf
	PDF          []byte
	Record       record.Record // zero for a summary and a second look
	Look         record.Look   // zero for all but a second look
	RecordDigest record.Hex    // SHA-256 of the record's canonical bytes
}

// Issuer makes papers. Its key lives where no drive is opened (law 9).
type Issuer struct {
	Signer sign.Signer
	Quirks judge.Quirks
}

// Certificate derives the record of a transcript and signs its paper: a
// certificate where the asked method was reached, else a notice. order is the
// order's envelope, nil where a person confirmed instead.
func (i Issuer) Certificate(t *record.Transcript, c record.Context, p profile.Profile, order []byte) (Paper, error) {
	if t == nil || len(t.Lines) == 0 || t.Lines[0].Event.Task == nil {
		return Paper{}, ErrNoTask
	}
	id := t.Lines[0].Event.Task.ID
	r, err := Build(t, c, id, p, i.Quirks)
	if err != nil {
		return Paper{}, err
	}
	b, err := record.Marshal(r)
	if err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", id, err)
	}
	env, err := sign.SignDSSE(sign.PayloadRecord, b, i.Signer)
	if err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", id, err)
	}
	doc, err := pdf.Certificate(pdf.Input{Record: r, Envelope: env, Transcript: t.Bytes(), Order: order})
	if err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", id, err)
	}
	doc, err = i.sign(doc, strings.ToUpper(r.Kind[:1])+r.Kind[1:]+" "+id, c)
	if err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", id, err)
	}
	return Paper{ID: id, Name: id + ".pdf", PDF: doc, Record: r, RecordDigest: record.Digest(b)}, nil
}

// Summary signs the summary of one machine and one run.
func (i Issuer) Summary(s record.Summary) (Paper, error) {
	b, err := record.Marshal(s)
	if err != nil {
		return Paper{}, fmt.Errorf("issue summary: %w", err)
	}
	env, err := sign.SignDSSE(sign.PayloadSummary, b, i.Signer)
	if err != nil {
		return Paper{}, fmt.Errorf("issue summary: %w", err)
	}
	doc, err := pdf.Summary(pdf.SummaryInput{Summary: s, Envelope: env})
	if err != nil {
		return Paper{}, fmt.Errorf("issue summary: %w", err)
	}
	doc, err = i.sign(doc, "Summary "+s.ID, s.Context)
	if err != nil {
		return Paper{}, fmt.Errorf("issue summary: %w", err)
	}
	return Paper{ID: s.ID, Name: s.ID + ".pdf", PDF: doc, RecordDigest: record.Digest(b)}, nil
}

func (i Issuer) sign(doc []byte, reason string, c record.Context) ([]byte, error) {
	return pdf.Sign(doc, func(digest []byte) ([]byte, error) { return sign.SignCMS(digest, i.Signer) },
		pdf.SignOptions{Name: c.Tool.Name + " " + c.Tool.Version, Reason: reason, When: c.Issued.Time})
}

// Summarize gathers finished tasks into a summary.
func Summarize(id string, c record.Context, order *record.OrderRef, ordered int, papers []Paper, refused []record.Refusal, missing []string) record.Summary {
	s := record.Summary{Format: record.SummaryFormat, ID: id, Context: c, Order: order,
		Virtual: c.Machine.Virtual, Ordered: int64(ordered), Drives: []record.SummaryRow{},
		Refused: refused, Missing: missing}
	for _, p := range papers {
		r := p.Record
		s.Virtual = s.Virtual || r.Virtual
		s.Drives = append(s.Drives, record.SummaryRow{
			Record: r.ID, Digest: p.RecordDigest, Kind: r.Kind, Identity: r.Device.Identity,
			Size: r.Device.Size, Transport: r.Device.Transport, State: r.Verdict.State,
			Method: r.Verdict.Method, Technique: r.Verdict.Technique,
		})
	}
	return s
}
