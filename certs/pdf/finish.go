package pdf

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"lethe/certs/pdf/internal/object"
	"lethe/certs/pdf/internal/page"
)

// LayoutV1 names what is drawn by this version, in /Producer.
const LayoutV1 = "Lethe page layout 1"

// creator names the program in /Creator.
const creator = "Lethe"

// maxAttached bounds the attachments of one file together, in bytes.
const maxAttached = 16 << 20

// attachment is a file within the file.
type attachment struct {
	name, about string
	data        []byte
}

// subset is the tag that says a font is a subset of the one named (§9.6.4).
const subset = "LETHEA+"

// finish makes a PDF 1.7 file of fpdf's objects. fpdf (v0.9.0) writes version 1.3,
// no /ID, a character map whose ranges cross a byte, and subsets under the name of
// the whole font; and its Info is where the clock would come in.
func finish(f *object.File, title string, issued time.Time, files []attachment) ([]byte, error) {
	n := len(f.Objects)
	if n < 4 || f.Root != object.Ref(n) || f.Info != object.Ref(n-1) {
		return nil, errors.New("finish: fpdf's file has another form than expected")
	}
	f.Objects = f.Objects[:n-2]
	for i, o := range f.Objects {
		f.Objects[i] = mend(o)
	}
	sum := 0
	names, af := object.Array{}, object.Array{}
	for _, a := range files { // in the order of their names, as a name tree asks
		sum += len(a.data)
		ref := attach(f, a, issued)
		names = append(names, object.String(a.name), ref)
		af = append(af, ref)
	}
	if sum > maxAttached {
		return nil, fmt.Errorf("finish: attachments of %d bytes, more than %d", sum, maxAttached)
	}
	f.Info = f.Add(object.Dict{
		"Title": textString(title), "Creator": textString(creator), "Producer": textString(LayoutV1),
		"CreationDate": dateString(issued), "ModDate": dateString(issued),
	})
	f.Root = f.Add(object.Dict{
		"Type": object.Name("Catalog"), "Pages": object.Ref(1), "Lang": object.String("en"), "AF": af,
		"Names":             object.Dict{"EmbeddedFiles": object.Dict{"Names": names}},
		"ViewerPreferences": object.Dict{"DisplayDocTitle": object.Bool(true)},
	})
	plain, _ := f.Write()
	id := sha256.Sum256(plain)
	f.ID = [2]string{string(id[:16]), string(id[:16])}
	doc, _ := f.Write()
	if len(doc) > object.MaxFile {
		return nil, fmt.Errorf("finish: file of %d bytes, more than %d", len(doc), object.MaxFile)
	}
	return doc, nil
}

// attach adds an embedded file and its specification (§7.11.3, and /AFRelationship
// of PDF/A-3).
func attach(f *object.File, a attachment, when time.Time) object.Ref {
	ref := f.Add(object.Deflate(object.Dict{
		"Type": object.Name("EmbeddedFile"), "Subtype": object.Name("application/json"),
		"Params": object.Dict{"Size": object.Int(len(a.data)), "ModDate": dateString(when)},
	}, a.data))
	return f.Add(object.Dict{
		"Type": object.Name("Filespec"), "F": object.String(a.name), "UF": object.String(a.name),
		"Desc": object.String(a.about), "AFRelationship": object.Name("Data"),
		"EF": object.Dict{"F": ref, "UF": ref},
	})
}

// mend puts right what fpdf writes wrong or at length.
func mend(o object.Object) object.Object {
	switch o := o.(type) {
	case object.Dict:
		for _, k := range []object.Name{"BaseFont", "FontName"} {
			if name, ok := o[k].(object.Name); ok {
				o[k] = fontName(name)
			}
		}
		if o["Ordering"] != nil { // Identity-H goes with Adobe-Identity-0 (§9.7.5.2)
			o["Ordering"] = object.String("Identity")
		}
		if fonts, ok := o["Font"]; ok { // the resources, without what is empty or obsolete
			return object.Dict{"Font": fonts}
		}
	case *object.Stream:
		switch {
		case strings.HasPrefix(string(o.Raw), "/CIDInit"):
			return object.Deflate(o.Dict, []byte(toUnicode()))
		case o.Dict["Filter"] == nil:
			return object.Deflate(o.Dict, o.Raw)
		}
	}
	return o
}

// fontName turns fpdf's "utf8gobold" into "LETHEA+GoBold".
func fontName(fpdf object.Name) object.Name {
	for _, f := range page.Faces {
		if strings.EqualFold("utf8"+f.Name, string(fpdf)) {
			return object.Name(subset + f.Name)
		}
	}
	return fpdf
}

// toUnicode is the character map of every font: codes are UTF-16 (§9.10.3). No
// range crosses a byte, and a block has at most 100 of them.
var toUnicode = sync.OnceValue(func() string {
	var w strings.Builder
	w.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for from := 0; from < 256; from += 64 {
		w.WriteString("64 beginbfrange\n")
		for b := from; b < from+64; b++ {
			fmt.Fprintf(&w, "<%02X00> <%02XFF> <%02X00>\n", b, b, b)
		}
		w.WriteString("endbfrange\n")
	}
	w.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return w.String()
})
