package profile

import (
	"errors"
	"fmt"

	"lethe/certs/record"
)

// ErrInvalid says that a profile is ambiguous or claims more than any standard grants.
var ErrInvalid = errors.New("invalid profile")

// Validate refuses a profile that is ambiguous, that the judge could not follow
// or that claims more than the ceiling. The error wraps ErrInvalid.
func (p Profile) Validate() error {
	switch {
	case p.ID == "" || p.Title == "":
		return p.bad("no id or no title")
	case p.Verification != record.CheckFull && p.Verification != record.CheckSampled:
		return p.bad("verification %q, want %s or %s", p.Verification, record.CheckFull, record.CheckSampled)
	}
	type cell struct {
		medium    record.Medium
		technique record.Technique
	}
	seen := map[cell]bool{}
	for _, r := range p.Rules {
		c := cell{r.Medium, r.Technique}
		switch {
		case seen[c]:
			return p.bad("two rules for %s on %s media", r.Technique, r.Medium)
		case r.Source == "":
			return p.bad("%s on %s media has no source", r.Technique, r.Medium)
		case r.Method.Rank() < record.MethodClear.Rank():
			return p.bad("%s on %s media earns %q, which is no method", r.Technique, r.Medium, r.Method)
		case r.Method.Rank() > ceiling(r.Medium, r.Technique).Rank():
			return p.bad("%s on %s media cannot earn %s", r.Technique, r.Medium, r.Method)
		}
		seen[c] = true
	}
	return p.validatePasses()
}

func (p Profile) validatePasses() error {
	seen := map[record.Medium]bool{}
	for _, m := range p.Passes {
		if seen[m.Medium] || len(m.Passes) == 0 || m.Source == "" {
			return p.bad("passes of %s media: given twice, none, or without a source", m.Medium)
		}
		seen[m.Medium] = true
		for _, w := range m.Passes {
			if w != (record.Pass{}) && !Writable(w) {
				return p.bad("passes of %s media: no such pattern: %q, byte %d", m.Medium, w.Pattern, w.Byte)
			}
		}
	}
	for _, r := range p.Rules {
		if r.Technique == record.Overwrite && !seen[r.Medium] {
			return p.bad("no passes for an overwrite of %s media", r.Medium)
		}
	}
	return nil
}

func (p Profile) bad(f string, a ...any) error {
	return fmt.Errorf("%w %q: %s", ErrInvalid, p.ID, fmt.Sprintf(f, a...))
}

// Writable reports whether a pass says completely which bytes it writes.
func Writable(w record.Pass) bool {
	switch w.Pattern {
	case record.PatternZero, record.PatternStream:
		return w.Byte == 0
	case record.PatternByte:
		return w.Byte >= 0 && w.Byte <= 255
	}
	return false
}

// ceiling is the most that any profile may grant. It is code, not data, so that
// a slip in a profile cannot make a certificate claim what no standard does.
func ceiling(m record.Medium, t record.Technique) record.Method {
	switch m {
	case record.MediumMagnetic, record.MediumFlash, record.MediumCard:
	case record.MediumVirtual:
		return record.MethodClear // its blocks are not the medium's own
	default:
		return record.MethodNone
	}
	switch t {
	case record.Overwrite, record.FormatUnit, record.SecurityErase:
		return record.MethodClear // a host's write reaches no reallocated or spare block
	case record.SecurityEraseEnhanced:
		if m == record.MediumMagnetic {
			return record.MethodPurge // enhanced mode, NIST SP 800-88r1 Table A-5
		}
		return record.MethodClear
	case record.BlockErase, record.CryptoErase, record.SanitizeOverwrite, record.FormatNVM, record.Revert:
		return record.MethodPurge
	}
	return record.MethodNone // and never Destroy: that is a hammer's to earn
}
