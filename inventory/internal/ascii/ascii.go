// Package ascii cleans the text fields that drives report. A drive's model and
// serial number end up on terminals, in papers and in file names, so a byte that
// is not printable ASCII never leaves this package as it came.
package ascii

// Clean returns b as text: spaces and NULs at both ends are dropped, every byte
// outside 20h-7Eh becomes '?' so that two different serials stay different in
// length and none can carry a terminal escape.
func Clean(b []byte) string {
	blank := func(c byte) bool { return c == ' ' || c == 0 }
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	out := make([]byte, len(b))
	for i, c := range b {
		if c < 0x20 || c > 0x7e {
			c = '?'
		}
		out[i] = c
	}
	return string(out)
}

// Swapped is Clean of an ATA string: two characters a word, first one in the
// high byte (ACS-3 §3.4.9), stored little-endian, so every pair arrives reversed.
func Swapped(b []byte) string {
	out := make([]byte, len(b)&^1)
	for i := 0; i+1 < len(b); i += 2 {
		out[i], out[i+1] = b[i+1], b[i]
	}
	return Clean(out)
}

// NonZero reports whether any byte of b is set: an identifier of all zeros is
// how drives say "not assigned".
func NonZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return true
		}
	}
	return false
}
