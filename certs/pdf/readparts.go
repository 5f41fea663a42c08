package pdf

import (
	"errors"
	"fmt"

	"lethe/certs/pdf/internal/object"
	"lethe/certs/pdf/internal/page"
)

// fontList reads the resources: the fonts of all pages, each embedded as a subset,
// with codes that are UTF-16 by its character map.
func (r *reader) fontList() error {
	var fonts object.Dict
	if err := r.dict(resources, shape{"Font": into(&fonts)}); err != nil {
		return err
	}
	r.fonts = map[object.Name]bool{}
	used := map[object.Name]bool{}
	for key, o := range fonts {
		ref, _ := o.(object.Ref)
		base, err := r.font(ref)
		if err != nil {
			return fmt.Errorf("/%s: %w", key, err)
		}
		if used[base] {
			return fmt.Errorf("/%s is there twice", base)
		}
		used[base], r.fonts[key] = true, true
	}
	for _, f := range page.Faces {
		if !used[object.Name(subset+f.Name)] {
			return fmt.Errorf("/%s%s is missing", subset, f.Name)
		}
	}
	if len(used) != len(page.Faces) {
		return errors.New("a font this reader does not know")
	}
	return nil
}

// The largest parts of a font, in bytes.
const (
	maxFont = 1 << 20
	maxCMap = 1 << 14
	mapSize = 2 << 16 // a glyph for each code of two bytes
)

func (r *reader) font(ref object.Ref) (base object.Name, err error) {
	var down, uni, info, gids, desc, file object.Ref
	err = r.dict(ref, shape{
		"Type": name("Font"), "Subtype": name("Type0"), "Encoding": name("Identity-H"),
		"BaseFont": into(&base), "DescendantFonts": one(into(&down)), "ToUnicode": into(&uni),
	})
	if err != nil {
		return "", err
	}
	if err = r.dict(down, shape{
		"Type": name("Font"), "Subtype": name("CIDFontType2"), "BaseFont": is(base),
		"CIDSystemInfo": into(&info), "FontDescriptor": into(&desc), "CIDToGIDMap": into(&gids),
		"DW": maybe(number()), "W": into(new(object.Array)),
	}); err != nil {
		return "", err
	}
	if err = r.dict(info, shape{
		"Registry": is(object.String("Adobe")), "Ordering": is(object.String("Identity")), "Supplement": is(object.Int(0)),
	}); err != nil {
		return "", err
	}
	if err = r.dict(desc, shape{
		"Type": name("FontDescriptor"), "FontName": is(base), "FontFile2": into(&file), "FontBBox": into(new(object.Array)),
		"Ascent": number(), "Descent": number(), "CapHeight": number(), "Flags": number(),
		"ItalicAngle": number(), "StemV": number(), "MissingWidth": number(),
	}); err != nil {
		return "", err
	}
	m, err := r.stream(uni, maxCMap, flate(nil))
	if err == nil && string(m) != toUnicode() {
		err = errors.New("character map is not the one that is written")
	}
	if err != nil {
		return "", err
	}
	if m, err = r.stream(gids, mapSize, flate(nil)); err == nil && len(m) != mapSize {
		err = fmt.Errorf("glyph map of %d bytes", len(m))
	}
	if err != nil {
		return "", err
	}
	var n object.Number
	m, err = r.stream(file, maxFont, flate(shape{"Length1": into(&n)}))
	if size, ok := n.Int(); err == nil && (!ok || size != len(m)) {
		err = fmt.Errorf("font of %d bytes, said to be %s", len(m), n)
	}
	return base, err
}

// attachments reads the embedded files.
func (r *reader) attachments(names, af object.Array) error {
	if len(names) != 2*len(af) || len(af) > 3 {
		return errors.New("the list of names and the list of files differ")
	}
	last := object.String("")
	for i, o := range af {
		key, _ := names[2*i].(object.String)
		ref, _ := o.(object.Ref)
		if names[2*i+1] != o || key <= last {
			return errors.New("the list of names and the list of files differ")
		}
		last = key
		if aboutAttachment(string(key)) == "" {
			return fmt.Errorf("%s is not one this reader knows", brief(key))
		}
		data, err := r.attachment(ref, key)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		r.out.Attachments[string(key)] = data
	}
	return nil
}

func (r *reader) attachment(ref object.Ref, key object.String) ([]byte, error) {
	var a, b object.Ref
	err := r.dict(ref, shape{
		"Type": name("Filespec"), "F": is(key), "UF": is(key), "AFRelationship": name("Data"),
		"Desc": is(object.String(aboutAttachment(string(key)))),
		"EF":   sub(shape{"F": into(&a), "UF": into(&b)}),
	})
	if err != nil {
		return nil, err
	}
	if a != b {
		return nil, errors.New("two files under one name")
	}
	var n object.Number
	data, err := r.stream(a, maxAttached, flate(shape{
		"Type": name("EmbeddedFile"), "Subtype": name("application/json"),
		"Params": sub(shape{"Size": into(&n), "ModDate": is(object.String(r.out.Info["ModDate"]))}),
	}))
	if size, ok := n.Int(); err == nil && (!ok || size != len(data)) {
		err = fmt.Errorf("%d bytes, said to be %s", len(data), n)
	}
	return data, err
}
