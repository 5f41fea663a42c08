package pdf

import (
	"time"

	"lethe/certs/pdf/internal/page"
	"lethe/certs/record"
)

// Certificate draws a record, one A4 page as a rule, and attaches what it rests on.
// A record that is not in every respect a certificate of a reached method is drawn
// as a notice. The same input gives the same bytes.
func Certificate(in Input) ([]byte, error) {
	s, err := page.Certificate(in.Record)
	if err != nil {
		return nil, err
	}
	files := []attachment{
		{AttachRecord, "", in.Envelope},
		{AttachTranscript, "", in.Transcript},
	}
	if in.Order != nil {
		files = append([]attachment{{AttachOrder, "", in.Order}}, files...)
	}
	return render(s, in.Record.Context.Issued, files)
}

// Summary draws the tasks of one machine and one run.
func Summary(in SummaryInput) ([]byte, error) {
	s, err := page.Summary(in.Summary)
	if err != nil {
		return nil, err
	}
	return render(s, in.Summary.Context.Issued, []attachment{{AttachSummary, "", in.Envelope}})
}

// Text is every string Certificate draws for a record, in the order drawn.
func Text(r record.Record) ([]string, error) {
	s, err := page.Certificate(r)
	if err != nil {
		return nil, err
	}
	return s.Text(), nil
}

// SummaryText is every string Summary draws, in the order drawn.
func SummaryText(sum record.Summary) ([]string, error) {
	s, err := page.Summary(sum)
	if err != nil {
		return nil, err
	}
	return s.Text(), nil
}

// Look draws a second look, one page as a rule, and attaches what it rests on.
func Look(in LookInput) ([]byte, error) {
	s, err := page.Look(in.Look)
	if err != nil {
		return nil, err
	}
	return render(s, in.Look.Context.Issued, []attachment{{AttachLook, "", in.Envelope}, {AttachTranscript, "", in.Transcript}})
}

// Commands are what a person types to compare a drive, at /dev/DRIVE, with what a
// certificate says it holds. They print nothing where it does, and need no code of
// ours. None where there are more parts than a page has room for.
func Commands(of record.Certified) []string { return page.CompareWith(of.Pass, of.Size) }

// LookText is every string Look draws, in the order drawn.
func LookText(l record.Look) ([]string, error) {
	s, err := page.Look(l)
	if err != nil {
		return nil, err
	}
	return s.Text(), nil
}

func render(s *page.Sheet, issued record.Time, files []attachment) ([]byte, error) {
	f, err := draw(s)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].about = aboutAttachment(files[i].name)
	}
	when := issued.Time
	if y := when.UTC().Year(); y < 1 || y > 9999 { // a PDF date has four digits
		when = time.Unix(0, 0)
	}
	return finish(f, s.Title, when, files)
}

// aboutAttachment describes an attachment; "" for a name that is none.
func aboutAttachment(name string) string {
	switch name {
	case AttachRecord:
		return "The record this certificate shows, in a signed DSSE envelope"
	case AttachTranscript:
		return "What was done and seen: hash-chained lines, from which the verdict is derived"
	case AttachOrder:
		return "The order that permitted the erase, in a signed DSSE envelope"
	case AttachLook:
		return "The second look this page shows, in a signed DSSE envelope"
	case AttachSummary:
		return "The summary this page shows, in a signed DSSE envelope"
	}
	return ""
}
