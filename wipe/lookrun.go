package wipe

import (
	"context"
	"fmt"

	"lethe/certs/record"
)

// LookSpawner starts the process of a second look.
type LookSpawner interface {
	StartLook(ctx context.Context, s LookSpec) (Worker, error)
}

// Look carries out a second look and returns its transcript, which has an end
// whatever happens. Of the engine it uses clock, journal, observer and teller. Two
// processes take part: one that reads, and, when that has ended, one that asks the
// drive once more who it is.
func (e *Engine) Look(ctx context.Context, s LookSpec, spawn LookSpawner, p Patience) *record.Transcript {
	p = p.orDefault()
	k := e.keeper(Spec{Task: record.Task{ID: s.Look.ID, Device: s.Look.Device}})
	defer e.running.begin(k)()
	if err := k.keep(record.Event{Looking: &s.Look}); err != nil {
		k.stop(record.StopRefused, err)
		return k.transcript
	}
	for _, s.After = range []bool{false, true} {
		w, err := spawn.StartLook(ctx, s)
		if err != nil {
			k.stop(stopReason(ctx), fmt.Errorf("start reader: %w", err))
			return k.transcript
		}
		lost := e.attend(ctx, k, w, p)
		if k.isClosed() {
			return k.transcript
		}
		if lost != nil || s.After || !compared(k.transcript) {
			k.close(ctx, lost)
			return k.transcript
		}
	}
	return k.transcript
}

// compared reports that a reading has come to its end.
func compared(t *record.Transcript) bool {
	for _, l := range t.Lines {
		if l.Event.CheckEnd != nil {
			return true
		}
	}
	return false
}

func stopReason(ctx context.Context) string {
	if ctx.Err() != nil {
		return record.StopSignal
	}
	return record.StopError
}
