package pdf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"lethe/certs/pdf/internal/object"
)

// signature reads the field, the signature and what they cover.
func (r *reader) signature(acro, perms object.Dict) error {
	var field, sig, look object.Ref
	if err := match(acro, shape{"Fields": one(into(&field)), "SigFlags": is(object.Int(3))}); err != nil {
		return err
	}
	if err := r.dict(field, shape{
		"Type": name("Annot"), "Subtype": name("Widget"), "FT": name("Sig"), "T": is(object.String("Signature1")),
		"F": is(object.Int(132)), "Rect": is(signRect()), "P": is(r.first), "V": into(&sig),
		"AP": sub(shape{"N": into(&look)}),
	}); err != nil {
		return err
	}
	if err := match(perms, shape{"DocMDP": is(sig)}); err != nil {
		return err
	}
	empty := shape{}
	for k, v := range appearance() {
		empty[k] = is(v)
	}
	if data, err := r.stream(look, 0, empty); err != nil || len(data) != 0 {
		return fmt.Errorf("appearance is not empty: %v", err)
	}
	return r.sig(sig)
}

func (r *reader) sig(ref object.Ref) error {
	var reason, location, who, when, raw object.String
	var br object.Array
	err := r.dict(ref, shape{
		"Type": name("Sig"), "Filter": name("Adobe.PPKLite"), "SubFilter": name(SubFilter),
		"ByteRange": into(&br), "Contents": into(&raw), "M": into(&when),
		"Name": maybe(into(&who)), "Reason": maybe(into(&reason)), "Location": maybe(into(&location)),
		"Reference": one(is(docMDP())),
	})
	if err != nil {
		return err
	}
	s := &Signature{SubFilter: SubFilter, Contents: []byte(raw)}
	if s.When, err = date(when); err != nil {
		return err
	}
	for _, w := range []struct {
		from object.String
		to   *string
	}{{who, &s.Name}, {reason, &s.Reason}, {location, &s.Location}} {
		if *w.to, err = words(w.from); err != nil {
			return err
		}
	}
	if err := r.covers(s, ref, br); err != nil {
		return err
	}
	if s.CMS, err = unpad(s.Contents); err != nil {
		return err
	}
	r.out.Signature = s
	return nil
}

// covers checks that the ByteRange is the file but the string of /Contents. The
// file has one spelling, so the string stands where it is spelled in its object.
func (r *reader) covers(s *Signature, ref object.Ref, br object.Array) error {
	if len(s.Contents) != Reserve {
		return fmt.Errorf("/Contents of %d bytes, want %d", len(s.Contents), Reserve)
	}
	at := contentsAt(r.doc, r.f.Offsets[ref-1])
	end := at + 2 + 2*Reserve
	if r.doc[end-1] != '>' || hex.EncodeToString(s.Contents) != string(r.doc[at+1:end-1]) {
		return errors.New("/Contents is not lower-case hexadecimal")
	}
	s.ContentsStart, s.ContentsEnd = int64(at), int64(end)
	s.ByteRange = [4]int64{0, s.ContentsStart, s.ContentsEnd, int64(len(r.doc) - end)}
	want := object.Array{}
	for _, n := range s.ByteRange {
		want = append(want, object.Int(int(n)))
	}
	if err := is(want).ok(br); err != nil {
		return fmt.Errorf("/ByteRange is not the whole file: %w", err)
	}
	h := sha256.New()
	h.Write(r.doc[:at])
	h.Write(r.doc[end:])
	s.Digest = h.Sum(nil)
	return nil
}

// unpad splits the reserve: one DER value in definite length, then zeros only.
func unpad(b []byte) ([]byte, error) {
	if b[0] != 0x30 {
		return nil, errors.New("/Contents holds no DER sequence")
	}
	n, head := int(b[1]), 2
	if n >= 0x80 {
		k := n - 0x80
		if k < 1 || k > 2 {
			return nil, errors.New("/Contents holds no DER sequence")
		}
		n = 0
		for _, c := range b[2 : 2+k] {
			n = n<<8 | int(c)
		}
		head += k
		if n < 0x80 || k == 2 && n < 0x100 {
			return nil, errors.New("/Contents holds a length that is not DER")
		}
	}
	if head+n > len(b) {
		return nil, errors.New("/Contents holds a cut sequence")
	}
	for i, c := range b[head+n:] {
		if c != 0 {
			return nil, fmt.Errorf("/Contents: padding byte %d is not zero", i)
		}
	}
	return b[:head+n], nil
}
