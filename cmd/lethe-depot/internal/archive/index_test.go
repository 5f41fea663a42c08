package archive

import (
	"bytes"
	"testing"

	"lethe/certs/record"
)

// Whatever is accepted is written back byte for byte, less a torn tail.
func FuzzReadIndex(f *testing.F) {
	line, err := record.Marshal(Entry{Format: entryFormat, Digest: record.Digest(nil), ID: "r1", Kind: "certificate", State: record.Cleared})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(line, '\n'))
	f.Add(append(append(bytes.Clone(line), '\n'), line[:20]...))
	f.Fuzz(func(t *testing.T, in []byte) {
		entries, whole, err := readIndex(in)
		if err != nil {
			return
		}
		var out []byte
		for _, e := range entries {
			b, err := record.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			out = append(append(out, b...), '\n')
		}
		if !bytes.Equal(out, in[:whole]) || bytes.IndexByte(in[whole:], '\n') >= 0 {
			t.Fatalf("accepted %q of %q", out, in)
		}
	})
}
