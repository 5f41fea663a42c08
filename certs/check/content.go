package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// recordSteps are the checks of a certificate's or notice's content.
var recordSteps = []step{
	{StepAttachments, nil, attachments},
	{StepEnvelope, []string{StepAttachments}, recordEnvelope},
	{StepSigner, []string{StepEnvelope}, sameSigner},
	{StepRecord, []string{StepEnvelope}, decodeRecord},
	{StepTranscript, []string{StepRecord}, transcript},
	{StepOrder, []string{StepTranscript}, orderHolds},
	{StepVerdict, []string{StepTranscript}, verdict},
	{StepText, []string{StepRecord}, pageText},
	{StepDrawing, []string{StepRecord, StepText}, pageDrawing},
}

// attachments: those that belong to a certificate, and no other.
func attachments(r *run) (string, error) {
	var names []string
	for n := range r.doc.Attachments {
		names = append(names, n)
	}
	slices.Sort(names)
	must := []string{pdf.AttachRecord, pdf.AttachTranscript}
	may := append([]string{pdf.AttachOrder}, must...)
	slices.Sort(must)
	slices.Sort(may)
	if !slices.Equal(names, must) && !slices.Equal(names, may) {
		return "", fmt.Errorf("found %s; want %s, and %s where there was an order",
			list(names), list(must), pdf.AttachOrder)
	}
	return list(names), nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func recordEnvelope(r *run) (string, error) {
	return r.envelope(pdf.AttachRecord, sign.PayloadRecord)
}

// envelope verifies an attached envelope at the time its own content states.
func (r *run) envelope(name, payloadType string) (string, error) {
	env := r.doc.Attachments[name]
	raw, err := sign.UnverifiedPayload(env, payloadType)
	if err != nil {
		return "", err
	}
	var d struct{ Context struct{ Issued record.Time } }
	if err := json.Unmarshal(raw, &d); err != nil {
		return "", fmt.Errorf("read time of issue: %w", err)
	}
	payload, leaf, err := sign.VerifyDSSE(env, payloadType, r.opts.Roots, sign.RoleRecord, d.Context.Issued.Time)
	if err != nil {
		return "", err
	}
	r.payload, r.envLeaf, r.when = payload, leaf.Raw, d.Context.Issued
	return fmt.Sprintf("signed by %q, payload SHA-256 %s", leaf.Subject.CommonName, record.Digest(payload)), nil
}

// sameSigner: page and record were signed with one key, at one time.
func sameSigner(r *run) (string, error) {
	if !bytes.Equal(r.leaf, r.envLeaf) {
		return "", errors.New("PDF and envelope were signed with different certificates")
	}
	if at := r.when.Truncate(time.Second); !r.doc.Signature.When.Equal(at) {
		return "", fmt.Errorf("the PDF says it was signed %s, its content %s",
			record.At(r.doc.Signature.When), r.when)
	}
	return "one certificate, one time for PDF and content", nil
}

func decodeRecord(r *run) (string, error) {
	var rec record.Record
	if err := record.Unmarshal(r.payload, &rec); err != nil {
		return "", err
	}
	switch {
	case rec.Format != record.RecordFormat:
		return "", fmt.Errorf("format %q, this version knows %q", rec.Format, record.RecordFormat)
	case rec.Kind != record.KindCertificate && rec.Kind != record.KindNotice:
		return "", fmt.Errorf("kind %q", rec.Kind)
	case !bundle.ValidID(rec.ID):
		return "", fmt.Errorf("id %q", rec.ID)
	}
	r.report.Record, r.report.Kind, r.report.RecordID = &rec, rec.Kind, rec.ID
	r.report.Digest = record.Digest(r.payload)
	r.report.Virtual, r.report.Verdict = rec.Virtual, rec.Verdict
	return fmt.Sprintf("%s %s, canonical", rec.Kind, rec.ID), nil
}

// transcript: an unbroken chain, and the one the record pins.
func transcript(r *run) (string, error) {
	t, err := record.ParseTranscript(r.doc.Attachments[pdf.AttachTranscript])
	if err != nil {
		return "", err
	}
	if got, want := t.Ref(), r.report.Record.Transcript; got != want {
		return "", fmt.Errorf("it is not the record's: SHA-256 %s with %d lines, the record says %s with %d",
			got.SHA256, got.Lines, want.SHA256, want.Lines)
	}
	if len(t.Lines) == 0 || t.Lines[0].Event.Task == nil {
		return "", errors.New("it does not begin with its task")
	}
	if id := t.Lines[0].Event.Task.ID; id != r.report.RecordID {
		return "", fmt.Errorf("it is of task %s, the record is %s", id, r.report.RecordID)
	}
	r.journal = t
	return fmt.Sprintf("%d lines, chained to %s", len(t.Lines), t.Head()), nil
}
