package pdf

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/pdf/internal/page"
	"lethe/certs/record"
)

// nasty are strings that have broken printers of labels before.
var nasty = []string{
	"🙂 emoji", "𠮷野家", "葛\U000E0100城", "abc\u202Egpj.exe", "\u2066isolate\u2069", "nul\x00nul", "line\nbreak\r\n", "\x1b[31mred",
	strings.Repeat("10 kB of label ", 700), strings.Repeat("W", 10240), strings.Repeat(" ", 300), "bad utf-8 \xff\xc0\x80\xed\xa0\x80",
	"e\u0301\u0301\u0301", "\u200b\u200c\u200d\ufeff", "\u00a0nbsp", "(paren) \\ back )(", "<U+0041>", "%PDF-1.7", "endstream endobj", "{nb}",
	"Ω Ж ß ½", "\ufffd\ufffe\uffff", "\ue000", "", " ",
}

// fill sets every field of a value from a pool of nasty strings and odd numbers.
func fill(v reflect.Value, rnd *rand.Rand, extra string) {
	switch v.Kind() {
	case reflect.String:
		pick := rnd.IntN(len(nasty) + 6)
		switch {
		case pick < len(nasty):
			v.SetString(nasty[pick])
		case pick == len(nasty):
			v.SetString(extra)
		case v.Type() == reflect.TypeFor[record.State]():
			v.SetString([]string{"Cleared", "Purged", "Failed"}[rnd.IntN(3)])
		case v.Type() == reflect.TypeFor[record.Technique]():
			v.SetString("Overwrite")
		default:
			v.SetString([]string{record.KindCertificate, record.CheckFull, record.PatternStream, hexOf("ab"), "plain"}[rnd.IntN(5)])
		}
	case reflect.Bool:
		v.SetBool(rnd.IntN(2) == 0)
	case reflect.Int64:
		v.SetInt([]int64{0, 1, -1, 512, 4096, 1 << 53, -1 << 53, rnd.Int64N(1 << 52)}[rnd.IntN(8)])
	case reflect.Uint64:
		v.SetUint([]uint64{0, 1, 4096, 1<<64 - 1, rnd.Uint64()}[rnd.IntN(5)])
	case reflect.Pointer:
		if rnd.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), rnd, extra)
		}
	case reflect.Slice:
		n := []int{0, 1, 3, 3, 40}[rnd.IntN(5)]
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), rnd, extra)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[record.Time]() {
			v.Set(reflect.ValueOf(record.At(time.Unix(rnd.Int64N(1<<33), rnd.Int64N(1e9)))))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), rnd, extra)
		}
	}
}

func randomRecord(seed uint64, extra string) (r record.Record) {
	fill(reflect.ValueOf(&r).Elem(), rand.New(rand.NewPCG(seed, 0)), extra)
	return r
}

// agree draws a record and reads it back: the words must be the record's.
func agree(t *testing.T, r record.Record) {
	t.Helper()
	want := must[[]string](t)(Text(r))
	in := Input{Record: r, Envelope: []byte("{}"), Transcript: []byte("")}
	doc := must[[]byte](t)(Certificate(in))
	d := must[*Document](t)(Read(doc))
	if diff := cmp.Diff(want, d.Text); diff != "" {
		t.Errorf("text (-record +page):\n%s", diff)
	}
	if err := Compare(doc, in); err != nil {
		t.Error(err)
	}
}

// TestHostile: every nasty string in every label is drawn, escaped, and the file is
// one that other tools accept.
func TestHostile(t *testing.T) {
	s := newSigner(t)
	for i, bad := range nasty {
		r := cleared()
		r.ID, r.Device.Identity.Serial, r.Device.Identity.Model = bad, bad, bad
		r.Context.Labels = record.Labels{Contract: bad, Customer: bad, Operator: record.Person{Name: bad, Organization: bad}}
		r.Verdict.Reasons, r.Residual = []string{bad, bad}, []string{bad}
		r.Order = &record.OrderRef{ID: bad, Approved: []string{bad}}
		agree(t, r)
		doc := must[[]byte](t)(Sign(must[[]byte](t)(Certificate(input(r))), s.cms, SignOptions{When: time.Unix(1795490055, 0)}))
		path := filepath.Join(t.TempDir(), "x.pdf")
		if err := os.WriteFile(path, doc, 0o600); err != nil {
			t.Fatal(err)
		}
		if out := run(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
			t.Errorf("string %d: %s", i, out)
		}
		text := strings.Join(must[[]string](t)(Text(r)), "\n")
		if bad != "" && !strings.Contains(text, page.Printable(bad)[:1]) {
			t.Errorf("string %d vanished", i)
		}
		for _, c := range text {
			if c != '\n' && page.Printable("a"+string(c)+"b") != "a"+string(c)+"b" && c != '<' {
				t.Errorf("string %d: U+%04X is drawn as itself", i, c)
			}
		}
	}
}

// TestInBounds: nothing is drawn beside the page, and no text beyond the margin.
func TestInBounds(t *testing.T) {
	all := records()
	for i := range uint64(40) {
		all["random "+string(rune('0'+i))] = randomRecord(i, "extra")
	}
	for name, r := range all {
		s := must[*page.Sheet](t)(page.Certificate(r))
		for n, p := range s.Pages {
			for _, o := range p.Ops {
				if o.Text == "" || o.Angle != 0 {
					continue
				}
				if end := o.X + o.Style.Width(o.Text); o.X < 13 || end > page.Width-13 || o.Y < 5 || o.Y > page.Height-6 {
					t.Errorf("%s, page %d: %.60q runs from %.1f to %.1f at %.1f", name, n+1, o.Text, o.X, end, o.Y)
				}
				if o.Style.Size < 7 {
					t.Errorf("%s: %q is set in %.1f points", name, o.Text, o.Style.Size)
				}
			}
		}
	}
}

func FuzzRecord(f *testing.F) {
	for i := range uint64(8) {
		f.Add(i, "seed \U0001F600")
	}
	f.Fuzz(func(t *testing.T, seed uint64, extra string) { agree(t, randomRecord(seed, extra)) })
}
