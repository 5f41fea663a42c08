package wipe

import (
	"context"
	"errors"
	"fmt"

	"lethe/certs/record"
)

// Unfinished is a task that was cut short, as its supervisor left it.
type Unfinished struct {
	// Transcript is what that supervisor has vouched for; it goes on.
	Transcript *record.Transcript
	Keys       []Key
	Detail     string // what is to be told where it goes on
}

// Task is the first line of the transcript.
func (u Unfinished) Task() record.Task { return *u.Transcript.Lines[0].Event.Task }

// errDied is the end of a worker that ended without a word: it was killed, or crashed.
type errDied struct{ err error }

func (e errDied) Error() string { return e.err.Error() }
func (e errDied) Unwrap() error { return e.err }

// errNoKeys says that nobody keeps keys.
var errNoKeys = errors.New("there is no place to keep keys in")

// keyDigits is how many a key, or a first counter block, has.
const keyDigits = 32

// keepKey has a key kept. Its error is for the worker to know: it vetoes nothing.
func (k *keeper) keepKey(key Key) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.engine.Keys == nil:
		return errNoKeys
	case k.closed, k.veto != nil, k.hung:
		return errClosed
	case len(key.Key) != keyDigits || len(key.IV) != keyDigits || key.commitment() == "":
		return errors.New("it is no key")
	}
	if k.said += len(key.Key) + len(key.IV); k.said > maxSaid {
		return errTalks
	}
	if err := k.patiently(func(ctx context.Context) error { return k.engine.Keys.Keep(ctx, k.task, key) }); err != nil {
		return fmt.Errorf("keep key: %w", err)
	}
	k.keys = append(k.keys, key)
	return nil
}

// goOn says that the task is resumed, and where.
func (k *keeper) goOn(p *Plan, reason, detail string) error {
	r, err := ResumeFrom(k.transcript, k.keys)
	if err != nil {
		return err
	}
	audit := p.audit
	if audit.Kind == "" {
		audit.Kind = record.AuditVolatile
	}
	k.spec.Resume = r
	return k.keep(record.Event{Resumed: &record.Resumed{Pass: r.Pass, From: r.From, Boot: p.boot,
		Reason: reason, Detail: detail, Audit: audit}})
}

// again lets a task go on whose worker died, if that one had come further than the one
// before: a drive on which every worker dies at once is given up.
func (e *Engine) again(ctx context.Context, k *keeper, p *Plan, lost error) error {
	var died errDied
	if e.Keys == nil || !errors.As(lost, &died) || ctx.Err() != nil || k.abort.isAsked() || k.vetoed() != nil {
		return errNotResumable
	}
	r, err := ResumeFrom(k.transcript, k.keys)
	if err != nil {
		return err
	}
	if was := k.spec.Resume; was != nil && was.Pass == r.Pass && was.From == r.From {
		return errNotResumable
	}
	k.pulse.beat(0, false)
	return k.goOn(p, record.ResumeWorker, "its worker ended: "+died.Error())
}
