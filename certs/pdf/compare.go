package pdf

import (
	"bytes"
	"errors"
	"fmt"

	"lethe/certs/pdf/internal/object"
)

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

// CompareLook is Compare for a second look.
func CompareLook(doc []byte, in LookInput) error {
	want, err := Look(in)
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
