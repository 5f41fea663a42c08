package issue

import (
	"errors"
	"fmt"

	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe/judge"
	"lethe/wipe/verify/sample"
)

// ErrNoLook says that a transcript has no first line to make a second look of.
var ErrNoLook = errors.New("transcript does not begin with its look")

// BuildLook derives the record of a second look from its transcript. Everything but
// the context comes from there, so that a checker derives the same record again; it
// is a pure function of its arguments.
func BuildLook(t *record.Transcript, c record.Context) (record.Look, error) {
	if t == nil || len(t.Lines) == 0 || t.Lines[0].Event.Looking == nil {
		return record.Look{}, ErrNoLook
	}
	first, last := t.Lines[0], t.Lines[len(t.Lines)-1]
	of := first.Event.Looking
	l := record.Look{
		Format: record.LookFormat, ID: of.ID, Context: c, Of: of.Of, Device: of.Device, Check: of.Check,
		Start: first.Wall, End: last.Wall, Nanos: last.Mono - first.Mono,
		Finding: judge.Look(t), Transcript: t.Ref(),
	}
	l.VirtualWhy = virtualWhy(of.Device, c.Machine)
	if of.Of.Virtual {
		l.VirtualWhy = append(l.VirtualWhy, "the certificate is marked VIRTUAL")
	}
	l.Virtual = len(l.VirtualWhy) > 0
	seen(&l, t)
	l.Limits = limits(l, t)
	return l, nil
}

// seen collects what was read from the lines. It judges nothing.
func seen(l *record.Look, t *record.Transcript) {
	m := &record.Sample{}
	for _, x := range t.Lines {
		switch e := x.Event; {
		case e.SeedCommit != nil:
			m.Commitment = e.SeedCommit.Commitment
		case e.SeedReveal != nil:
			m.Seed = e.SeedReveal.Seed
		case e.CheckBegin != nil:
			l.Verification = &record.Verification{Method: e.CheckBegin.Method, Pass: e.CheckBegin.Pass, Direct: e.CheckBegin.Direct}
			m.Planned = e.CheckBegin.Places
		case e.CheckEnd != nil && l.Verification != nil:
			v := l.Verification
			v.Compared, v.MismatchBytes = e.CheckEnd.Compared, e.CheckEnd.MismatchBytes
			v.Mismatches, v.Unreadable = e.CheckEnd.Mismatches, e.CheckEnd.Unreadable
			m.Places = e.CheckEnd.Places
		case e.Closing != nil:
			l.After = e.Closing
		}
	}
	if l.Verification == nil || l.Check == record.CheckFull {
		return
	}
	m.Coverage = judge.Coverage(l.Verification.Compared, l.Of.Size)
	if l.Finding.Sight == record.SightHolds {
		m.Bound = sample.Bound(m.Places)
	}
	l.Verification.Sample = m
}

// limits is what a second look does not show: never nil.
func limits(l record.Look, t *record.Transcript) []string {
	out := sentences{}
	out.add("The tool is of the same family as the one that erased: NIST SP 800-88r1 §4.7 would have another person verify with another tool. The commands below are one.")
	out.add("It says what the drive holds now. It earns no method, raises none, and makes no certificate of a notice.")
	if l.Verification != nil && l.Verification.Sample != nil {
		out.add("What lies between the places of the sample was not looked at.")
	}
	if l.Of.Pass.What.Pattern != record.PatternStream {
		out.add("The last pass wrote one fixed byte: reading it cannot tell stored data from blocks that the drive left out, compressed or was since told to discard.")
	}
	out.stalled(t)
	if l.Context.Clock.Quality != "synchronised" {
		out.add("Wall times come from an unauthenticated clock (%s); durations are monotonic.", l.Context.Clock.Source)
	}
	return out
}

// SecondLook derives the record of a second look and signs its paper, whatever the
// look has found.
func (i Issuer) SecondLook(t *record.Transcript, c record.Context) (Paper, error) {
	l, err := BuildLook(t, c)
	if err != nil {
		return Paper{}, err
	}
	b, err := record.Marshal(l)
	if err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", l.ID, err)
	}
	env, err := sign.SignDSSE(sign.PayloadLook, b, i.Signer)
	if err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", l.ID, err)
	}
	doc, err := pdf.Look(pdf.LookInput{Look: l, Envelope: env, Transcript: t.Bytes()})
	if err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", l.ID, err)
	}
	if doc, err = i.sign(doc, "Second look "+l.ID, c); err != nil {
		return Paper{}, fmt.Errorf("issue %s: %w", l.ID, err)
	}
	return Paper{ID: l.ID, Name: l.ID + ".pdf", PDF: doc, Look: l, RecordDigest: record.Digest(b)}, nil
}
