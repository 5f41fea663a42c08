package issue

import (
	"lethe/certs/record"
	"lethe/wipe/judge"
	"lethe/wipe/verify/canary"
)

// acts tells of the drive's own commands: what was asked of the drive around each, and
// what became of its canaries. Like gather it judges nothing.
func acts(r *record.Record, t *record.Transcript) {
	task := t.Lines[0].Event.Task
	r.Crypto = task.Crypto
	var done []actDone
	at := func(act record.Act) *actDone {
		// One act may come twice only where it has been looked at in between.
		if n := len(done); n > 0 && done[n-1].Act == act && done[n-1].looked == nil {
			return &done[n-1]
		}
		done = append(done, actDone{ActDone: record.ActDone{Act: act, Technique: act.Technique()}})
		return &done[len(done)-1]
	}
	var before int64
	for _, l := range t.Lines {
		switch e := l.Event; {
		case e.Exchanged != nil:
			at(e.Exchanged.Act).exchanged(e.Exchanged, before, l.Mono)
		case e.Planted != nil:
			at(e.Planted.Act).planted = e.Planted
		case e.Looked != nil:
			at(e.Looked.Act).looked = e.Looked
		}
		before = l.Mono
	}
	for i := range done {
		r.Acts = append(r.Acts, done[i].end(r, before))
	}
	canaries(r, t, done)
}

// actDone follows one act.
type actDone struct {
	record.ActDone
	given   bool
	began   int64 // mono of the line before the command
	ended   int64 // mono of the first line after it had ended
	planted *record.Planted
	looked  *record.Looked
}

func (a *actDone) exchanged(x *record.Exchanged, before, mono int64) {
	words, command := judge.Said(a.Act, x.Exchange)
	switch x.Step {
	case record.StepReady, record.StepStart:
		if words != "" && !a.given {
			a.Before = words
		}
		if command && x.Step == record.StepStart && !a.given {
			a.given, a.began, a.Status = true, before, x.Exchange.Status
		}
	case record.StepAfter:
		if a.ended == 0 {
			a.ended = mono
		}
		if words != "" {
			a.After = words
		}
	}
}

// end closes an act; last is the mono of the last line.
func (a *actDone) end(r *record.Record, last int64) record.ActDone {
	d := a.ActDone
	if a.given {
		if a.ended == 0 {
			a.ended = last
		}
		d.Nanos = max(a.ended-a.began, 0)
	}
	p, l := a.planted, a.looked
	if p == nil {
		return d
	}
	c := &record.CanariesDone{Places: p.Places, Present: p.Present}
	if l != nil {
		c.Looked, c.Found, c.Zeros, c.Ones = l.Places, l.Present, l.Zeros, l.Ones
		if shows(r.Verdict) {
			c.Bound = canary.Bound(int64(min(r.Device.Size, 1<<62)), r.Device.LogicalSector, p.Present-2)
		}
	}
	d.Canaries = c
	return d
}

// shows reports whether the judge took what was seen for evidence.
func shows(v record.Verdict) bool { return v.State == record.Cleared || v.State == record.Purged }

// canaries is the verification of a task of the drive's own commands: what the last look
// found.
func canaries(r *record.Record, t *record.Transcript, done []actDone) {
	for i := range done {
		p, l := done[i].planted, done[i].looked
		if p == nil || l == nil {
			continue
		}
		sector := record.Size(max(r.Device.LogicalSector, 0))
		v := &record.Verification{Method: record.CheckCanaries, Direct: l.Direct,
			Compared: record.Size(max(l.Places, 0)) * sector, MismatchBytes: record.Size(max(l.Present, 0)) * sector,
			Mismatches: l.Found, Unreadable: l.Unreadable}
		v.Sample = &record.Sample{Planned: p.Places, Places: l.Places, Coverage: judge.Coverage(v.Compared, r.Device.Size),
			Bound: r.Acts[i].Canaries.Bound}
		v.Sample.Commitment, v.Sample.Seed = seeds(t)
		r.Verification = v
	}
}

// seeds are the digest of the seed from before the erase, and the seed.
func seeds(t *record.Transcript) (commitment, seed record.Hex) {
	for _, l := range t.Lines {
		switch e := l.Event; {
		case e.SeedCommit != nil:
			commitment = e.SeedCommit.Commitment
		case e.SeedReveal != nil:
			seed = e.SeedReveal.Seed
		}
	}
	return commitment, seed
}
