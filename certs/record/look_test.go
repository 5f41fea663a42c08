package record

import (
	"errors"
	"testing"
)

// erased is the record of a certificate by one stream pass.
func erased() Record {
	return Record{Kind: KindCertificate, ID: "LTH-1", Device: Device{Size: 4096, LogicalSector: 512},
		Verdict: Verdict{State: Cleared, Method: MethodClear, Technique: Overwrite, Reached: true},
		Passes:  []PassDone{{Pass: 1, What: Pass{Pattern: PatternZero}}, {Pass: 2, What: Pass{Pattern: PatternStream}, Key: "00", IV: "00"}}}
}

// Only a certificate of an overwrite whose keys are all known can be looked at again.
//
// mutant: look.go: case r.Kind != KindCertificate || !r.Verdict.Reached: => case false:
// mutant: look.go: case r.Verdict.Technique != Overwrite || n == 0: => case n == 0:
// mutant: look.go: if q.Range.First != at || q.Range.End <= at || q.Range.End > l.Size { => if q.Range.End > l.Size {
// mutant: look.go: if at != l.Size || at == 0 { => if at == 0 {
// mutant: look.go: if (p.What.Pattern == PatternStream) != (q.Key != "" && q.IV != "") { => if false {
func TestLookedAt(t *testing.T) {
	l, err := LookedAt(erased(), "d")
	if err != nil || l.Pass.Pass != 2 || l.Digest != "d" || l.Size != 4096 {
		t.Fatalf("%+v, %v", l, err)
	}
	parts := func(ps ...PartDone) func(*Record) {
		return func(r *Record) { r.Passes[1].Key, r.Passes[1].IV, r.Passes[1].Parts = "", "", ps }
	}
	part := func(first, end Size, key string) PartDone {
		return PartDone{Range: Range{First: first, End: end}, Key: key, IV: "00"}
	}
	for name, c := range map[string]struct {
		edit func(*Record)
		want error
	}{
		"two parts":     {parts(part(0, 512, "01"), part(512, 4096, "02")), nil},
		"zeros":         {func(r *Record) { r.Passes = r.Passes[:1] }, nil},
		"notice":        {func(r *Record) { r.Kind = KindNotice }, ErrNotErased},
		"not reached":   {func(r *Record) { r.Verdict.Reached = false }, ErrNotErased},
		"block erase":   {func(r *Record) { r.Verdict.Technique = BlockErase }, ErrNoStream},
		"no pass":       {func(r *Record) { r.Passes = nil }, ErrNoStream},
		"no key":        {func(r *Record) { r.Passes[1].Key = "" }, ErrNoStream},
		"a gap":         {parts(part(0, 512, "01"), part(1024, 4096, "02")), ErrNoStream},
		"too short":     {parts(part(0, 512, "01"), part(512, 2048, "02")), ErrNoStream},
		"too long":      {parts(part(0, 512, "01"), part(512, 8192, "02")), ErrNoStream},
		"a part no key": {parts(part(0, 512, "01"), part(512, 4096, "")), ErrNoStream},
		"backwards":     {parts(part(0, 4096, "01"), part(4096, 512, "02")), ErrNoStream},
		"no size":       {func(r *Record) { r.Device.Size = 0 }, ErrNoStream},
	} {
		r := erased()
		c.edit(&r)
		if _, err := LookedAt(r, "d"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Two that differ in one member are not equal.
//
// mutant: look.go: bytes.Equal(a, b) => bytes.Equal(a[:1], b[:1])
func TestLookedEqual(t *testing.T) {
	a, err := LookedAt(erased(), "d")
	if err != nil {
		t.Fatal(err)
	}
	b := a
	b.Pass.Key = "01"
	if !a.Equal(a) || a.Equal(b) {
		t.Error("equal is not equal")
	}
}

// What Unmarshal accepts of a second look, Marshal gives back byte for byte.
func FuzzUnmarshalLook(f *testing.F) {
	for _, v := range []any{Look{Format: LookFormat, After: &Opened{}, Verification: &Verification{Sample: &Sample{}}},
		Line{Prev: Genesis, Event: Event{Looking: &Looking{Format: LookingFormat}}}} {
		b, err := Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, v := range []any{&Look{}, &Line{}} {
			if Unmarshal(in, v) != nil {
				continue
			}
			if again, err := Marshal(v); err != nil || string(again) != string(in) {
				t.Fatalf("%q -> %q, %v", in, again, err)
			}
		}
		var l Certified
		if Unmarshal(in, &l) == nil {
			_, _ = l.Parts()
		}
	})
}
