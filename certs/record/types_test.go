package record

import (
	"math"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	at := At(time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600)))
	b, err := Marshal(at)
	if err != nil || string(b) != `"2026-01-02T02:04:05.000000006Z"` {
		t.Fatalf("%s, %v", b, err)
	}
	var back Time
	if err := Unmarshal(b, &back); err != nil || back != at {
		t.Errorf("%v, %v; want %v", back, err, at)
	}
	for _, s := range []string{
		// mutant: types.go: if err != nil || At(v).String() != s { => if err != nil {
		`"2026-01-02T02:04:05,000000006Z"`,
		`"2026-01-02T02:04:05Z"`, `"2026-01-02T02:04:05.6Z"`, `"2026-01-02T02:04:05.000000006+00:00"`,
		`"2026-02-30T02:04:05.000000006Z"`, `"2026-01-02 02:04:05.000000006Z"`, `""`, `null`, `0`, `"2026-01-02T02:04:05.0000000061Z"`,
	} {
		if err := new(Time).UnmarshalJSON([]byte(s)); err == nil {
			t.Errorf("%s is accepted", s)
		}
	}
	for _, y := range []int{-1, 10000} {
		if b, err := Marshal(At(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC))); err == nil {
			t.Errorf("year %d is spelled %s", y, b)
		}
	}
}

func TestSize(t *testing.T) {
	for v, want := range map[Size]string{
		0: "0", 1 << 40: "1099511627776", 1 << 53: "9007199254740992",
		// mutant: types.go: if s > maxSafe { => if false {
		1<<53 + 1: `"9007199254740993"`, math.MaxUint64: `"18446744073709551615"`,
	} {
		b, err := Marshal(v)
		if err != nil || string(b) != want {
			t.Errorf("%d: %s, %v; want %s", v, b, err, want)
		}
		var back Size
		if err := Unmarshal([]byte(want), &back); err != nil || back != v {
			t.Errorf("%s: %d, %v", want, back, err)
		}
	}
	for _, s := range []string{`"7"`, `9007199254740993`, `-1`, `"18446744073709551616"`, `"09007199254740993"`, `"+9007199254740993"`, `null`, `""`, `1e3`, `7"`} {
		if err := new(Size).UnmarshalJSON([]byte(s)); err == nil {
			t.Errorf("size %s is accepted", s)
		}
	}
}

// A machine up for more than 104 days, or with a clock decades off, must still be
// able to write its papers.
func TestLargeTimesAreStrings(t *testing.T) {
	for v, want := range map[int64]string{
		-5: "-5", 1 << 53: "9007199254740992", -1 << 53: "-9007199254740992",
		1<<53 + 1: `"9007199254740993"`, -1<<53 - 1: `"-9007199254740993"`,
		math.MaxInt64: `"9223372036854775807"`, math.MinInt64: `"-9223372036854775808"`,
	} {
		c := Clock{Source: "rtc", Quality: "unauthenticated", OffsetNanos: v}
		b, err := Marshal(c)
		if err != nil || string(b) != `{"offsetNanos":`+want+`,"quality":"unauthenticated","source":"rtc"}` {
			t.Errorf("%d: %s, %v", v, b, err)
		}
		var back Clock
		if err := Unmarshal(b, &back); err != nil || back != c {
			t.Errorf("%d: %+v, %v", v, back, err)
		}
	}
	for _, s := range []string{`"5"`, `9007199254740993`, `"9223372036854775808"`, `null`, `"-0"`, `05`} {
		if err := new(integer).UnmarshalJSON([]byte(s)); err == nil {
			t.Errorf("integer %s is accepted", s)
		}
	}
}

func TestRank(t *testing.T) {
	order := []Method{"Polish", MethodNone, MethodClear, MethodPurge, MethodDestroy}
	for i, m := range order {
		if m.Rank() != i-1 {
			t.Errorf("%q ranks %d; want %d", m, m.Rank(), i-1)
		}
	}
	if (Range{5, 3}).Len() != 0 || (Range{3, 5}).Len() != 2 {
		t.Error("length of a range")
	}
}

func TestIdentity(t *testing.T) {
	full := Identity{Vendor: "V", Model: "M", Serial: "S", WWN: "5", EUI64: "e", NGUID: "n", NSID: 1}
	if full.Name() != "S" || full.String() != "V M S" || !full.Same(full) {
		t.Errorf("%q %q", full.Name(), full)
	}
	for _, i := range []Identity{{}, {Vendor: "V", Model: "M"}, {NSID: 1}} {
		// mutant: device.go: return i == j && i.Known() => return i == j
		if i.Known() || i.Same(i) {
			t.Errorf("%+v is taken for an identity", i)
		}
	}
	for _, i := range []Identity{{Serial: "a"}, {WWN: "a"}, {EUI64: "a"}, {NGUID: "a"}, {Backing: "a"}} {
		if !i.Known() || i.Name() != "a" || i.Same(full) {
			t.Errorf("%+v: %v %q", i, i.Known(), i.Name())
		}
	}
	if (Identity{}).Name() != "unidentified" || (Identity{}).String() != "unidentified" || (Identity{Backing: "file:1"}).String() != "file:1" {
		t.Error("names of the nameless")
	}
}
