package check

import (
	"fmt"

	"lethe/certs/pdf"
)

// pageText: what people read on the pages is what the record says.
func pageText(r *run) (string, error) {
	want, err := pdf.Text(*r.report.Record)
	if err != nil {
		return "", err
	}
	return compareText(r.doc, want)
}

func compareText(doc *pdf.Document, want []string) (string, error) {
	for i := range max(len(want), len(doc.Text)) {
		switch {
		case i >= len(want):
			return "", fmt.Errorf("the pages say %q, which the record does not", doc.Text[i])
		case i >= len(doc.Text):
			return "", fmt.Errorf("the pages do not say %q", want[i])
		case want[i] != doc.Text[i]:
			return "", fmt.Errorf("the pages say %q where the record says %q", doc.Text[i], want[i])
		}
	}
	return fmt.Sprintf("%d strings on %d pages, each from the record", len(want), doc.Pages), nil
}

// pageDrawing: the file, drawn again from its own content, is the same in every
// object, and the signature's words are those of the issuer.
func pageDrawing(r *run) (string, error) {
	rec := r.report.Record
	if err := pdf.Compare(r.data, pdf.Input{
		Record: *rec, Envelope: r.doc.Attachments[pdf.AttachRecord],
		Transcript: r.doc.Attachments[pdf.AttachTranscript], Order: r.doc.Attachments[pdf.AttachOrder],
	}); err != nil {
		return "", err
	}
	return "drawn again: every object is the same", r.wordsHold(title(rec.Kind)+" "+rec.ID, rec.Context.Tool.Name+" "+rec.Context.Tool.Version)
}
