package record

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The examples of RFC 8785 without their floats, which we refuse.
func TestCanonicalVectors(t *testing.T) {
	for _, v := range []struct{ name, in, want string }{
		{"§3.2.2 strings and literals",
			"{\n  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n  \"literals\": [null, true, false]\n}",
			`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`},
		// mutant: canon.go: return lessUnits(ms[i].units, ms[j].units) => return ms[i].key < ms[j].key
		{"§3.2.3 sorting by UTF-16 code units",
			`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",` +
				`"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			`{"\r":"Carriage Return","1":"One","` + "\u0080" + `":"Control","ö":"Latin Small Letter O With Diaeresis",` +
				`"€":"Euro Sign","😀":"Emoji: Grinning Face","` + "\ufb33" + `":"Hebrew Letter Dalet With Dagesh"}`},
		{"§3.2.2.2 escapes", `"\b\t\n\f\r\u0000\u001f\u007f\u2028<>&\/"`, `"\b\t\n\f\r\u0000\u001f` + "\u007f\u2028" + `<>&/"`},
		{"prefix sorts first", `{"aa":1,"a":2,"":3}`, `{"":3,"a":2,"aa":1}`},
		{"nested", ` [ { "b" : [ ] , "a" : { } } , -0 , 007 ] `, ""},
		{"nested well", ` [ { "b" : [ ] , "a" : { } } , -0 , 7 ] `, `[{"a":{},"b":[]},0,7]`},
		{"largest", `[9007199254740992,-9007199254740992]`, `[9007199254740992,-9007199254740992]`},
		{"pair", `"\ud83d\ude00\\ud83d"`, `"😀\\ud83d"`},
	} {
		got, err := Canonical([]byte(v.in))
		if (err != nil) != (v.want == "") || string(got) != v.want {
			t.Errorf("%s: %s, %v; want %s", v.name, got, err, v.want)
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"empty": "", "float": "1.5", "float that is whole": "1.0", "exponent": "1e3",
		// mutant: canon.go: if i > maxSafe || i < -maxSafe { => if false {
		"beyond 2^53": "9007199254740993", "beyond -2^53": "-9007199254740993", "beyond int64": "99999999999999999999",
		// mutant: canon.go: if seen[key] { => if false {
		"duplicate key": `{"a":1,"a":1}`, "duplicate key, escaped": `{"a":1,"\u0061":2}`,
		"trailing value": "1 2", "trailing comma": "[1,]", "trailing brace": "{}}", "open array": "[1", "key without value": `{"a"}`,
		// mutant: canon.go: if !utf8.Valid(raw) { => if false && !utf8.Valid(raw) {
		"invalid UTF-8": "\"\xff\"",
		// mutant: canon.go: if loneSurrogate(raw) { => if false {
		"high surrogate alone": `"\ud800"`, "low surrogate alone": `"\ude00x"`, "two high ones": `"\ud83d\ud83d"`,
		"surrogate before text": `"\uD800\u0041"`, "surrogate after a backslash": `"\\\ud800"`,
		// mutant: canon.go: if depth > maxDepth { => if false {
		"too deep": strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"word":     "nil", "key is a number": "{1:2}",
	} {
		if got, err := Canonical([]byte(in)); err == nil {
			t.Errorf("%s: Canonical(%q) = %s", name, in, got)
		}
	}
}

func TestUnmarshalIsStrict(t *testing.T) {
	const good = `{"end":7,"first":3}`
	var r Range
	if err := Unmarshal([]byte(good), &r); err != nil || r != (Range{3, 7}) {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, in := range map[string]string{
		// mutant: canon.go: if !bytes.Equal(again, b) { => if again == nil {
		"space": ` {"end":7,"first":3}`, "newline after": good + "\n", "keys unsorted": `{"first":3,"end":7}`,
		"key in capitals": `{"End":7,"first":3}`, "field missing": `{"end":7}`, "trailing value": good + "{}",
		"null for a value": `{"end":7,"first":null}`, "number as a string": `{"end":"7","first":3}`,
		"unknown field": `{"end":7,"first":3,"x":1}`, "key twice": `{"end":7,"end":7,"first":3}`,
		"escape where none is needed": `{"\u0065nd":7,"first":3}`, "leading zero": `{"end":07,"first":3}`,
		"negative": `{"end":-7,"first":3}`, "float": `{"end":7.0,"first":3}`, "empty": "", "cut": good[:9],
	} {
		if err := Unmarshal([]byte(in), new(Range)); err == nil {
			t.Errorf("%s: %q is accepted", name, in)
		}
	}
	if err := Unmarshal([]byte(`{"first":3,"end":7}`), &r); !errors.Is(err, ErrNotCanonical) {
		t.Errorf("other order: %v; want ErrNotCanonical", err)
	}
}

func TestMarshalKeepsText(t *testing.T) {
	in := map[string]string{"a": "<b>&\u2028é\"\\\x01"}
	b, err := Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]string
	if err := Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Error(d)
	}
	if _, err := Marshal(map[string]float64{"a": 0.5}); err == nil {
		t.Error("a float is accepted")
	}
	if _, err := Marshal(func() {}); err == nil {
		t.Error("a function is accepted")
	}
}
