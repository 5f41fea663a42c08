package page

import (
	"strings"
	"testing"
	"unicode/utf8"

	"lethe/certs/record"
)

func TestPrintable(t *testing.T) {
	long := strings.Repeat("x", MaxRunes)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Z1M0A4KX", "Z1M0A4KX"},
		{"Ärger für Αθήνα и Москва", "Ärger für Αθήνα и Москва"},
		{"髙橋", "<U+9AD9><U+6A4B>"},
		{"a😀b", "a<U+1F600>b"},
		{"𠮷田", "<U+20BB7><U+7530>"},
		{"abc\u202etxt", "abc<U+202E>txt"},
		{"nul\x00", "nul<U+0000>"},
		{"two\nlines\r", "two<U+000A>lines<U+000D>"},
		{"tab\t", "tab<U+0009>"},
		{"bad\xff\xfe", "bad<U+FFFD><U+FFFD>"},
		{"e\u0301", "e<U+0301>"},
		{"zero\u200bwidth\u00a0space\u00ad", "zero<U+200B>width<U+00A0>space<U+00AD>"},
		{" a  b ", "<U+0020>a <U+0020>b<U+0020>"},
		{"   ", "<U+0020><U+0020><U+0020>"},
		{"<U+0041> <b>", "<U+003C>U+0041> <b>"},
		{"\ue000\U000f0000", "<U+E000><U+F0000>"},
		{long, long},
		{long + strings.Repeat("y", 9760), long + " [and 9,760 more characters, in the record]"},
	} {
		if got := Printable(c.in); got != c.want {
			t.Errorf("Printable(%.40q) = %.80q, want %.80q", c.in, got, c.want)
		}
	}
}

// TestPrintableIsDrawn: whatever comes in, what goes out has a glyph for every rune.
func TestPrintableIsDrawn(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		for _, c := range Printable("a" + string(r) + "b") {
			if !covered(c) {
				t.Fatalf("U+%04X is printed as U+%04X, which has no glyph", r, c)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	st := Style{Regular, 8, ink}
	for _, s := range []string{"", "word", strings.Repeat("word ", 60) + "end", strings.Repeat("w", 500), "a " + strings.Repeat("W", 200) + " b"} {
		lines := st.wrap(s, 30)
		for _, l := range lines {
			if st.Width(l) > 30 {
				t.Errorf("line %q is %.1f mm wide", l, st.Width(l))
			}
		}
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(s, " ", "") {
			t.Errorf("wrapping %q lost something: %q", s, got)
		}
	}
}

// TestGlance: nothing but a whole certificate is shown as a success.
//
// mutant: verdict.go: l.good = done && v.Reached && => l.good = v.Reached &&
// mutant: verdict.go: l.good = done && v.Reached && => l.good = done &&
// mutant: verdict.go: && r.Kind == record.KindCertificate =>
func TestGlance(t *testing.T) {
	for _, kind := range []string{record.KindCertificate, record.KindNotice, "", "x"} {
		for _, st := range []record.State{record.Unknown, record.Incomplete, record.Failed, record.Cleared, record.Purged, "", "Cleared!"} {
			for _, hit := range []bool{true, false} {
				r := record.Record{Kind: kind, Verdict: record.Verdict{State: st, Reached: hit, Method: record.MethodClear, Technique: record.Overwrite}}
				l := glance(r)
				want := kind == record.KindCertificate && hit && (st == record.Cleared || st == record.Purged)
				if l.good != want {
					t.Errorf("kind %q, state %q, reached %v: good %v", kind, st, hit, l.good)
				}
				if !want && (l.color == green || l.color == blue) {
					t.Errorf("kind %q, state %q, reached %v: a notice in the colour of success", kind, st, hit)
				}
				s, err := Certificate(r)
				if err != nil {
					t.Fatal(err)
				}
				text := strings.Join(s.Text(), "\n")
				if strings.Contains(text, "NOTICE: NOT SANITIZED") == want || strings.Contains(text, "Certificate of Sanitization") != want {
					t.Errorf("kind %q, state %q, reached %v: title of the other kind", kind, st, hit)
				}
			}
		}
	}
}

// TestDeed: the sentence claims a read-back only where the record shows one.
func TestDeed(t *testing.T) {
	whole := func() record.Record {
		return record.Record{Device: record.Device{Size: 100},
			Passes:       []record.PassDone{{Pass: 1, Written: 100, Flushed: true}},
			Verification: &record.Verification{Method: record.CheckFull, Pass: 1, Compared: 100, Direct: true},
			Verdict:      record.Verdict{State: record.Cleared, Technique: record.Overwrite}}
	}
	const claim = "every addressable byte was written, flushed, read back and found equal"
	if got := deed(whole()); !strings.Contains(got, claim) {
		t.Errorf("a whole overwrite is told as %q", got)
	}
	for name, spoil := range map[string]func(*record.Record){
		"no read-back":      func(r *record.Record) { r.Verification = nil },
		"not all compared":  func(r *record.Record) { r.Verification.Compared-- },
		"through the cache": func(r *record.Record) { r.Verification.Direct = false },
		"a mismatch":        func(r *record.Record) { r.Verification.MismatchBytes = 1 },
		"unreadable":        func(r *record.Record) { r.Verification.Unreadable = []record.Range{{First: 1, End: 2}} },
		"of another pass":   func(r *record.Record) { r.Verification.Pass = 2 },
		"of another kind":   func(r *record.Record) { r.Verification.Method = "sampled" },
		"not all written":   func(r *record.Record) { r.Passes[0].Written-- },
		"a write failed":    func(r *record.Record) { r.Passes[0].Failed = []record.Range{{First: 1, End: 2}} },
		"not flushed":       func(r *record.Record) { r.Passes[0].Flushed = false },
		"no pass":           func(r *record.Record) { r.Passes = nil },
		"no size":           func(r *record.Record) { r.Device.Size = 0 },
		"another technique": func(r *record.Record) { r.Verdict.Technique = record.BlockErase },
	} {
		r := whole()
		spoil(&r)
		if got := deed(r); strings.Contains(got, "read back") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		Commas(0): "0", Commas(999): "999", Commas(1000): "1,000", Commas(18446744073709551615): "18,446,744,073,709,551,615",
		amount(500107862016): "500.10 GB", amount(999): "999 bytes", amount(1000): "1.00 kB", amount(268435456): "268.43 MB",
		amount(18446744073709551615): "18.44 EB", byteCount(1): "1 byte",
		duration(18710750000000): "5 h 11 min 50 s", duration(61e9): "1 min 01 s", duration(4321e6): "4.32 s", duration(-1): "not known",
		ranges(nil): "none", ranges([]record.Range{{First: 4096, End: 8192}}): "4,096 bytes in 1 range, bytes 4096-8192",
		Code("a-b.c", "ff"): "LETHE1:a-b.c:ff", Code("a:b", "ff"): "LETHE1::ff", Code(strings.Repeat("x", 65), "ff"): "LETHE1::ff",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	pass := record.PassDone{What: record.Pass{Pattern: record.PatternByte, Byte: 255}}
	r := record.Record{Device: record.Device{Size: 512}, Passes: []record.PassDone{pass}}
	if got, want := strings.Join(compare(r), ""), `tr '\000' '\377' </dev/zero | cmp -n 512 - /dev/DRIVE`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
