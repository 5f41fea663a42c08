// Package profile holds, as data, which technique earns which method on which
// medium, how many passes a medium needs and how the result is verified. It is
// a pure leaf that the planner, the judge and the auditor's checker share.
package profile

import (
	"embed"
	"errors"
	"fmt"
	"sort"
	"strings"

	"lethe/certs/record"
)

//go:embed data/*.json
var files embed.FS

// ErrUnknown says that no profile has the identifier asked for.
var ErrUnknown = errors.New("unknown profile")

// Default is the identifier of the profile used where none is named.
const Default = "nist-800-88r2"

// Profile is one reading of one standard.
type Profile struct {
	ID           string         `json:"id"`
	Title        string         `json:"title"`
	Note         string         `json:"note"`
	Rules        []Rule         `json:"rules"`
	Passes       []MediumPasses `json:"passes"`
	Verification string         `json:"verification"` // the least that will do: record.CheckFull or CheckSampled
}

// Rule says what a technique earns on a medium, and who says so.
type Rule struct {
	Medium    record.Medium    `json:"medium"`
	Technique record.Technique `json:"technique"`
	Method    record.Method    `json:"method"`
	Source    string           `json:"source"`
}

// MediumPasses are the overwrite passes a medium needs at least. An empty
// pattern means any one that the plan chooses.
type MediumPasses struct {
	Medium record.Medium `json:"medium"`
	Passes []record.Pass `json:"passes"`
	Source string        `json:"source"`
}

// ByID returns a built-in profile. The error wraps ErrUnknown and names those there are.
func ByID(id string) (Profile, error) {
	b, err := files.ReadFile("data/" + id + ".json")
	if err != nil || strings.ContainsAny(id, "/\\") {
		return Profile{}, fmt.Errorf("%w %q (there are: %s)", ErrUnknown, id, strings.Join(IDs(), ", "))
	}
	return Parse(b)
}

// Parse reads a profile, in any spelling of its JSON, and validates it.
func Parse(b []byte) (Profile, error) {
	c, err := record.Canonical(b)
	if err != nil {
		return Profile{}, fmt.Errorf("read profile: %w", err)
	}
	var p Profile
	if err := record.Unmarshal(c, &p); err != nil {
		return Profile{}, fmt.Errorf("read profile: %w", err)
	}
	if err := p.Validate(); err != nil {
		return Profile{}, err
	}
	return p, nil
}

// IDs are the identifiers of the built-in profiles, sorted.
func IDs() []string {
	es, err := files.ReadDir("data")
	if err != nil {
		panic("internal error: embedded profiles: " + err.Error())
	}
	var ids []string
	for _, e := range es {
		ids = append(ids, strings.TrimSuffix(e.Name(), ".json"))
	}
	sort.Strings(ids)
	return ids
}

// Digest is the SHA-256 of the profile's canonical form. It is made of what the
// profile says now: a changed copy is another profile.
func (p Profile) Digest() record.Hex {
	b, err := record.Marshal(p)
	if err != nil {
		return "" // a pass byte beyond 2^53: no profile that Validate lets through
	}
	return record.Digest(b)
}

// Ref is how a transcript names the profile.
func (p Profile) Ref() record.ProfileRef {
	return record.ProfileRef{ID: p.ID, Title: p.Title, Digest: p.Digest()}
}

// Earns returns the method a technique reaches on a medium and the source of the
// rule. No rule earns nothing: ok is false.
func (p Profile) Earns(m record.Medium, t record.Technique) (method record.Method, source string, ok bool) {
	for _, r := range p.Rules {
		if r.Medium == m && r.Technique == t {
			return r.Method, r.Source, true
		}
	}
	return record.MethodNone, "", false
}

// PassesFor returns the least passes of an overwrite on a medium, ok false
// where the profile knows no overwrite for it.
func (p Profile) PassesFor(m record.Medium) (passes []record.Pass, ok bool) {
	for _, r := range p.Passes {
		if r.Medium == m {
			return r.Passes, true
		}
	}
	return nil, false
}

// Short says why planned passes are fewer or other than the profile asks of a
// medium, "" when they satisfy it.
func (p Profile) Short(m record.Medium, planned []record.Pass) string {
	need, ok := p.PassesFor(m)
	switch {
	case !ok:
		return fmt.Sprintf("profile %s knows no overwrite of %s media", p.ID, m)
	case len(planned) < len(need):
		return fmt.Sprintf("%d passes were planned, profile %s asks %d on %s media", len(planned), p.ID, len(need), m)
	}
	for i, n := range need {
		if n.Pattern != "" && n != planned[i] {
			return fmt.Sprintf("pass %d is not the one profile %s asks on %s media", i+1, p.ID, m)
		}
	}
	return ""
}

// Lax says why a verification is less than the profile demands, "" when it will do.
func (p Profile) Lax(check string) string {
	share, known := record.CheckShare(check)
	least, _ := record.CheckShare(p.Verification)
	switch {
	case !known:
		return fmt.Sprintf("verification %q is none that is known", check)
	case share < least:
		return fmt.Sprintf("verification %q is less than profile %s demands: %s", check, p.ID, p.Verification)
	}
	return ""
}
