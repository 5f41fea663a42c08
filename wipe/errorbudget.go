package wipe

import (
	"time"

	"lethe/wipe/overwrite/traverse"
)

// ErrorBudget is what the errors of a drive may cost in one traversal of it, a pass
// or the read-back. Beyond, the task ends: Failed, by what could not be written or
// read so far, with the sectors that were not reached.
type ErrorBudget struct {
	Sectors int64         `json:"sectors"` // that may fail; DefaultErrorBudget.Sectors when zero
	Time    time.Duration `json:"time"`    // failing and looking for what fails, in nanoseconds; DefaultErrorBudget.Time when zero
}

// DefaultErrorBudget is that of package overwrite.
var DefaultErrorBudget = ErrorBudget{Sectors: traverse.DefaultMaxErrors, Time: traverse.DefaultErrorTime}

func (b ErrorBudget) orDefault() ErrorBudget {
	if b.Sectors <= 0 {
		b.Sectors = DefaultErrorBudget.Sectors
	}
	if b.Time <= 0 {
		b.Time = DefaultErrorBudget.Time
	}
	return b
}

// options are those of one traversal.
func (w *work) options(t *traversal) traverse.Options {
	b := w.spec.Errors.orDefault()
	return traverse.Options{MaxErrors: int(b.Sectors), ErrorTime: b.Time, Lanes: w.lanes, Rested: w.rested, Progress: t.progress, Stretch: t.stretch}
}
