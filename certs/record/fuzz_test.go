package record

import (
	"bytes"
	"encoding/json"
	"testing"
)

// What Canonical accepts is JSON, and its form is a fixed point.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":[1,-2,"\ud83d\ude00"],"a":null}`, `"\ud800"`, `[1.5]`, `{"a":1,"a":2}`, "[[[", `{"\u20ac":"\\u005c"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := Canonical(in)
		if err != nil {
			return
		}
		if !json.Valid(in) || !json.Valid(out) {
			t.Fatalf("%q -> %q: not JSON", in, out)
		}
		if again, err := Canonical(out); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q -> %q -> %q, %v", in, out, again, err)
		}
	})
}

// What Unmarshal accepts, Marshal gives back byte for byte.
func FuzzUnmarshalRecord(f *testing.F) {
	b, err := Marshal(Record{Format: RecordFormat, ID: "x", Passes: []PassDone{{Pass: 1}}, After: &Opened{}, Verification: &Verification{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{}`))
	f.Add(bytes.Replace(b, []byte(`"size":0`), []byte(`"size":"18446744073709551615"`), 1))
	f.Fuzz(func(t *testing.T, in []byte) {
		var r Record
		if Unmarshal(in, &r) != nil {
			return
		}
		if again, err := Marshal(r); err != nil || !bytes.Equal(again, in) {
			t.Fatalf("%q -> %q, %v", in, again, err)
		}
	})
}

// What ParseTranscript accepts is intact and gives back its bytes.
func FuzzParseTranscript(f *testing.F) {
	b := testTranscript(f).Bytes()
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		tr, err := ParseTranscript(in)
		if tr == nil || tr.Intact() != nil || !bytes.HasPrefix(in, tr.Bytes()) {
			t.Fatalf("%q: what was read is not what was there", in)
		}
		if err == nil && !bytes.Equal(tr.Bytes(), in) {
			t.Fatalf("%q: accepted, but %q was read", in, tr.Bytes())
		}
	})
}
