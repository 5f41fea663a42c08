package check

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// hole is what a signature leaves out of the file: from its "<" to after its ">".
type hole struct{ from, to int }

var (
	rangeKey    = []byte("/ByteRange ")
	contentsKey = []byte("/Contents <")
)

// findHole finds the one signature of a file on its bytes and checks that its
// /ByteRange is the file from first to last byte but the string of /Contents.
func findHole(doc []byte) (hole, error) {
	if !bytes.HasPrefix(doc, []byte("%PDF-")) {
		return hole{}, errors.New("not a PDF file")
	}
	switch n, m := bytes.Count(doc, rangeKey), bytes.Count(doc, contentsKey); {
	case n == 0 && m == 0:
		return hole{}, errors.New("the file carries no PDF signature")
	case n != 1 || m != 1:
		return hole{}, fmt.Errorf("the file has %d /ByteRange and %d signature /Contents, want one of each", n, m)
	}
	from := bytes.Index(doc, contentsKey) + len(contentsKey) - 1
	n := bytes.IndexByte(doc[from:], '>')
	if n < 0 {
		return hole{}, errors.New("/Contents has no end")
	}
	h := hole{from, from + n + 1}
	want := "[0 " + strconv.Itoa(h.from) + " " + strconv.Itoa(h.to) + " " + strconv.Itoa(len(doc)-h.to) + "] "
	if got := doc[bytes.Index(doc, rangeKey)+len(rangeKey):]; !bytes.HasPrefix(got, []byte(want)) {
		return hole{}, fmt.Errorf("/ByteRange %q does not cover the whole file but /Contents, which is %q",
			got[:min(len(got), len(want))], want)
	}
	return h, nil
}

// decodeHole decodes "<", hexadecimal, ">". It takes lower case, whole bytes, one DER
// value and then zeros, and returns the value and the number of zeros.
func decodeHole(raw []byte) (cms []byte, pad int, err error) {
	if len(raw) < 2 || raw[0] != '<' || raw[len(raw)-1] != '>' {
		return nil, 0, errors.New("/Contents is not one hexadecimal string")
	}
	raw = raw[1 : len(raw)-1]
	reserve := make([]byte, hex.DecodedLen(len(raw)))
	if _, err := hex.Decode(reserve, raw); err != nil {
		return nil, 0, fmt.Errorf("/Contents: %w", err)
	}
	if !bytes.Equal(hex.AppendEncode(nil, reserve), raw) {
		return nil, 0, errors.New("/Contents is not lower-case hexadecimal")
	}
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(reserve, &v)
	if err != nil {
		return nil, 0, fmt.Errorf("/Contents holds no DER value: %w", err)
	}
	if v.Class != asn1.ClassUniversal || v.Tag != asn1.TagSequence || !v.IsCompound {
		return nil, 0, errors.New("/Contents holds no signature")
	}
	if len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, 0, errors.New("/Contents: bytes other than zero after the signature")
	}
	return v.FullBytes, len(rest), nil
}
