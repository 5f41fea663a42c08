package page

import (
	"strings"
	"testing"

	"lethe/certs/record"
)

// acted is a record of one command, as it should be.
func acted() record.Record {
	return record.Record{Kind: record.KindCertificate, Device: record.Device{Identity: record.Identity{Serial: "S1"}},
		Verdict: record.Verdict{State: record.Purged, Method: record.MethodPurge, Technique: record.BlockErase, Reached: true, Reasons: []string{
			"identified", "nvme-sanitize-block: accepted, seen at work", "nvme-sanitize-block: it cannot state",
			"nvme-sanitize-block: 9 canaries were written, flushed and read back before it; none was found after it"}},
		Acts: []record.ActDone{{Act: record.NVMeSanitizeBlock, Technique: record.BlockErase, Status: "ok", Before: "b", After: "a",
			Canaries: &record.CanariesDone{Places: 9, Present: 9, Looked: 9}}},
		Verification: &record.Verification{Method: record.CheckCanaries, Direct: true, Sample: &record.Sample{Planned: 9, Places: 9, Bound: 10}}}
}

func words(t *testing.T, r record.Record) string {
	t.Helper()
	s, err := Certificate(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(strings.Join(s.Text(), " ")), " ")
}

// The sentence at a glance says that no canary was found only of a record that shows it,
// and such a page says the rest once.
//
// mutant: acts.go: || !v.Direct || => ||
// mutant: acts.go: v.MismatchBytes > 0 || len(v.Mismatches)+len(v.Unreadable) > 0 || => len(v.Unreadable) > 0 ||
// mutant: acts.go: if a.Status != "ok" || c == nil || c.Present < 1 || => if c == nil ||
// mutant: acts.go: c.Found != 0 || c.Looked < c.Present { => c.Looked < c.Present {
// mutant: acts.go: c.Found != 0 || c.Looked < c.Present { => c.Found != 0 {
// mutant: acts.go: return r.Acts[len(r.Acts)-1].Technique == r.Verdict.Technique => return true
func TestActsAtAGlance(t *testing.T) {
	const none = "none was found"
	good := words(t, acted())
	for _, w := range []string{"This drive was purged by its own block erase; of 9 canaries none was found.",
		"NVMe Sanitize, block erase, accepted", "9 of 9 present before, 0 of 9 after", "< 0.10 % still holds", "it cannot state", "and 2 reasons that the commands above say"} {
		if !strings.Contains(good, w) {
			t.Errorf("%q is not in %q", w, good)
		}
	}
	for name, c := range map[string]struct {
		change func(r *record.Record)
		want   string
	}{
		"through the cache":  {func(r *record.Record) { r.Verification.Direct = false }, "through the page cache"},
		"bytes left":         {func(r *record.Record) { r.Verification.MismatchBytes, r.Verification.Sample.Bound = 512, 0 }, "is still there, in 512 bytes"},
		"unreadable":         {func(r *record.Record) { r.Verification.Unreadable = []record.Range{{End: 512}} }, "unreadable 512 bytes"},
		"refused":            {func(r *record.Record) { r.Acts[0].Status = "aborted" }, "NOT ACCEPTED: aborted"},
		"no answer":          {func(r *record.Record) { r.Acts[0].Status = "" }, "NO ANSWER"},
		"no canaries":        {func(r *record.Record) { r.Acts[0].Canaries = nil }, "none were written"},
		"none present":       {func(r *record.Record) { r.Acts[0].Canaries.Present = 0 }, "0 of 9 present"},
		"one found":          {func(r *record.Record) { r.Acts[0].Canaries.Found = 1 }, "1 of 9 FOUND"},
		"not all looked for": {func(r *record.Record) { r.Acts[0].Canaries.Looked = 8 }, "0 of 8 after"},
		"not looked for":     {func(r *record.Record) { r.Acts[0].Canaries.Looked = 0 }, "NOT LOOKED FOR"},
		"another technique":  {func(r *record.Record) { r.Verdict.Technique = record.FormatNVM }, "purged by NVMe format. What that rests on"},
		"no verification":    {func(r *record.Record) { r.Verification = nil }, "Verification none"},
		"no seed":            {func(r *record.Record) {}, "not revealed"},
		"another act":        {func(r *record.Record) { r.Acts[0].Act = "<b>" }, "<b>"},
	} {
		r := acted()
		c.change(&r)
		got := words(t, r)
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %q is not in %q", name, c.want, got)
		}
		glance, _, _ := strings.Cut(got, " Drive ")
		if strings.Contains(glance, none) && name != "no seed" && name != "another act" {
			t.Errorf("%s: the page says %q at a glance", name, none)
		}
	}
}

// What is above the chosen technique is a step down and keeps its reason (law 3).
//
// mutant: proof.go: ladder(s, all[:at+1]) => ladder(s, all[at:at+1])
func TestActsLadder(t *testing.T) {
	r := acted()
	r.Ladder = []record.Rung{{Technique: record.CryptoErase, Method: record.MethodPurge, Reason: "nobody vouches"},
		{Technique: record.BlockErase, Method: record.MethodPurge, Chosen: true, Reason: "here"}, {Technique: record.Overwrite, Method: record.MethodClear, Reason: "weaker"}}
	got := words(t, r)
	for _, w := range []string{"1. Cryptographic erase (Purge), not taken: nobody vouches", "2. Block erase (Purge), chosen: here", "3. Overwrite (Clear): why, is in the record"} {
		if !strings.Contains(got, w) {
			t.Errorf("%q is not in %q", w, got)
		}
	}
	r.Ladder[1].Chosen = false
	if got := words(t, r); !strings.Contains(got, "3. Overwrite (Clear), not taken: weaker") {
		t.Errorf("without a choice: %q", got)
	}
}

// mutant: balance.go: if m := max(ya, yb); at < 0 || m < best { => if m := ya; at < 0 || m < best {
func TestBalance(t *testing.T) {
	in := balance(10, 0, []float64{5, 20, 10, 5})
	a, b := 10.0, 0.0
	for i, h := range []float64{5, 20, 10, 5} {
		if in[i] {
			b += h
		} else {
			a += h
		}
	}
	if max(a, b) != 25 {
		t.Errorf("%v: %v and %v", in, a, b)
	}
}
