package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"lethe/certs/issue"
	"lethe/certs/record"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
)

// verdict: the whole record, built again from transcript and context under the
// profile this program has, is the record that was signed. Law 1: derived, not
// asserted.
func verdict(r *run) (string, error) {
	rec := *r.report.Record
	p, err := pinned(rec.Profile)
	if err != nil {
		return "", err
	}
	if rec.Verdict.Judge != judge.Version {
		return "", fmt.Errorf("judged by rules %q, this version has %q", rec.Verdict.Judge, judge.Version)
	}
	again, err := issue.Build(r.journal, rec.Context, rec.ID, p, r.opts.Quirks)
	if err != nil {
		return "", err
	}
	b, err := record.Marshal(again)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(b, r.payload) {
		return "", disagreement(rec, again, r.payload, b)
	}
	v := again.Verdict
	return fmt.Sprintf("judged again from the transcript: %s (method %s, asked %s), and the record built again is the same",
		v.State, method(v.Method), method(rec.Asked)), nil
}

func method(m record.Method) string {
	if m == record.MethodNone {
		return "none"
	}
	return string(m)
}

// pinned is the built-in profile with the digest the record pins.
func pinned(ref record.ProfileRef) (profile.Profile, error) {
	for _, id := range profile.IDs() {
		p, err := profile.ByID(id)
		if err != nil {
			return profile.Profile{}, err
		}
		if p.Digest() == ref.Digest && p.Ref() == ref {
			return p, nil
		}
	}
	return profile.Profile{}, fmt.Errorf("profile %s with digest %s is not one this version has", ref.ID, ref.Digest)
}

// disagreement says in what the signed record differs from the derived one.
func disagreement(said, shown record.Record, saidJSON, shownJSON []byte) error {
	if said.Verdict.State != shown.Verdict.State || said.Verdict.Method != shown.Verdict.Method {
		return fmt.Errorf("the record says %s (method %s), the transcript shows %s (method %s): %s",
			said.Verdict.State, method(said.Verdict.Method), shown.Verdict.State, method(shown.Verdict.Method),
			list(shown.Verdict.Reasons))
	}
	return fmt.Errorf("the record is not what the transcript shows; they differ in: %s", list(differing(saidJSON, shownJSON)))
}

// differing are the members in which two JSON objects differ, sorted.
func differing(a, b []byte) (names []string) {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return nil
	}
	for k, v := range x {
		if !bytes.Equal(v, y[k]) {
			names = append(names, k)
		}
	}
	for k := range y {
		if _, ok := x[k]; !ok {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	return names
}
