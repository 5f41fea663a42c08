package record

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func testTranscript(t testing.TB) *Transcript {
	t.Helper()
	tr := &Transcript{}
	for i, e := range []Event{
		{Task: &Task{Format: TranscriptFormat, ID: "a", Asked: MethodClear, Check: CheckFull, Device: Device{Size: 1 << 60}}},
		{Opened: &Opened{Exclusive: true, Identity: Identity{Serial: "é\"<\\"}}},
		{Stretch: &Stretch{Pass: 1, Range: Range{0, 4096}}},
		{Ended: &Ended{}},
	} {
		if _, err := tr.Append(int64(i)<<52, At(time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)), e); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func TestTranscriptRoundTrip(t *testing.T) {
	a := testTranscript(t)
	b, err := ParseTranscript(a.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) || a.Ref() != b.Ref() || !reflect.DeepEqual(a.Lines, b.Lines) {
		t.Errorf("%+v; want %+v", b.Ref(), a.Ref())
	}
	if err := errors.Join(a.Intact(), b.Intact()); err != nil {
		t.Error(err)
	}
	if r := a.Ref(); r.Lines != 4 || r.Bytes != int64(len(a.Bytes())) || r.SHA256 != Digest(a.Bytes()) {
		t.Errorf("%+v", r)
	}
	if (&Transcript{}).Head() != Genesis || len(Genesis) != 64 {
		t.Error("head of an empty transcript")
	}
}

// Whatever bit of whatever line flips: it does not parse, or (in the last line,
// which no link follows) the record's reference does not fit.
func TestEveryFlippedByteIsSeen(t *testing.T) {
	a := testTranscript(t)
	last := bytes.LastIndexByte(bytes.TrimSuffix(a.Bytes(), []byte("\n")), '\n') + 1
	for i := range a.Bytes() {
		for bit := range 8 {
			b := a.Bytes()
			b[i] ^= 1 << bit
			tr, err := ParseTranscript(b)
			// mutant: transcript.go: l.Prev == t.Head() && => true &&
			if err == nil && (i < last || tr.Ref() == a.Ref()) {
				t.Fatalf("byte %d bit %d: not seen in %q", i, bit, b)
			}
		}
	}
}

func TestChain(t *testing.T) {
	lines := bytes.SplitAfter(testTranscript(t).Bytes(), []byte("\n"))[:4]
	join := func(ls ...[]byte) []byte { return bytes.Join(ls, nil) }
	for name, b := range map[string][]byte{
		"first line missing": join(lines[1], lines[2], lines[3]),
		"line missing":       join(lines[0], lines[2], lines[3]),
		"line twice":         join(lines[0], lines[0], lines[1], lines[2], lines[3]),
		"lines exchanged":    join(lines[0], lines[2], lines[1], lines[3]),
		// mutant: transcript.go: return t, fmt.Errorf("line %d: torn: %w", len(t.Lines), ErrChain) => b, i = append(b, '\n'), len(b)
		"torn":       bytes.TrimSuffix(join(lines...), []byte("\n")),
		"empty line": join(lines[0], []byte("\n"), lines[1]),
	} {
		if _, err := ParseTranscript(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	tr, err := ParseTranscript(join(lines[0], lines[1], lines[3]))
	if !errors.Is(err, ErrChain) || len(tr.Lines) != 2 {
		t.Errorf("%d lines, %v; want the two before the break", len(tr.Lines), err)
	}
	// A line that says its own place wrongly, chained as if it were right.
	var forged Transcript
	l := Line{Seq: 7, Prev: Genesis, Event: Event{Ended: &Ended{}}}
	b, _ := Marshal(l)
	forged.add(l, b)
	// mutant: transcript.go: return l.Seq == int64(len(t.Lines)) && => return
	if _, err := ParseTranscript(forged.Bytes()); !errors.Is(err, ErrChain) {
		t.Errorf("line 7 in place of line 0: %v", err)
	}
}

func TestOneEventALine(t *testing.T) {
	var tr Transcript
	for name, e := range map[string]Event{"none": {}, "two": {Ended: &Ended{}, Stopped: &Stopped{}}} {
		if _, err := tr.Append(0, Time{}, e); err == nil {
			t.Errorf("%s: Append accepts it", name)
		}
		b, err := Marshal(Line{Prev: Genesis, Event: e})
		if err != nil {
			t.Fatal(err)
		}
		// mutant: transcript.go: && l.Event.Kind() != "" => && true
		if _, err := ParseTranscript(append(b, '\n')); !errors.Is(err, ErrChain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tr.Append(-1, Time{}, Event{Ended: &Ended{}}); err == nil || len(tr.Lines) != 0 {
		t.Errorf("negative time: %v, %d lines", err, len(tr.Lines))
	}
}

func TestIntact(t *testing.T) {
	for name, spoil := range map[string]func(tr *Transcript){
		"event changed":   func(tr *Transcript) { tr.Lines[0].Event.Task.Asked = MethodPurge },
		"time changed":    func(tr *Transcript) { tr.Lines[1].Mono++ },
		"last changed":    func(tr *Transcript) { tr.Lines[3].Mono++ },
		"line dropped":    func(tr *Transcript) { tr.Lines = tr.Lines[:3] },
		"line inserted":   func(tr *Transcript) { tr.Lines = append(tr.Lines, tr.Lines[3]) },
		"lines exchanged": func(tr *Transcript) { tr.Lines[1], tr.Lines[2] = tr.Lines[2], tr.Lines[1] },
		"unspeakable":     func(tr *Transcript) { tr.Lines[1].Mono = -1 },
		"no bytes":        func(tr *Transcript) { *tr = Transcript{Lines: tr.Lines} },
		"other bytes":     func(tr *Transcript) { tr.raw.WriteString("x") },
	} {
		tr := testTranscript(t)
		spoil(tr)
		// mutant: transcript.go: if !bytes.Equal(again.raw.Bytes(), t.raw.Bytes()) { => if false {
		if tr.Intact() == nil {
			t.Errorf("%s: not seen", name)
		}
	}
}

// Kind must know every member, or a line of it would be refused as none.
func TestKindCoversEveryMember(t *testing.T) {
	v := reflect.ValueOf(&Event{}).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		v.Field(i).Set(reflect.New(f.Type.Elem()))
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if k := v.Addr().Interface().(*Event).Kind(); k != name || opts != "omitempty" {
			t.Errorf("%s: kind %q, tag %q", f.Name, k, f.Tag)
		}
		v.Field(i).SetZero()
	}
}
