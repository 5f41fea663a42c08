package check

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// container are the checks of the file itself, the cheap ones first. Coverage and
// encoding are looked at on the bytes, without the reader that StepStructure asks, so
// that neither hangs on one reading of the file alone; both must then agree.
var container = []step{
	{StepCoverage, nil, coverage},
	{StepEncoding, []string{StepCoverage}, encoding},
	{StepStructure, []string{StepEncoding}, structure},
	{StepSignature, []string{StepStructure}, signature},
}

// coverage: the signature covers the file from its first byte to its last, and
// leaves out exactly the string that holds it (ISO 32000-1 §12.8.1).
func coverage(r *run) (string, error) {
	h, err := findHole(r.data)
	if err != nil {
		return "", err
	}
	r.hole = h
	return fmt.Sprintf("all %d bytes but the %d of /Contents", len(r.data), h.to-h.from), nil
}

// encoding: the string left out is the one spelling of the signature it holds.
func encoding(r *run) (string, error) {
	cms, pad, err := decodeHole(r.data[r.hole.from:r.hole.to])
	if err != nil {
		return "", err
	}
	r.cms = cms
	return fmt.Sprintf("canonical: %d bytes of CMS, %d of zeros", len(cms), pad), nil
}

// structure: the file is what our writer writes.
func structure(r *run) (string, error) {
	doc, err := pdf.Read(r.data)
	if err != nil {
		return "", err
	}
	s := doc.Signature
	if s == nil {
		return "", errors.New("the file carries no PDF signature")
	}
	if s.ContentsStart != int64(r.hole.from) || s.ContentsEnd != int64(r.hole.to) {
		return "", errors.New("two readings of the file find different signatures")
	}
	r.doc = doc
	return fmt.Sprintf("as this writer writes it, layout %s, %d pages", doc.Layout, doc.Pages), nil
}

// signature: the CMS is one a trusted record signer made over these bytes. The time
// is the one the signature states; StepSigner asks whether it is the record's own.
func signature(r *run) (string, error) {
	at := r.doc.Signature.When
	h := sha256.New()
	h.Write(r.data[:r.hole.from])
	h.Write(r.data[r.hole.to:])
	leaf, err := sign.VerifyCMS(r.cms, h.Sum(nil), r.opts.Roots, sign.RoleRecord, at)
	if err != nil {
		return "", err
	}
	r.leaf = leaf.Raw
	return fmt.Sprintf("by %q, trusted at the time of issue by its own clock, %s",
		leaf.Subject.CommonName, record.At(at).Format(time.RFC3339)), nil
}
