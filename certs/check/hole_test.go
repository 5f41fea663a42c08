package check

import "testing"

func FuzzHole(f *testing.F) {
	f.Add([]byte("%PDF-1.7 /ByteRange [0 46 54 4] /Contents <300100>\nend"))
	f.Add([]byte("%PDF- /ByteRange /Contents <"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := findHole(b)
		if err != nil {
			return
		}
		if h.from < 0 || h.to > len(b) || b[h.from] != '<' || b[h.to-1] != '>' {
			t.Fatalf("hole %v of %d bytes", h, len(b))
		}
		if _, pad, err := decodeHole(b[h.from:h.to]); err == nil && pad > len(b) {
			t.Fatalf("%d zeros in %d bytes", pad, len(b))
		}
	})
}
