package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lethe/certs/bundle"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// summarySteps are the checks of a machine summary's content. A summary proves
// nothing of a drive by itself: its rows are matched with their certificates by
// [MatchRows].
var summarySteps = []step{
	{StepAttachments, nil, summaryAttachments},
	{StepSumEnvelope, []string{StepAttachments}, summaryEnvelope},
	{StepSigner, []string{StepSumEnvelope}, sameSigner},
	{StepSummary, []string{StepSumEnvelope}, decodeSummary},
	{StepText, []string{StepSummary}, summaryText},
	{StepDrawing, []string{StepSummary, StepText}, summaryDrawing},
}

func summaryAttachments(r *run) (string, error) { return r.attached(pdf.AttachSummary) }

// attached: these files, in the order of their names, and no other.
func (r *run) attached(want ...string) (string, error) {
	var names []string
	for n := range r.doc.Attachments {
		names = append(names, n)
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		return "", fmt.Errorf("found %s; want %s alone", list(names), list(want))
	}
	return list(names), nil
}

func summaryEnvelope(r *run) (string, error) {
	return r.envelope(pdf.AttachSummary, sign.PayloadSummary)
}

func decodeSummary(r *run) (string, error) {
	var s record.Summary
	if err := record.Unmarshal(r.payload, &s); err != nil {
		return "", err
	}
	switch {
	case s.Format != record.SummaryFormat:
		return "", fmt.Errorf("format %q, this version knows %q", s.Format, record.SummaryFormat)
	case !bundle.ValidID(s.ID):
		return "", fmt.Errorf("id %q", s.ID)
	}
	seen := map[string]bool{}
	for _, d := range s.Drives {
		if err := rowHolds(d); err != nil {
			return "", fmt.Errorf("row %s: %w", d.Record, err)
		}
		if seen[d.Record] {
			return "", fmt.Errorf("row %s is there twice", d.Record)
		}
		seen[d.Record] = true
	}
	r.report.Summary, r.report.RecordID, r.report.Digest, r.report.Virtual = &s, s.ID, record.Digest(r.payload), s.Virtual
	return fmt.Sprintf("summary %s of %d drives, canonical", s.ID, len(s.Drives)), nil
}

// rowHolds: a row does not contradict itself.
func rowHolds(d record.SummaryRow) error {
	erased := d.State == record.Cleared || d.State == record.Purged
	switch {
	case d.Kind != record.KindCertificate && d.Kind != record.KindNotice:
		return fmt.Errorf("kind %q", d.Kind)
	case d.Kind == record.KindCertificate && !erased:
		return fmt.Errorf("a certificate of a drive that is %s", d.State)
	case erased != (d.Method.Rank() > 0):
		return fmt.Errorf("%s with method %s", d.State, method(d.Method))
	case d.Record == "":
		return errors.New("no record id")
	case !bundle.ValidDigest(d.Digest):
		return fmt.Errorf("digest %q", d.Digest)
	}
	return nil
}

func summaryText(r *run) (string, error) {
	want, err := pdf.SummaryText(*r.report.Summary)
	if err != nil {
		return "", err
	}
	return compareText(r.doc, want)
}

func summaryDrawing(r *run) (string, error) {
	s := r.report.Summary
	in := pdf.SummaryInput{Summary: *s, Envelope: r.doc.Attachments[pdf.AttachSummary]}
	if err := pdf.CompareSummary(r.data, in); err != nil {
		return "", err
	}
	return "drawn again: every object is the same", r.wordsHold("Summary "+s.ID, s.Context.Tool.Name+" "+s.Context.Tool.Version)
}

// wordsHold: what a reader shows beside the signature says no more than the content.
func (r *run) wordsHold(reason, name string) error {
	s := r.doc.Signature
	if s.Reason != reason || s.Name != name || s.Location != "" {
		return fmt.Errorf("the signature says name %q, reason %q, location %q; want name %q, reason %q",
			s.Name, s.Reason, s.Location, name, reason)
	}
	return nil
}

func title(kind string) string { return strings.ToUpper(kind[:1]) + kind[1:] }
