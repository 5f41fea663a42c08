package check

import (
	"errors"
	"strings"

	"lethe/certs/pdf"
	"lethe/certs/record"
)

// The names of the checks, as they are printed.
const (
	StepStructure   = "pdf structure"
	StepCoverage    = "coverage"
	StepEncoding    = "cms encoding"
	StepSignature   = "pdf signature"
	StepContent     = "content" // stands for all that follows when the container fails
	StepAttachments = "attachments"
	StepEnvelope    = "record envelope"
	StepRecord      = "record"
	StepSigner      = "same signer"
	StepTranscript  = "transcript"
	StepOrder       = "order"
	StepVerdict     = "verdict"
	StepText        = "page text"
	StepDrawing     = "page drawing"
	StepPhysical    = "physical"
	StepSumEnvelope = "summary envelope"
	StepSummary     = "summary"
	StepRows        = "rows"

	StepLookEnvelope = "look envelope"
	StepLook         = "second look"
	StepFinding      = "finding"
	StepCertificate  = "certificate"
)

// step is one check: what it needs, and what it does. It returns what it found.
type step struct {
	name  string
	needs []string
	do    func(*run) (detail string, err error)
}

// run is one file under examination. Each step may use what the steps it needs left.
type run struct {
	data    []byte
	opts    Options
	report  Report
	doc     *pdf.Document
	when    record.Time // time of issue by the issuer's clock
	leaf    []byte      // DER of the certificate that signed the PDF
	envLeaf []byte      // and of the one that signed the envelope
	payload []byte      // canonical bytes of the record or summary
	journal *record.Transcript
	hole    hole   // what the PDF signature leaves out
	cms     []byte // the PDF signature
}

// Check examines one file. It never fails: what it cannot follow is a line that does
// not hold.
func Check(data []byte, o Options) Report {
	r := &run{data: data, opts: o}
	if !r.take(container) {
		r.add(StepContent, false, "not read: the container does not hold")
		return r.report
	}
	switch {
	case r.doc.Attachments[pdf.AttachSummary] != nil:
		r.report.Kind = KindSummary
		r.take(summarySteps)
	case r.doc.Attachments[pdf.AttachLook] != nil:
		r.report.Kind = KindLook
		r.take(lookSteps)
	default:
		r.take(recordSteps)
	}
	if o.RequirePhysical {
		r.take(physicalSteps)
	}
	return r.report
}

// take runs steps in order and reports whether all hold.
func (r *run) take(steps []step) bool {
	all := true
	for _, s := range steps {
		if missing := r.unmet(s.needs); missing != "" {
			r.add(s.name, false, "not checked: needs "+missing)
			all = false
			continue
		}
		detail, err := s.do(r)
		if err != nil {
			detail = strings.ReplaceAll(err.Error(), "\n", "; ")
			all = false
		}
		r.add(s.name, err == nil, detail)
	}
	return all
}

func (r *run) add(name string, ok bool, detail string) {
	r.report.Lines = append(r.report.Lines, Line{Name: name, OK: ok, Detail: detail})
}

// unmet is the first of the named steps that did not hold, "" when all did.
func (r *run) unmet(names []string) string {
	for _, n := range names {
		held := false
		for _, l := range r.report.Lines {
			held = held || l.Name == n && l.OK
		}
		if !held {
			return n
		}
	}
	return ""
}

var physicalSteps = []step{{StepPhysical, nil, physical}}

func physical(r *run) (string, error) {
	switch {
	case r.report.Record == nil && r.report.Summary == nil && r.report.Look == nil:
		return "", errors.New("not known: no content was decoded")
	case r.report.Virtual:
		return "", errors.New("marked VIRTUAL, and only physical drives were asked for")
	}
	return "a physical machine and drive, by their own word", nil
}
