package pdf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lethe/certs/pdf/internal/object"
)

func signedDoc(t testing.TB, s signer) []byte {
	t.Helper()
	doc := must[[]byte](t)(Certificate(input(cleared())))
	return must[[]byte](t)(Sign(doc, s.cms, SignOptions{Name: "lethe", Reason: "test", When: time.Unix(1795490055, 0)}))
}

// TestBitFlips: with any one bit changed, Read refuses the file or the CMS no longer
// holds.
//
// mutant: readsign.go: if c != 0 { => if c != 0 && false {
// mutant: readsign.go: h.Write(r.doc[end:]) => h.Write(r.doc[end+1:])
func TestBitFlips(t *testing.T) {
	s := newSigner(t)
	doc := signedDoc(t, s)
	seed := rand.Uint64()
	t.Logf("seed %d, file of %d bytes", seed, len(doc))
	rnd := rand.New(rand.NewPCG(seed, 0))
	good := must[*Document](t)(Read(doc))
	if err := s.verify(good); err != nil {
		t.Fatal(err)
	}
	type flip struct {
		at  int
		bit byte
	}
	var flips []flip
	for range 300 {
		flips = append(flips, flip{rnd.IntN(len(doc)), 1 << rnd.IntN(8)})
	}
	from, to := int(good.Signature.ContentsStart), int(good.Signature.ContentsEnd)
	for i := from; i < to; i += 1 + rnd.IntN(160) {
		flips = append(flips, flip{i, 1 << rnd.IntN(8)})
	}
	for i := from; i < from+100; i++ { // a letter becomes a capital: the same value
		if doc[i] >= 'a' {
			flips = append(flips, flip{i, 0x20})
		}
	}
	// Every bit of the form's key: with it misspelt, Read once met a nil.
	fields := bytes.Index(doc, []byte("/Fields"))
	for i := range len("/Fields") {
		for bit := range 8 {
			flips = append(flips, flip{fields + i, 1 << bit})
		}
	}
	for _, i := range []int{0, len(doc) - 1, from, to - 1} {
		flips = append(flips, flip{i, 1})
	}
	read, cms := 0, 0
	for _, f := range flips {
		bad := bytes.Clone(doc)
		bad[f.at] ^= f.bit
		d, err := Read(bad)
		switch {
		case err != nil:
			read++
		case s.verify(d) != nil:
			cms++
		default:
			t.Errorf("byte %d (%d to %d is /Contents): %q to %q is accepted", f.at, from, to, doc[f.at], bad[f.at])
		}
	}
	t.Logf("%d flips: %d refused by Read, %d by the CMS", len(flips), read, cms)
}

// TestAppended: nothing can follow, be it a whole further revision.
func TestAppended(t *testing.T) {
	doc := signedDoc(t, newSigner(t))
	for _, more := range []string{"\n", "%", "1 0 obj\n<< >>\nendobj\n", "xref\n0 0\ntrailer\n<< /Size 1 >>\nstartxref\n0\n%%EOF\n"} {
		if _, err := Read(append(bytes.Clone(doc), more...)); err == nil {
			t.Errorf("%q after the end is accepted", more)
		}
	}
}

// rebuild spells a signed or unsigned file again after a change of its objects: the
// spelling is right, so that only the shape can be wrong.
func rebuild(t *testing.T, doc []byte, change func(f *object.File)) []byte {
	t.Helper()
	f := must[*object.File](t)(object.Parse(doc))
	change(f)
	out, _ := f.Write()
	return out
}

// TestShape goes red when a shape gains a key, or all stops counting the objects.
//
// mutant: read.go: if len(r.seen) != len(r.f.Objects) { => if false {
func TestShape(t *testing.T) {
	doc := must[[]byte](t)(Certificate(input(cleared())))
	if _, err := Read(rebuild(t, doc, func(*object.File) {})); err != nil {
		t.Fatal(err)
	}
	page1 := func(f *object.File) object.Dict { return f.Get(3).(object.Dict) }
	root := func(f *object.File) object.Dict { return f.Get(f.Root).(object.Dict) }
	content := func(s string) func(*object.File) {
		return func(f *object.File) {
			st := f.Get(4).(*object.Stream)
			old := must[[]byte](t)(st.Data(maxContent))
			f.Objects[3] = object.Deflate(nil, append([]byte(s), old...))
		}
	}
	for name, change := range map[string]func(*object.File){
		"an object nothing leads to": func(f *object.File) { f.Add(object.Dict{}) },
		"an annotation":              func(f *object.File) { page1(f)["Annots"] = object.Array{} },
		"an action":                  func(f *object.File) { root(f)["OpenAction"] = object.Dict{"S": object.Name("JavaScript")} },
		"a field without signature":  func(f *object.File) { root(f)["AcroForm"] = object.Dict{} },
		"a crop":                     func(f *object.File) { page1(f)["CropBox"] = object.Array{} },
		"a rotation":                 func(f *object.File) { page1(f)["Rotate"] = object.Int(180) },
		"a page used twice": func(f *object.File) {
			d := f.Get(pageTree).(object.Dict)
			d["Kids"], d["Count"] = object.Array{object.Ref(3), object.Ref(3)}, object.Int(2)
		},
		"another layout":         func(f *object.File) { f.Get(f.Info).(object.Dict)["Producer"] = object.String("x") },
		"an image":               content("/Im1 Do\n"),
		"hidden text":            content("3 Tr\n"),
		"an inline image":        content("BI ID EI\n"),
		"a comment":              content("% x\n"),
		"text before a font":     content("BT 0 0 Td (\x00a) Tj ET\n"),
		"an unknown font":        content("BT /Helvetica 9 Tf ET\n"),
		"operands without use":   content("1 2 3 4 5 6 7\n"),
		"operands of other kind": content("/A g\n"),
		"unbalanced states":      content("Q\n"),
		"many states":            content(strings.Repeat("q\n", 100) + strings.Repeat("Q\n", 100)),
		"a surrogate":            content("BT /F04cb8b707223e210eb5ab96c270cc3922d99db20 9 Tf (\xd8\x42) Tj ET\n"),
		"half a code":            content("BT /F04cb8b707223e210eb5ab96c270cc3922d99db20 9 Tf (a) Tj ET\n"),
		"a file of another name": func(f *object.File) {
			n := root(f)["Names"].(object.Dict)["EmbeddedFiles"].(object.Dict)["Names"].(object.Array)
			n[0] = object.String("a.exe")
		},
		"a bomb": func(f *object.File) { f.Objects[3] = object.Deflate(nil, make([]byte, 200<<20)) },
	} {
		bad := rebuild(t, doc, change)
		if bytes.Equal(bad, doc) {
			t.Errorf("%s: the case changes nothing", name)
		}
		if _, err := Read(bad); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// TestRange: a ByteRange that leaves out more, or less, is refused.
func TestRange(t *testing.T) {
	doc := signedDoc(t, newSigner(t))
	g := must[*Document](t)(Read(doc)).Signature
	old := fmt.Sprintf("/ByteRange [0 %d %d %d]", g.ByteRange[1], g.ByteRange[2], g.ByteRange[3])
	if n := bytes.Count(doc, []byte(old)); n != 1 {
		t.Fatalf("%d times %s", n, old)
	}
	for _, d := range [][3]int64{{1, 0, 0}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}, {0, 0, 1}, {0, 0, -1}, {0, 1, -1}, {-1, 1, 0}} {
		bad := fmt.Sprintf("/ByteRange [0 %d %d %d]", g.ByteRange[1]+d[0], g.ByteRange[2]+d[1], g.ByteRange[3]+d[2])
		if _, err := Read(bytes.Replace(doc, []byte(old), []byte(bad), 1)); err == nil {
			t.Errorf("%s is accepted where %s is right", bad, old)
		}
	}
}

func FuzzRead(f *testing.F) {
	s := newSigner(f)
	f.Add(must[[]byte](f)(Certificate(input(virtual()))))
	f.Add(signedDoc(f, s))
	f.Add(must[[]byte](f)(Summary(SummaryInput{Summary: summary(), Envelope: []byte("{}")})))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Read(b)
		if err == nil && d.Signature != nil && s.verify(d) == nil && !bytes.Equal(d.Signature.CMS, d.Signature.Contents[:len(d.Signature.CMS)]) {
			t.Error("CMS is not the head of Contents")
		}
	})
}

// FuzzContent gives the reader of drawings what it never sees otherwise: the
// spelling around it is right.
func FuzzContent(f *testing.F) {
	doc := must[[]byte](f)(Certificate(input(virtual())))
	file := must[*object.File](f)(object.Parse(doc))
	f.Add(must[[]byte](f)(file.Get(4).(*object.Stream).Data(maxContent)))
	f.Add([]byte("q 1 0 0 1 0 0 cm BT /F 9 Tf (\x00a) Tj ET Q"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &reader{fonts: map[object.Name]bool{"F": true}, out: &Document{}}
		r.content(b) // any error will do, a panic will not
	})
}
