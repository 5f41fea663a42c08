// Package issue turns a finished task into its papers: the record, derived from
// the transcript; the PDF that carries it; the signatures on both. It opens no
// device and knows no network.
package issue

import (
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
	"lethe/wipe/verify/sample"
)

// ErrNoTask says that a transcript has no first line to make a record of.
var ErrNoTask = errors.New("transcript does not begin with its task")

// ErrID says that a record would bear another name than the task it is made of:
// one erase must not have two papers.
var ErrID = errors.New("the transcript is of task")

// Build derives the record of a transcript. Everything but the context comes from
// the transcript, so that a checker that holds both derives the same record again;
// Build is a pure function of its arguments.
func Build(t *record.Transcript, c record.Context, id string, p profile.Profile, q judge.Quirks) (record.Record, error) {
	if t == nil || len(t.Lines) == 0 || t.Lines[0].Event.Task == nil {
		return record.Record{}, ErrNoTask
	}
	first, last := t.Lines[0], t.Lines[len(t.Lines)-1]
	task := first.Event.Task
	if id != task.ID {
		return record.Record{}, fmt.Errorf("build record %q: %w %q", id, ErrID, task.ID)
	}
	v := judge.Judge(t, p, q)
	r := record.Record{
		Format: record.RecordFormat, ID: id, Kind: kind(v), Context: c,
		Device: task.Device, Asked: task.Asked, StepDown: task.StepDown,
		Profile: task.Profile, Ladder: task.Ladder, Order: task.Order,
		Confirmed: task.Confirmed, Audit: task.Audit,
		Start: first.Wall, End: last.Wall, Nanos: elapsed(t),
		Verdict: v, References: references(), Transcript: t.Ref(),
	}
	r.VirtualWhy = virtualWhy(task.Device, c.Machine)
	r.Virtual = len(r.VirtualWhy) > 0
	gather(&r, t)
	sampled(&r, t)
	acts(&r, t)
	r.Residual = residual(r, t)
	return r, nil
}

// virtualWhy gives every reason to mark the record VIRTUAL (law 10), none for a
// physical drive in a physical machine. A claim without a reason gets one.
func virtualWhy(d record.Device, m record.Machine) (why []string) {
	why = append(why, d.VirtualWhy...)
	switch {
	case len(d.VirtualWhy) > 0:
	case d.Virtual:
		why = append(why, "the drive is emulated or virtual")
	case d.Medium == record.MediumVirtual:
		why = append(why, "the drive has no physical medium of its own")
	case d.Transport == "loop" || d.Transport == "file" || d.Transport == "virtio":
		why = append(why, "the drive's transport is "+d.Transport)
	}
	why = append(why, m.VirtualWhy...)
	if m.Virtual && len(m.VirtualWhy) == 0 {
		why = append(why, "the machine is virtual")
	}
	return why
}

// kind is a certificate only where the asked method was reached.
func kind(v record.Verdict) string {
	if v.Reached && (v.State == record.Cleared || v.State == record.Purged) {
		return record.KindCertificate
	}
	return record.KindNotice
}

// gather collects passes, read-back and the closing state from the lines. It
// judges nothing: lines that do not fit are left out, and the verdict says so.
func gather(r *record.Record, t *record.Transcript) {
	r.Passes = []record.PassDone{}
	ran := map[int64]*parts{}
	part := func(n int64) *parts {
		if ran[n] == nil {
			ran[n] = &parts{}
		}
		return ran[n]
	}
	at := func(n int64) *record.PassDone {
		for i := range r.Passes {
			if r.Passes[i].Pass == n {
				return &r.Passes[i]
			}
		}
		r.Passes = append(r.Passes, record.PassDone{Pass: n})
		return &r.Passes[len(r.Passes)-1]
	}
	for _, l := range t.Lines {
		switch e := l.Event; {
		case e.Commit != nil:
			at(e.Commit.Pass).Commitment = e.Commit.Commitment
			part(e.Commit.Pass).commit = e.Commit.Commitment
		case e.PassBegin != nil:
			d := at(e.PassBegin.Pass)
			d.What, d.Written = e.PassBegin.What, e.PassBegin.Range.First
			part(e.PassBegin.Pass).begin(e.PassBegin.Range)
		case e.PassEnd != nil:
			d := at(e.PassEnd.Pass)
			d.Written += e.PassEnd.Written
			d.Failed, d.Flushed = e.PassEnd.Failed, e.PassEnd.Flushed
		case e.Reveal != nil:
			d := at(e.Reveal.Pass)
			d.Key, d.IV = e.Reveal.Key, e.Reveal.IV
			part(e.Reveal.Pass).reveal(e.Reveal)
		case e.CheckBegin != nil:
			r.Verification = &record.Verification{
				Method: e.CheckBegin.Method, Pass: e.CheckBegin.Pass, Direct: e.CheckBegin.Direct}
		case e.CheckEnd != nil && r.Verification != nil:
			v := r.Verification
			v.Compared, v.MismatchBytes = e.CheckEnd.Compared, e.CheckEnd.MismatchBytes
			v.Mismatches, v.Unreadable = e.CheckEnd.Mismatches, e.CheckEnd.Unreadable
		case e.Closing != nil:
			r.After = e.Closing
		}
	}
	for i := range r.Passes {
		part(r.Passes[i].Pass).into(&r.Passes[i])
	}
}

// sampled says which part of the drive a read-back looked at that was not of every
// byte. What it shows is said only where the judge took it for evidence.
func sampled(r *record.Record, t *record.Transcript) {
	v := r.Verification
	if v == nil || v.Method == record.CheckFull {
		return
	}
	s := &record.Sample{Coverage: judge.Coverage(v.Compared, r.Device.Size)}
	s.Commitment, s.Seed = seeds(t)
	for _, l := range t.Lines {
		switch e := l.Event; {
		case e.CheckBegin != nil:
			s.Planned, s.Places = e.CheckBegin.Places, 0
		case e.CheckEnd != nil:
			s.Places = e.CheckEnd.Places
		}
	}
	if shows(r.Verdict) {
		s.Bound = sample.Bound(s.Places)
	}
	v.Sample = s
}

// references are the controls a record serves, with both numberings.
func references() []record.Reference {
	return []record.Reference{
		{Standard: "NIST SP 800-88r1", Clause: "§4.8", Title: "Certificate of sanitization: minimum content"},
		{Standard: "NIST SP 800-88r2", Clause: "§4.6", Title: "Certificate of sanitization"},
		{Standard: "ISO/IEC 27017:2015", Clause: "11.2.7", Title: "Secure disposal or reuse of equipment (ISO/IEC 27002:2022 7.14, 7.10, 8.10)"},
		{Standard: "ISO/IEC 27017:2015", Clause: "CLD.8.1.5", Title: "Removal of cloud service customer assets (ISO/IEC 27002:2022 5.11, 8.10)"},
	}
}
