package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"

	"lethe/certs/pdf/internal/object"
	"lethe/certs/pdf/internal/page"
)

// Reserve is the room for a CMS signature, in bytes: a chain of a few certificates
// and a time stamp fit. It is the same in every file.
const Reserve = 12288

// SubFilter is the kind of signature (ETSI EN 319 142-1 §5.3).
const SubFilter = "ETSI.CAdES.detached"

// maxWords bounds each of the words of SignOptions, in bytes.
const maxWords = 200

// Errors of signing.
var (
	ErrSigned  = errors.New("file is signed already")
	ErrReserve = errors.New("signature is larger than its reserve")
)

// Sign signs a file that Certificate or Summary made. The signature is part of the
// one revision the file has, and certifies it (DocMDP, P=2: no change but filling
// in and signing, so that a time stamp may follow). The field is on page 1.
func Sign(doc []byte, cms CMSFunc, o SignOptions) ([]byte, error) {
	d, f, err := read(doc)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if d.Signature != nil {
		return nil, fmt.Errorf("sign: %w", ErrSigned)
	}
	if max(len(o.Name), len(o.Reason), len(o.Location)) > maxWords {
		return nil, fmt.Errorf("sign: name, reason or location of more than %d bytes", maxWords)
	}
	sig := addSignature(f, o)
	out, at := place(f, sig)
	h := sha256.New()
	h.Write(out[:at])
	h.Write(out[at+2+2*Reserve:])
	der, err := cms(h.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if len(der) > Reserve {
		return nil, fmt.Errorf("sign: %w: %d bytes of %d", ErrReserve, len(der), Reserve)
	}
	hex.Encode(out[at+1:], der)
	if _, err := Read(out); err != nil {
		return nil, fmt.Errorf("sign: the signed file does not read: %w", err)
	}
	return out, nil
}

// addSignature adds the signature, its field and its empty appearance, and hooks
// them into the first page and the catalog. The file has been read: it has the
// form that is relied on here.
func addSignature(f *object.File, o SignOptions) object.Ref {
	first := f.Get(pageTree).(object.Dict)["Kids"].(object.Array)[0].(object.Ref)
	sig := object.Dict{
		"Type": object.Name("Sig"), "Filter": object.Name("Adobe.PPKLite"), "SubFilter": object.Name(SubFilter),
		"M": dateString(o.When), "Contents": object.String(make([]byte, Reserve)),
		"Reference": object.Array{docMDP()},
	}
	for k, v := range map[object.Name]string{"Name": o.Name, "Reason": o.Reason, "Location": o.Location} {
		if v != "" {
			sig[k] = textString(v)
		}
	}
	ref := f.Add(sig)
	look := f.Add(&object.Stream{Dict: appearance()})
	field := f.Add(object.Dict{
		"Type": object.Name("Annot"), "Subtype": object.Name("Widget"), "FT": object.Name("Sig"),
		"T": object.String("Signature1"), "F": object.Int(132), // print, locked
		"Rect": signRect(), "P": first, "V": ref, "AP": object.Dict{"N": look},
	})
	p := maps.Clone(f.Get(first).(object.Dict))
	p["Annots"] = object.Array{field}
	f.Objects[first-1] = p
	c := maps.Clone(f.Get(f.Root).(object.Dict))
	c["AcroForm"] = object.Dict{"Fields": object.Array{field}, "SigFlags": object.Int(3)}
	c["Perms"] = object.Dict{"DocMDP": ref}
	f.Objects[f.Root-1] = c
	return ref
}

func docMDP() object.Dict {
	return object.Dict{
		"Type": object.Name("SigRef"), "TransformMethod": object.Name("DocMDP"),
		"TransformParams": object.Dict{"Type": object.Name("TransformParams"), "P": object.Int(2), "V": object.Name("1.2")},
	}
}

func appearance() object.Dict {
	b := page.SignBox
	return object.Dict{
		"Type": object.Name("XObject"), "Subtype": object.Name("Form"), "Resources": object.Dict{},
		"BBox": object.Array{object.Int(0), object.Int(0), points(b.W), points(b.H)},
	}
}

// signRect is the field's place on the page, in points from the lower left corner.
func signRect() object.Array {
	b := page.SignBox
	return object.Array{points(b.X), points(page.Height - b.Y - b.H), points(b.X + b.W), points(page.Height - b.Y)}
}

func points(mm float64) object.Number { return object.Number(fmt.Sprintf("%.2f", mm*72/25.4)) }

// contentsAt is where the "<" of /Contents stands in the signature whose object
// begins at from: its keys are sorted, and only numbers (/ByteRange) come before.
func contentsAt(doc []byte, from int) int {
	key := []byte("/Contents <")
	return from + bytes.Index(doc[from:], key) + len(key) - 1
}

// place spells the file with its ByteRange, and returns where "<" of /Contents is.
// The range is part of what it measures: it is tried until it comes out the same.
func place(f *object.File, ref object.Ref) (doc []byte, at int) {
	var br [4]int
	for {
		f.Get(ref).(object.Dict)["ByteRange"] = object.Array{
			object.Int(br[0]), object.Int(br[1]), object.Int(br[2]), object.Int(br[3])}
		doc, offsets := f.Write()
		at = contentsAt(doc, offsets[ref-1])
		end := at + 2 + 2*Reserve
		now := [4]int{0, at, end, len(doc) - end}
		if now == br {
			return doc, at
		}
		br = now
	}
}
