package check

import (
	"crypto/x509"

	"lethe/certs/record"
	"lethe/wipe/judge"
)

// Options are what the checker brings along; the file can add nothing to them.
type Options struct {
	Roots           *x509.CertPool // whom to trust; nil trusts nobody
	Quirks          judge.Quirks   // drives known to say what is not so
	RequirePhysical bool           // refuse what is marked VIRTUAL
}

// Line is one check.
type Line struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // one line: what was found, or why not
}

// The kinds of a machine summary and of a second look, beside
// [record.KindCertificate] and [record.KindNotice].
const (
	KindSummary = "summary"
	KindLook    = "second look"
)

// Report is what was found in one file. All but Lines is the file's own word, and
// worth as much as OK says.
type Report struct {
	Lines    []Line         `json:"lines"`
	Kind     string         `json:"kind,omitempty"`     // certificate, notice, summary, second look; "" when not known
	RecordID string         `json:"recordId,omitempty"` // of the record, summary or look
	Digest   record.Hex     `json:"digest,omitempty"`   // SHA-256 of its canonical bytes
	Virtual  bool           `json:"virtual"`
	Verdict  record.Verdict `json:"verdict,omitzero"` // zero for a summary and a second look

	Record  *record.Record  `json:"-"` // nil unless a certificate or notice was decoded
	Summary *record.Summary `json:"-"` // nil unless a summary was decoded
	Look    *record.Look    `json:"-"` // nil unless a second look was decoded
}

// OK reports whether every check holds. A report without checks is not OK.
func (r Report) OK() bool {
	for _, l := range r.Lines {
		if !l.OK {
			return false
		}
	}
	return len(r.Lines) > 0
}

// Failed is the first check that does not hold, "" when all do.
func (r Report) Failed() string {
	for _, l := range r.Lines {
		if !l.OK {
			return l.Name
		}
	}
	return ""
}

// Outcome is what a file comes to.
type Outcome string

// The outcomes.
const (
	Refused Outcome = "refused" // some check does not hold
	Notice  Outcome = "notice"  // authentic, and says that something was not sanitised, or was not found so again
	Erased  Outcome = "erased"  // authentic, and says that all it names was
	Holds   Outcome = "holds"   // an authentic second look at what a certificate given with it says, and it is so
)

// Outcome tells them apart. Anything but a certificate, or a summary of nothing
// but certificates that covers every drive ordered, is at best a notice.
func (r Report) Outcome() Outcome {
	switch {
	case !r.OK():
		return Refused
	case r.Look != nil && r.Look.Finding.Sight == record.SightHolds:
		return Holds
	case r.Kind == record.KindCertificate && r.Verdict.Reached:
		return Erased
	case r.Kind == KindSummary && r.Summary != nil && complete(*r.Summary):
		return Erased
	}
	return Notice
}

// complete reports whether every ordered drive has a certificate.
func complete(s record.Summary) bool {
	for _, d := range s.Drives {
		if d.Kind != record.KindCertificate {
			return false
		}
	}
	return len(s.Drives) > 0 && len(s.Missing) == 0 && int64(len(s.Drives)) >= s.Ordered
}
