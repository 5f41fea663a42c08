package page

import (
	"fmt"
	"slices"

	"lethe/certs/record"
)

// sanitization is the method, the technique and what the passes did.
func sanitization(s *setter, r record.Record) {
	s.section("Sanitization")
	step := "no step down"
	if r.StepDown {
		step = "step down allowed"
	}
	s.row("Method", heavy, fmt.Sprintf("%s (asked: %s, %s)", capital(reached(r.Verdict.Method)), asked(r.Asked), step))
	if r.Verdict.Technique == "" {
		s.row("Technique", heavy, "none reached its end")
	} else {
		s.row("Technique", heavy, capital(technique(r.Verdict.Technique)))
	}
	s.field("Profile", join(r.Profile.ID, r.Profile.Title))
	if len(r.Acts) > 0 {
		rungs(s, r.Ladder)
	} else {
		ladder(s, r.Ladder)
	}
	if len(r.Acts) > 0 {
		acts(s, r.Acts)
	} else {
		passes(s, r.Passes)
	}
	verification(s, r)
	declaration(s, r.Crypto)
	after(s, r)
	authorisation(s, r)
	s.absent()
}

// ladder is the techniques in the order they were thought of, with reasons.
func ladder(s *setter, rungs []record.Rung) {
	const most = 8
	name := "Ladder"
	for i, g := range rungs {
		if i == most {
			s.row("", body, fmt.Sprintf("and %d more, in the record", len(rungs)-most))
			return
		}
		st, taken := body, "not taken"
		if g.Chosen {
			st, taken = heavy, "chosen"
		}
		s.row(name, st, fmt.Sprintf("%d. %s (%s), %s: %s", i+1, capital(technique(g.Technique)), reached(g.Method), taken, orNot(Printable(g.Reason))))
		name = ""
	}
	if len(rungs) == 0 {
		s.row(name, body, "")
	}
}

// rungs is the ladder of a drive's own commands, of which there are many: those above the
// chosen one with their reasons, since each of them is a step down, the others by name.
func rungs(s *setter, all []record.Rung) {
	at := slices.IndexFunc(all, func(g record.Rung) bool { return g.Chosen })
	if at < 0 {
		ladder(s, all)
		return
	}
	ladder(s, all[:at+1])
	var below []string
	for i, g := range all[at+1:] {
		below = append(below, fmt.Sprintf("%d. %s (%s)", at+2+i, capital(technique(g.Technique)), reached(g.Method)))
	}
	if len(below) > 0 {
		s.row("  not taken", body, list(below, 8)+": why, is in the record")
	}
}

func passes(s *setter, all []record.PassDone) {
	const most = 7
	if len(all) == 0 {
		s.row("Passes", body, "none")
	}
	for i, p := range all {
		if i == most {
			s.row("", body, fmt.Sprintf("and %d more passes, in the record", len(all)-most))
			return
		}
		flushed := "flushed"
		if !p.Flushed {
			flushed = "NOT flushed"
		}
		s.row(fmt.Sprintf("Pass %d of %d", p.Pass, len(all)), body,
			fmt.Sprintf("%s, %s written, %s", pattern(p.What), byteCount(p.Written), flushed))
		if len(p.Failed) > 0 {
			s.row("  failed writes", heavy, ranges(p.Failed))
		}
		for _, q := range p.Parts {
			part(s, q)
		}
		if p.Key != "" {
			s.row("  revealed key", code, Printable(p.Key))
			s.row("  and IV", code, Printable(p.IV))
		} else if p.Commitment != "" {
			s.row("  key", heavy, "committed, not revealed")
		}
	}
}

// part is what one run of a pass wrote that was resumed, and its key.
func part(s *setter, q record.PartDone) {
	s.row("  bytes", body, fmt.Sprintf("%s to %s", Commas(uint64(q.Range.First)), Commas(uint64(q.Range.End))))
	if q.Key != "" {
		s.row("  revealed key", code, Printable(q.Key))
		s.row("  and IV", code, Printable(q.IV))
	} else if q.Commitment != "" {
		s.row("  key", heavy, "committed, not revealed")
	}
}

// verification is the tool's own check. Validation is a person's, at the end.
func verification(s *setter, r record.Record) {
	v := r.Verification
	if v == nil {
		s.row("Verification", heavy, "none")
		return
	}
	if v.Method == record.CheckCanaries {
		looked(s, v)
		return
	}
	how := Printable(v.Method)
	switch {
	case v.Method == record.CheckFull:
		how = "full: every byte is read back and compared"
	case v.Sample != nil:
		how += ": drawn places, the first and the last sector are read back and compared"
	}
	s.row("Verification", body, how)
	observed(s, v, r.Device.Size)
}

// observed is what a reading of the drive, the first or a second, compared and found.
func observed(s *setter, v *record.Verification, of record.Size) {
	path := "past the page cache (O_DIRECT)"
	if !v.Direct {
		path = "through the page cache"
	}
	s.row("  compared", body, fmt.Sprintf("%s of %s, pass %d, %s", Commas(uint64(v.Compared)), byteCount(of), v.Pass, path))
	sampling(s, v.Sample)
	st := body
	if v.MismatchBytes > 0 || len(v.Mismatches) > 0 {
		st = heavy
	}
	s.row("  mismatches", st, mismatches(v))
	st = body
	if len(v.Unreadable) > 0 {
		st = heavy
	}
	s.row("  unreadable", st, ranges(v.Unreadable))
}

// sampling is which part of the drive was looked at, and what that shows.
func sampling(s *setter, m *record.Sample) {
	if m == nil {
		return
	}
	s.row("  places", body, fmt.Sprintf("%s of %s, %s of the drive compared", Commas(uint64(max(m.Places, 0))), Commas(uint64(max(m.Planned, 0))), percent(m.Coverage)))
	if m.Bound > 0 {
		s.row("  which shows", body, fmt.Sprintf("%s independent places, 0 misses: < %s of the drive differs, at 99.9 %%", Commas(uint64(max(m.Places, 0))), percent(m.Bound)))
	} else {
		s.row("  which shows", heavy, "nothing")
	}
	if m.Seed != "" {
		s.row("  their seed", code, Printable(m.Seed))
	} else {
		s.row("  their seed", heavy, "not revealed")
	}
}

// percent spells hundredths of a percent.
func percent(hundredths int64) string {
	return fmt.Sprintf("%d.%02d %%", hundredths/100, hundredths%100)
}

// after is whether the drive, read again at the end, is the one that was found.
func after(s *setter, r record.Record) {
	a, d := r.After, r.Device
	switch {
	case a == nil:
		s.row("Drive afterwards", body, "")
	case a.Identity == d.Identity && a.Size == d.Size:
		s.row("Drive afterwards", body, "identified again, the same")
	default:
		s.row("Drive afterwards", heavy, "NOT THE SAME: "+Printable(a.Identity.String())+", "+byteCount(a.Size))
	}
}

func mismatches(v *record.Verification) string {
	if v.MismatchBytes > total(v.Mismatches) {
		return byteCount(v.MismatchBytes) + "; listed: " + ranges(v.Mismatches)
	}
	return ranges(v.Mismatches)
}

// authorisation says who permitted the erase, and where the intent was kept.
func authorisation(s *setter, r record.Record) {
	switch o := r.Order; {
	case o != nil:
		s.row("Order", body, Printable(o.ID)+", "+orNot(Printable(o.Reason)))
		s.row("  approved by", body, Printable(list(o.Approved, 6)))
	case r.Confirmed != "":
		s.field("Permitted by", "a person at the machine, who typed "+r.Confirmed)
	default:
		s.row("Permitted by", body, "")
	}
	switch a := r.Audit; a.Kind {
	case "":
		s.row("Intent kept by", body, "")
	case record.AuditVolatile:
		s.row("Intent kept by", body, "nothing that outlives the machine (audit: volatile)")
	default:
		s.field("Intent kept by", join(a.Kind, a.Name))
	}
}

// verdict says why.
func verdict(s *setter, r record.Record) {
	s.section("Verdict: " + string(stateWord(r.Verdict.State)))
	reasons, left := r.Verdict.Reasons, 0
	if shown(r) {
		reasons, left = told(r)
	}
	s.items(reasons, 10)
	if left > 0 {
		s.bullet(fmt.Sprintf("and %s that the commands above say, in the record", plural(left, "reason")))
	}
	if len(r.Verdict.Reasons) == 0 {
		s.para(label, "no reasons stated")
	}
	s.para(label, "Derived by "+orNot(Printable(r.Verdict.Judge))+" from the attached transcript.")
}

func stateWord(v record.State) record.State {
	switch v {
	case record.Incomplete, record.Failed, record.Cleared, record.Purged:
		return v
	}
	return record.Unknown
}

// residual is what is not covered (law 5: honest about the rest).
func residual(s *setter, r record.Record) {
	s.section("Residual risk and limits")
	if len(r.Residual) == 0 {
		s.para(label, "not stated")
	}
	s.items(r.Residual, 10)
}

// references are the controls the record serves.
func references(s *setter, r record.Record) {
	all := r.References
	const most = 12
	s.section("Serves as evidence for")
	if len(all) == 0 {
		s.para(label, "not stated")
	}
	var out []string
	for _, r := range all {
		out = append(out, fmt.Sprintf("%s %s %s", r.Standard, r.Clause, r.Title))
	}
	s.items(out, most)
}
