package pdf

import (
	"errors"
	"fmt"
	"strconv"

	"lethe/certs/pdf/internal/object"
	"lethe/certs/pdf/internal/page"
)

// pageTree is the number of the page tree, resources that of what all pages use.
const (
	pageTree  = object.Ref(1)
	resources = object.Ref(2)
)

// maxInflated bounds what the streams of one file may unpack to, in bytes.
const maxInflated = 48 << 20

// ErrLayout says that a file is by a layout this version does not know.
var ErrLayout = errors.New("page layout is not one this version knows")

// Read parses a file that Certificate, Summary or Sign wrote, and refuses every
// other: another spelling, an object or a key it does not know, an object nothing
// leads to, a second revision, a drawing operator that is not used, bytes that
// belong to nothing. It does not check the signature: that is over Digest and CMS.
func Read(doc []byte) (*Document, error) {
	d, _, err := read(doc)
	return d, err
}

func read(doc []byte) (*Document, *object.File, error) {
	f, err := object.Parse(doc)
	if err != nil {
		return nil, nil, fmt.Errorf("read PDF: %w", err)
	}
	r := &reader{f: f, doc: doc, seen: map[object.Ref]bool{}, budget: maxInflated,
		out: &Document{Attachments: map[string][]byte{}, Info: map[string]string{}}}
	if err := r.all(); err != nil {
		return nil, nil, fmt.Errorf("read PDF: %w", err)
	}
	return r.out, f, nil
}

// reader walks the objects of a file, each once.
type reader struct {
	f      *object.File
	doc    []byte
	seen   map[object.Ref]bool
	budget int // bytes that may still be unpacked
	fonts  map[object.Name]bool
	first  object.Ref // the first page
	out    *Document
}

// visit returns an object that nothing has led to before.
func (r *reader) visit(ref object.Ref) (object.Object, error) {
	o := r.f.Get(ref)
	if o == nil || r.seen[ref] {
		return nil, fmt.Errorf("object %d is missing or used twice", ref)
	}
	r.seen[ref] = true
	return o, nil
}

// dict visits a dictionary and holds it against a shape.
func (r *reader) dict(ref object.Ref, s shape) error {
	o, err := r.visit(ref)
	if err != nil {
		return err
	}
	if err := match(o, s); err != nil {
		return fmt.Errorf("object %d: %w", ref, err)
	}
	return nil
}

// stream visits a stream and unpacks it, at most limit bytes.
func (r *reader) stream(ref object.Ref, limit int, s shape) ([]byte, error) {
	o, err := r.visit(ref)
	if err != nil {
		return nil, err
	}
	st, ok := o.(*object.Stream)
	if !ok {
		return nil, fmt.Errorf("object %d is no stream", ref)
	}
	if err := match(st.Dict, s); err != nil {
		return nil, fmt.Errorf("object %d: %w", ref, err)
	}
	data, err := st.Data(min(limit, r.budget))
	if err != nil {
		return nil, fmt.Errorf("object %d: %w", ref, err)
	}
	r.budget -= len(data)
	return data, nil
}

func (r *reader) all() error {
	if err := r.info(); err != nil {
		return err
	}
	var acro, perms object.Dict
	var names, af object.Array
	err := r.dict(r.f.Root, shape{
		"Type": name("Catalog"), "Pages": is(pageTree), "Lang": is(object.String("en")),
		"ViewerPreferences": sub(shape{"DisplayDocTitle": is(object.Bool(true))}),
		"Names":             sub(shape{"EmbeddedFiles": sub(shape{"Names": into(&names)})}),
		"AF":                into(&af), "AcroForm": maybe(into(&acro)), "Perms": maybe(into(&perms)),
	})
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	if err := r.fontList(); err != nil {
		return fmt.Errorf("fonts: %w", err)
	}
	if err := r.pages(acro); err != nil {
		return err
	}
	if err := r.attachments(names, af); err != nil {
		return fmt.Errorf("attachments: %w", err)
	}
	if acro != nil || perms != nil {
		if err := r.signature(acro, perms); err != nil {
			return fmt.Errorf("signature: %w", err)
		}
	}
	if len(r.seen) != len(r.f.Objects) {
		return fmt.Errorf("%d objects belong to nothing", len(r.f.Objects)-len(r.seen))
	}
	return nil
}

func (r *reader) info() error {
	var title, creation, mod, producer object.String
	err := r.dict(r.f.Info, shape{
		"Title": into(&title), "Creator": is(object.String(creator)), "Producer": into(&producer),
		"CreationDate": into(&creation), "ModDate": into(&mod),
	})
	if err != nil {
		return fmt.Errorf("info: %w", err)
	}
	if producer != LayoutV1 {
		return fmt.Errorf("%w: %s", ErrLayout, brief(producer))
	}
	t, err := words(title)
	if err != nil {
		return fmt.Errorf("info: title: %w", err)
	}
	if _, err := date(creation); err != nil || mod != creation {
		return fmt.Errorf("info: dates %s and %s", brief(creation), brief(mod))
	}
	r.out.Layout = string(producer)
	r.out.Info = map[string]string{"Title": t, "Creator": creator, "Producer": string(producer),
		"CreationDate": string(creation), "ModDate": string(mod)}
	return nil
}

// pages reads the page tree and the pages. A signed file's first has the field.
func (r *reader) pages(acro object.Dict) error {
	var kids object.Array
	var count object.Number
	err := r.dict(pageTree, shape{
		"Type": name("Pages"), "Kids": into(&kids), "Count": into(&count),
		"MediaBox": is(object.Array{object.Int(0), object.Int(0), points(page.Width), points(page.Height)}),
	})
	if err != nil {
		return fmt.Errorf("page tree: %w", err)
	}
	if len(kids) == 0 || len(kids) > page.MaxPages || string(count) != strconv.Itoa(len(kids)) {
		return fmt.Errorf("page tree: %d pages, said to be %s", len(kids), count)
	}
	r.out.Pages = len(kids)
	for i, k := range kids {
		ref, _ := k.(object.Ref)
		var content object.Ref
		s := shape{"Type": name("Page"), "Parent": is(pageTree), "Resources": is(resources), "Contents": into(&content)}
		if i == 0 {
			r.first = ref
			if fields, ok := acro["Fields"]; ok { // without it the form itself is refused
				s["Annots"] = is(fields)
			}
		}
		if err := r.dict(ref, s); err != nil {
			return fmt.Errorf("page %d: %w", i+1, err)
		}
		data, err := r.stream(content, maxContent, flate(nil))
		if err == nil {
			err = r.content(data)
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", i+1, err)
		}
	}
	return nil
}

// flate is the shape of a compressed stream's dictionary.
func flate(s shape) shape {
	if s == nil {
		s = shape{}
	}
	s["Filter"] = name("FlateDecode")
	return s
}
