package pdf

import (
	"fmt"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"lethe/certs/pdf/internal/object"
)

// textString spells a string for people: ASCII as it is, else UTF-16 (§7.9.2.2).
func textString(s string) object.String {
	ascii := true
	for _, r := range s {
		ascii = ascii && r >= 0x20 && r < 0x7f
	}
	if ascii {
		return object.String(s)
	}
	out := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return object.String(out)
}

// dateForm is a PDF date in UTC (§7.9.4).
const dateForm = "D:20060102150405+00'00'"

func dateString(t time.Time) object.String { return object.String(t.UTC().Format(dateForm)) }

// words reads a string for people, and takes only the spelling textString gives.
func words(o object.String) (string, error) {
	s := string(o)
	if len(o) >= 2 && o[0] == 0xfe && o[1] == 0xff {
		var u []uint16
		for i := 2; i+1 < len(o); i += 2 {
			u = append(u, uint16(o[i])<<8|uint16(o[i+1]))
		}
		s = string(utf16.Decode(u))
	}
	if !utf8.ValidString(s) || textString(s) != o {
		return "", fmt.Errorf("%s is not spelled as text", brief(o))
	}
	return s, nil
}

func date(o object.String) (time.Time, error) {
	t, err := time.Parse(dateForm, string(o))
	if err != nil || dateString(t) != o {
		return t, fmt.Errorf("%s is no date in UTC", brief(o))
	}
	return t.UTC(), nil
}
