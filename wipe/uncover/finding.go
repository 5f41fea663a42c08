package uncover

import (
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/inventory/ata"
)

// Outcome is what became of one kind of hidden area.
type Outcome string

// The outcomes.
const (
	None       Outcome = "none"              // the drive has no such thing, or nothing is hidden by it
	Removed    Outcome = "removed"           // and IDENTIFY DEVICE shows it
	PowerCycle Outcome = "needs power cycle" // the drive takes the command once in a power cycle
	Denied     Outcome = "access denied"     // a password or a lock guards it, or the drive is locked
	Frozen     Outcome = "frozen"            // its commands are locked until a power cycle without this firmware
	Blocked    Outcome = "blocked"           // an overlay under an HPA that is still there
	Ignored    Outcome = "ignored"           // the drive took the command and nothing changed
	Unreadable Outcome = "unreadable"        // the drive does not say whether anything is hidden
)

// The kinds, as the record names them.
const (
	HPA  = "HPA"
	AMAX = "AMAX"
	DCO  = "DCO"
)

// Finding is one kind of hidden area.
type Finding struct {
	Kind    string
	Outcome Outcome
	Hidden  uint64 // sectors that were hidden when it was found; 0 none, or not known
	Masks   string // a feature set that the overlay masked
	Err     error  // of the drive, where it refused or could not be asked
}

// open reports whether data may still lie there.
func (f Finding) open() bool { return f.Outcome != None && f.Outcome != Removed }

// Area is the finding as a record has it.
func (f Finding) Area(sector int64) record.HiddenArea {
	h := record.HiddenArea{Kind: f.Kind, Bytes: record.Size(f.Hidden * uint64(sector))}
	switch f.Outcome {
	case None:
		h.State = "none"
	case Removed:
		h.State, h.Bytes = "removed", 0
	case Unreadable:
		h.State = "not readable: " + f.words()
	default:
		h.State = "present: " + f.words()
	}
	return h
}

func (f Finding) words() string {
	if f.Err == nil {
		return string(f.Outcome)
	}
	return string(f.Outcome) + ": " + f.Err.Error()
}

// Result is what Run found and left.
type Result struct {
	Before, After ata.Identify
	Findings      []Finding // HPA, AMAX, DCO
}

// Changed reports whether capacity or feature sets are others than before.
func (r Result) Changed() bool { return r.Before.Word != r.After.Word }

// HiddenError says that data may still lie where no host reaches.
type HiddenError struct{ Findings []Finding }

func (e *HiddenError) Error() string {
	var s []string
	for _, f := range e.Findings {
		s = append(s, fmt.Sprintf("%s %s", f.Kind, f.words()))
	}
	return "hidden areas are left: " + strings.Join(s, "; ")
}

// Needs reports whether any of what is left has this outcome.
func (e *HiddenError) Needs(o Outcome) bool {
	for _, f := range e.Findings {
		if f.Outcome == o {
			return true
		}
	}
	return false
}

// Clear is nil when nothing is hidden any more, else a *HiddenError.
func (r Result) Clear() error {
	var left []Finding
	for _, f := range r.Findings {
		if f.open() {
			left = append(left, f)
		}
	}
	if left == nil {
		return nil
	}
	return &HiddenError{left}
}
