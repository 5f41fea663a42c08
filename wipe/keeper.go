package wipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"lethe/certs/record"
)

// maxSaid bounds what one worker may put on record, in bytes. A long task with a
// thousand bad sectors says less than a tenth of it.
const maxSaid = 4 << 20

var (
	errClosed     = errors.New("the task has ended")
	errTalks      = fmt.Errorf("the worker said more than %d bytes", maxSaid)
	errNotWorkers = errors.New("the worker spoke in the supervisor's place")
)

// keeper writes one task's transcript. After its last line it takes no more,
// whoever speaks: a worker that was left behind cannot add to a closed record.
type keeper struct {
	engine     *Engine
	task       string
	spec       Spec
	pulse      *pulse
	transcript *record.Transcript
	over       chan struct{} // closed when no more lines are taken from the worker
	abort      *abort
	leave      func() // lets another drive behind the same host adapter begin

	mu     sync.Mutex
	closed bool  // the last line is written
	veto   error // why a line was not kept; the worker is not heard any more
	said   int   // bytes
	hung   bool  // the journal did not answer: it may be in the middle of a line
	keys   []Key // that the worker handed over and that are kept
}

func (e *Engine) keeper(s Spec) *keeper {
	return &keeper{engine: e, task: s.Task.ID, spec: s, pulse: newPulse(), transcript: &record.Transcript{}, over: make(chan struct{}), abort: newAbort(), leave: func() {}}
}

// keep chains the event and has the journal keep its line. Once a line was not
// kept there is nothing that a worker may do, so it is not heard any more.
func (k *keeper) keep(e record.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.closed:
		return errClosed
	case k.veto != nil:
		return k.veto
	}
	k.veto = k.keepLocked(e)
	if k.veto != nil || k.closed {
		close(k.over)
	}
	return k.veto
}

func (k *keeper) keepLocked(e record.Event) error {
	b, err := record.Marshal(e)
	if err != nil {
		return err
	}
	if k.said += len(b); k.said > maxSaid {
		return errTalks
	}
	return k.write(e)
}

// write chains the event whatever it is and has the journal keep its line.
func (k *keeper) write(e record.Event) error {
	c := k.engine.Clock
	l, err := k.transcript.Append(c.Mono(), record.At(c.Wall()), e)
	if err != nil {
		return err
	}
	k.closed = e.Stopped != nil || e.Ended != nil
	// The line stays in the transcript even if the journal fails: it was seen.
	if err := k.journal(l); err != nil {
		return fmt.Errorf("keep line %d: %w", l.Seq, err)
	}
	return nil
}

// journal waits for the journal, but not for ever. It outlives a cancelled run,
// so that the end is kept too.
func (k *keeper) journal(l record.Line) error {
	if k.hung {
		return errors.New("the journal still does not answer")
	}
	return k.patiently(func(ctx context.Context) error { return k.engine.Journal.Append(ctx, k.task, l) })
}

// patiently calls what may hang.
func (k *keeper) patiently(f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), k.engine.patience())
	defer cancel()
	kept := make(chan error, 1)
	go func() { kept <- f(ctx) }()
	select {
	case err := <-kept:
		return err
	case <-ctx.Done():
		k.hung = true
		return errors.New("the journal does not answer")
	}
}

// listen takes messages until the worker has ended. nil means that it ended in
// order; what it said is in the transcript.
func (k *keeper) listen(w Worker) error {
	for {
		said, err := w.Next()
		e, p := said.Event, said.Progress
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("hear worker: %w", err)
		case p != nil:
			k.pulse.beat(p.Allow, false)
			if k.engine.Observe != nil && !k.isClosed() {
				k.engine.Observe(k.task, *p)
			}
			continue
		case said.Key != nil:
		case e.Task != nil || e.Looking != nil || e.Resumed != nil || e.Stalled != nil || e.Stopped != nil && e.Stopped.By != byWorker:
			return errNotWorkers
		case e.Kind() == "":
			return errors.New("hear worker: not exactly one event")
		}
		k.pulse.word(true)
		err = w.Ack(k.take(said))
		k.pulse.word(false)
		if err != nil {
			// It may have ended right after its last line; its end is read next.
			if k.isClosed() {
				continue
			}
			return fmt.Errorf("answer worker: %w", err)
		}
	}
}

// take keeps what asks for an answer.
func (k *keeper) take(s Said) error {
	if s.Key != nil {
		return k.keepKey(*s.Key)
	}
	e := *s.Event
	if e.Stopped != nil && e.Stopped.Reason == record.StopSignal && k.abort.isAsked() {
		e = k.abort.ended("its worker: " + e.Stopped.Detail)
	}
	err := k.keep(e)
	if err == nil && e.Paused != nil {
		k.engine.tell(Hot{k.spec.Task, *e.Paused})
	}
	return err
}

func (k *keeper) isClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

func (k *keeper) vetoed() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.veto
}

// close makes sure that the transcript says how the task ended.
func (k *keeper) close(ctx context.Context, err error) {
	if k.isClosed() {
		return
	}
	if err == nil {
		err = errors.New("the worker ended without saying how")
	}
	reason := record.StopLost
	if v := k.vetoed(); v != nil {
		reason, err = record.StopError, fmt.Errorf("%w: %w", v, err)
	}
	if k.abort.isAsked() {
		reason, err = record.StopAbort, fmt.Errorf("%s; %w", k.abort.by, err)
	} else if ctx.Err() != nil {
		reason = record.StopSignal
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	k.stop(reason, err)
}

// stop writes the supervisor's own last line.
func (k *keeper) stop(reason string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	// An error of the journal changes nothing: the transcript itself has the line.
	_ = k.write(record.Event{Stopped: &record.Stopped{By: bySupervisor, Reason: reason, Detail: err.Error()}})
}
