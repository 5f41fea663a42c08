package check

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"lethe/certs/bundle"
	"lethe/certs/issue"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe/judge"
)

// lookSteps are the checks of a second look's content. It says nothing without the
// certificate it belongs to: [MatchLooks] holds the two against each other.
var lookSteps = []step{
	{StepAttachments, nil, lookAttachments},
	{StepLookEnvelope, []string{StepAttachments}, lookEnvelope},
	{StepSigner, []string{StepLookEnvelope}, sameSigner},
	{StepLook, []string{StepLookEnvelope}, decodeLook},
	{StepTranscript, []string{StepLook}, lookTranscript},
	{StepFinding, []string{StepTranscript}, lookFinding},
	{StepText, []string{StepLook}, lookText},
	{StepDrawing, []string{StepLook, StepText}, lookDrawing},
	{StepCertificate, []string{StepFinding}, lookAlone},
}

func lookAttachments(r *run) (string, error) {
	return r.attached(pdf.AttachLook, pdf.AttachTranscript)
}

func lookEnvelope(r *run) (string, error) { return r.envelope(pdf.AttachLook, sign.PayloadLook) }

func decodeLook(r *run) (string, error) {
	var l record.Look
	if err := record.Unmarshal(r.payload, &l); err != nil {
		return "", err
	}
	switch {
	case l.Format != record.LookFormat:
		return "", fmt.Errorf("format %q, this version knows %q", l.Format, record.LookFormat)
	case !bundle.ValidID(l.ID):
		return "", fmt.Errorf("id %q", l.ID)
	}
	r.report.Look, r.report.RecordID, r.report.Digest, r.report.Virtual = &l, l.ID, record.Digest(r.payload), l.Virtual
	return fmt.Sprintf("second look %s, canonical", l.ID), nil
}

// lookTranscript: an unbroken chain, and the one the record pins.
func lookTranscript(r *run) (string, error) {
	t, err := record.ParseTranscript(r.doc.Attachments[pdf.AttachTranscript])
	if err != nil {
		return "", err
	}
	if got, want := t.Ref(), r.report.Look.Transcript; got != want {
		return "", fmt.Errorf("it is not the record's: SHA-256 %s with %d lines, the record says %s with %d",
			got.SHA256, got.Lines, want.SHA256, want.Lines)
	}
	if len(t.Lines) == 0 || t.Lines[0].Event.Looking == nil {
		return "", errors.New("it does not begin with its look")
	}
	if id := t.Lines[0].Event.Looking.ID; id != r.report.RecordID {
		return "", fmt.Errorf("it is of look %s, the record is %s", id, r.report.RecordID)
	}
	r.journal = t
	return fmt.Sprintf("%d lines, chained to %s", len(t.Lines), t.Head()), nil
}

// lookFinding: the whole record, built again from transcript and context, is the one
// that was signed (law 1).
func lookFinding(r *run) (string, error) {
	l := *r.report.Look
	if l.Finding.Judge != judge.LookVersion {
		return "", fmt.Errorf("derived by rules %q, this version has %q", l.Finding.Judge, judge.LookVersion)
	}
	again, err := issue.BuildLook(r.journal, l.Context)
	if err != nil {
		return "", err
	}
	b, err := record.Marshal(again)
	if err != nil {
		return "", err
	}
	if again.Finding.Sight != l.Finding.Sight {
		return "", fmt.Errorf("the record says %s, the transcript shows %s: %s", l.Finding.Sight, again.Finding.Sight, list(again.Finding.Reasons))
	}
	if !bytes.Equal(b, r.payload) {
		return "", fmt.Errorf("the record is not what the transcript shows; they differ in: %s", list(differing(r.payload, b)))
	}
	return fmt.Sprintf("derived again from the transcript: %s, and the record built again is the same", l.Finding.Sight), nil
}

func lookText(r *run) (string, error) {
	want, err := pdf.LookText(*r.report.Look)
	if err != nil {
		return "", err
	}
	return compareText(r.doc, want)
}

func lookDrawing(r *run) (string, error) {
	l := r.report.Look
	in := pdf.LookInput{Look: *l, Envelope: r.doc.Attachments[pdf.AttachLook], Transcript: r.doc.Attachments[pdf.AttachTranscript]}
	if err := pdf.CompareLook(r.data, in); err != nil {
		return "", err
	}
	return "drawn again: every object is the same", r.wordsHold("Second look "+l.ID, l.Context.Tool.Name+" "+l.Context.Tool.Version)
}

// lookAlone stands until MatchLooks finds the certificate.
func lookAlone(r *run) (string, error) {
	return "", fmt.Errorf("certificate %s is not among the files given: a second look says nothing without it", r.report.Look.Of.Record)
}

// MatchLooks holds every second look among the reports against the certificate it
// belongs to, if that is among them and authentic: what the look says of it must be
// what it says itself, digest, drive and keys. A look whose certificate is not there
// stays refused.
func MatchLooks(reports []*Report) {
	for _, r := range reports {
		if r.Look == nil || r.Failed() != StepCertificate {
			continue
		}
		for _, p := range reports {
			if p.Record != nil && p.RecordID == r.Look.Of.Record {
				r.match(*p)
			}
		}
	}
}

// match settles the line of a second look's report that asks for its certificate.
func (r *Report) match(p Report) {
	last := &r.Lines[slices.IndexFunc(r.Lines, func(l Line) bool { return l.Name == StepCertificate })]
	if last.OK {
		return
	}
	of, err := record.LookedAt(*p.Record, p.Digest)
	switch {
	case p.Outcome() != Erased:
		last.Detail = fmt.Sprintf("%s, given with it, is not an authentic certificate of erasure", p.RecordID)
	case err != nil:
		last.Detail = err.Error()
	case !of.Equal(r.Look.Of):
		last.Detail = fmt.Sprintf("it is not what certificate %s, given with it, says (its digest is %s, this one's %s)", p.RecordID, p.Digest, r.Look.Of.Digest)
	default:
		last.OK, last.Detail = true, fmt.Sprintf("%s, given with it, digest %s: same drive, same pass, same keys", p.RecordID, p.Digest)
	}
}
