package page

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// look is how a verdict is shown.
type look struct {
	word     string // at a glance
	color    Color
	sentence string
	good     bool // a certificate of sanitization; else a notice
}

// glance derives the look of a record. Whatever is not in every respect a
// certificate of a reached method is shown as a notice: a record that contradicts
// itself must not print as a success.
func glance(r record.Record) look {
	v := r.Verdict
	done := v.State == record.Cleared || v.State == record.Purged
	l := look{word: "UNKNOWN", color: slate}
	switch v.State {
	case record.Cleared:
		l.word, l.color = "CLEARED", green
	case record.Purged:
		l.word, l.color = "PURGED", blue
	case record.Failed:
		l.word, l.color = "FAILED", red
	case record.Incomplete:
		l.word, l.color = "INCOMPLETE", amber
	}
	l.good = done && v.Reached && r.Kind == record.KindCertificate
	switch {
	case l.good:
		l.sentence = deed(r)
	case done && v.Reached:
		l.color = red
		l.sentence = "The record contradicts itself: it is a notice of a method that was reached. Treat the drive as holding data. Destroy it, or erase it again."
	case done:
		l.color = red
		l.sentence = fmt.Sprintf("This drive was %s by %s, but the method asked was %s: the task failed. Destroy the drive, or erase it again by a stronger technique.",
			strings.ToLower(l.word), technique(v.Technique), asked(r.Asked))
	case v.State == record.Failed:
		l.sentence = "This drive is not sanitized: the erase failed, and data may remain on it. Destroy the drive, or erase it again."
	case v.State == record.Incomplete:
		l.sentence = "This drive is not sanitized: the erase was cut short, and data may remain on it. Destroy the drive, or erase it again."
	default:
		l.sentence = "Nothing shows that this drive is sanitized: observations are missing, stale or contradict each other. Treat it as holding data. Destroy the drive, or erase it again."
	}
	return l
}

// deed says what was done to a sanitized drive, no more than the record shows.
func deed(r record.Record) string {
	how := fmt.Sprintf("This drive was %s by %s", strings.ToLower(string(r.Verdict.State)), technique(r.Verdict.Technique))
	switch {
	case shown(r) && len(r.Passes) == 0:
		return commanded(r)
	case r.Verdict.Technique != record.Overwrite || !equal(r):
	case wholly(r.Verification, r.Device.Size):
		return how + ": every addressable byte was written, flushed, read back and found equal."
	case partly(r.Verification, r.Device.Size):
		m := r.Verification.Sample
		return fmt.Sprintf("%s: every addressable byte was written and flushed; %s places drawn by chance, %s of the drive, were read back and found equal.",
			how, Commas(uint64(m.Places)), percent(m.Coverage))
	}
	return how + ". What that rests on is listed under Verdict."
}

// equal reports that the last pass wrote every byte, and that the read-back found no
// difference where it looked.
func equal(r record.Record) bool {
	v, n := r.Verification, len(r.Passes)
	if v == nil || n == 0 || r.Device.Size == 0 {
		return false
	}
	last := r.Passes[n-1]
	return last.Written == r.Device.Size && last.Flushed && len(last.Failed) == 0 && v.Pass == last.Pass && v.Direct &&
		v.MismatchBytes == 0 && len(v.Mismatches) == 0 && len(v.Unreadable) == 0
}

// wholly reports that the read-back compared every byte.
func wholly(v *record.Verification, size record.Size) bool {
	return v.Method == record.CheckFull && v.Sample == nil && v.Compared == size
}

// partly reports that the read-back compared all the places of a sample.
func partly(v *record.Verification, size record.Size) bool {
	m := v.Sample
	return v.Method != record.CheckFull && m != nil && m.Places > 0 && m.Places == m.Planned && m.Bound > 0 && m.Coverage > 0 && v.Compared < size
}

// asked and reached name a method.
func asked(m record.Method) string {
	if m == record.MethodNone {
		return "not stated"
	}
	return Printable(string(m))
}

func reached(m record.Method) string {
	if m == record.MethodNone {
		return "none"
	}
	return Printable(string(m))
}
