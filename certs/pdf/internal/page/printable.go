package page

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxRunes is how much of one value is printed. The record has the rest.
const MaxRunes = 240

// Printable spells s so that what is printed is all there is: a rune without a
// glyph, a control, a direction mark, a combining mark, a space that is not single
// and inside, and a byte that is no UTF-8 become <U+XXXX>.
func Printable(s string) string {
	var out strings.Builder
	n, last := 0, rune(0)
	for i, r := range s {
		if n == MaxRunes {
			fmt.Fprintf(&out, " [and %s more characters, in the record]", Commas(uint64(utf8.RuneCountInString(s[i:]))))
			break
		}
		end := i+utf8.RuneLen(r) >= len(s)
		if !plain(r) || r == ' ' && (n == 0 || end || last == ' ') || strings.HasPrefix(s[i:], "<U+") {
			fmt.Fprintf(&out, "<U+%04X>", r)
		} else {
			out.WriteRune(r)
		}
		n, last = n+1, r
	}
	return out.String()
}

// plain reports a rune that prints as itself.
func plain(r rune) bool {
	return r == ' ' || r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.IsSpace(r) &&
		!unicode.Is(unicode.M, r) && !unicode.Is(unicode.Co, r) && covered(r)
}

// wrap breaks s into lines that are at most width wide: at spaces, and inside a
// word only where the word alone is wider.
func (st Style) wrap(s string, width float64) []string {
	if st.Width(s) <= width {
		return []string{s}
	}
	var lines []string
	line, used, space := "", 0.0, st.Width(" ")
	flush := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line, used = "", 0
	}
	for _, word := range strings.Split(s, " ") {
		w := st.Width(word)
		if line != "" && used+space+w <= width {
			line, used = line+" "+word, used+space+w
			continue
		}
		flush()
		for w > width {
			cut := st.fit(word, width)
			lines = append(lines, word[:cut])
			word = word[cut:]
			w = st.Width(word)
		}
		line, used = word, w
	}
	flush()
	return lines
}

// fit is how many bytes of s fit into width: whole runes, at least one.
func (st Style) fit(s string, width float64) int {
	m, w := loadMetrics()[st.Face], 0.0
	for i, r := range s {
		w += m[r] / 1000 * st.Size * mmPerPt
		if w > width && i > 0 {
			return i
		}
	}
	return len(s)
}
