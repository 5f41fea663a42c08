package object

import (
	"bytes"
	"strings"
	"testing"
)

func sample() *File {
	f := &File{ID: [2]string{"\x01\x02", "\x01\x02"}}
	f.Add(Dict{"Type": Name("Pages"), "Kids": Array{Ref(2), Int(3), Number("-0.50")}, "Odd": Name("a/b#c")})
	f.Add(Deflate(Dict{"Note": String(`a(b)\c`)}, bytes.Repeat([]byte("endobj\n7 0 obj\n"), 50)))
	f.Add(&Stream{Dict: Dict{"Ok": Bool(true)}, Raw: []byte{}})
	f.Root, f.Info = f.Add(Dict{"S": String("\xfe\xff\x00a"), "E": String(""), "D": Dict{}}), Ref(1)
	return f
}

func TestRoundTrip(t *testing.T) {
	doc, offsets := sample().Write()
	f, err := Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := f.Write()
	if !bytes.Equal(doc, again) || len(f.Offsets) != len(offsets) || f.Root != 4 || f.Info != 1 {
		t.Errorf("read back as\n%s", again)
	}
	data, err := f.Get(2).(*Stream).Data(1 << 10)
	if err != nil || len(data) != 750 {
		t.Errorf("stream: %d bytes, %v", len(data), err)
	}
}

// TestOneSpelling goes red when Parse no longer compares with what Write gives.
//
// mutant: file.go: if !bytes.Equal(again, doc) { => if false {
func TestOneSpelling(t *testing.T) {
	doc, _ := sample().Write()
	s := string(doc)
	for name, bad := range map[string]string{
		"bytes after the end":      s + "\n",
		"a second revision":        s + "5 0 obj\n<< >>\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Prev 9 >>\nstartxref\n1\n%%EOF\n",
		"a comment":                strings.Replace(s, "2 0 obj\n", "%x\n2 0 obj\n", 1),
		"more space":               strings.Replace(s, "/Type ", "/Type  ", 1),
		"a gap between objects":    strings.Replace(s, "2 0 obj\n", "\n2 0 obj\n", 1),
		"another version":          strings.Replace(s, "1.7", "1.8", 1),
		"another generation":       strings.Replace(s, "2 0 obj", "2 1 obj", 1),
		"an object twice":          strings.Replace(s, "3 0 obj", "2 0 obj", 1),
		"a missing object":         strings.Replace(s, "3 0 obj", "9 0 obj", 1),
		"an offset that is wrong":  strings.Replace(s, "0000000015 00000 n", "0000000016 00000 n", 1),
		"a length that is wrong":   strings.Replace(s, "/Length 0", "/Length 1", 1),
		"upper-case hexadecimal":   strings.Replace(s, "<feff0061>", "<FEFF0061>", 1),
		"a key twice":              strings.Replace(s, "/Kids", "/Type /Pages /Kids", 1),
		"a literal as hexadecimal": strings.Replace(s, "()", "<>", 1),
		"a leading zero":           strings.Replace(s, "/Size 5", "/Size 05", 1),
		"cut":                      s[:len(s)/2],
		"empty":                    "",
	} {
		if bad == s {
			t.Errorf("%s: the case changes nothing", name)
		}
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestBomb goes red when Data reads the whole stream before it looks at the limit.
//
// mutant: flate.go: int64(limit)+1) => int64(limit)+1<<30)
func TestBomb(t *testing.T) {
	s := Deflate(nil, make([]byte, 64<<20))
	got := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Data(1 << 16); err == nil {
				b.Fatal("64 MiB passed a limit of 64 KiB")
			}
		}
	})
	if got.AllocedBytesPerOp() > 2<<20 {
		t.Errorf("took %d bytes of memory", got.AllocedBytesPerOp())
	}
}

func TestDataRefuses(t *testing.T) {
	s := Deflate(nil, []byte("abc"))
	for name, bad := range map[string]*Stream{
		"another filter": {Dict: Dict{"Filter": Name("LZWDecode")}, Raw: s.Raw},
		"bytes after":    {Dict: s.Dict, Raw: append(bytes.Clone(s.Raw), 0)},
		"cut":            {Dict: s.Dict, Raw: s.Raw[:len(s.Raw)-1]},
		"no zlib":        {Dict: s.Dict, Raw: []byte("abc")},
		"too large":      {Raw: make([]byte, 101)},
	} {
		if _, err := bad.Data(100); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNesting(t *testing.T) {
	if _, err := NewScanner([]byte(strings.Repeat("[", 1<<20)), true).Next(); err == nil {
		t.Error("a million open brackets are accepted")
	}
}

func FuzzParse(f *testing.F) {
	doc, _ := sample().Write()
	f.Add(doc)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		if again, _ := p.Write(); !bytes.Equal(again, b) {
			t.Error("accepted bytes that Write does not give back")
		}
	})
}
