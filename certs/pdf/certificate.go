package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"lethe/certs/pdf/internal/object"
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
	case AttachSummary:
		return "The summary this page shows, in a signed DSSE envelope"
	}
	return ""
}

// ErrDrawing says that a file shows something else than its record draws.
var ErrDrawing = errors.New("file is not what its record draws")

// Compare draws a certificate again and compares every object of the file, signed
// or not, with what this version draws: text, places, colours, fonts, QR code and
// attachments. Only the signature, its field and its hooks may be more.
func Compare(doc []byte, in Input) error {
	want, err := Certificate(in)
	if err != nil {
		return err
	}
	return compare(doc, want)
}

// CompareSummary is Compare for a summary.
func CompareSummary(doc []byte, in SummaryInput) error {
	want, err := Summary(in)
	if err != nil {
		return err
	}
	return compare(doc, want)
}

func compare(doc, want []byte) error {
	_, a, err := read(doc)
	if err != nil {
		return err
	}
	_, b, err := read(want)
	if err != nil {
		return err
	}
	if a.Root != b.Root || a.Info != b.Info || len(a.Objects) < len(b.Objects) {
		return fmt.Errorf("%w: it has other objects", ErrDrawing)
	}
	for i := range b.Objects {
		if !same(unhook(a.Objects[i]), b.Objects[i]) {
			return fmt.Errorf("%w: object %d differs", ErrDrawing, i+1)
		}
	}
	return nil
}

// unhook takes out what Sign adds to the first page and the catalog. Read has
// checked that these keys are nowhere else.
func unhook(o object.Object) object.Object {
	d, ok := o.(object.Dict)
	if !ok {
		return o
	}
	out := object.Dict{}
	for k, v := range d {
		if k != "Annots" && k != "AcroForm" && k != "Perms" {
			out[k] = v
		}
	}
	return out
}

// same compares two objects, streams by what they unpack to: another version of
// the compressor may pack the same bytes in another way.
func same(a, b object.Object) bool {
	s, ok := a.(*object.Stream)
	t, ok2 := b.(*object.Stream)
	if !ok || !ok2 {
		return bytes.Equal(object.Bytes(a), object.Bytes(b))
	}
	x, err := s.Data(maxAttached)
	y, err2 := t.Data(maxAttached)
	return err == nil && err2 == nil && bytes.Equal(x, y) &&
		bytes.Equal(object.Bytes(s.Dict), object.Bytes(t.Dict))
}
