package record

import (
	"strconv"
	"unicode/utf16"
)

// loneSurrogate reports whether a \u escape in raw is half of a pair without its
// other half. RFC 8785 §3.2.2.2 wants an error; encoding/json would silently put
// U+FFFD there, and two texts would share one canonical form.
func loneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		r, ok := escaped(raw[i:])
		if !ok || !utf16.IsSurrogate(r) {
			i++ // skip what is escaped: it may be a backslash itself
			continue
		}
		low, ok := escaped(raw[i+6:])
		if !ok || utf16.DecodeRune(r, low) == '\uFFFD' {
			return true
		}
		i += 11
	}
	return false
}

// escaped reads the \uXXXX that b begins with.
func escaped(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(v), err == nil
}
