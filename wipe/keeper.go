package wipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"lethe/certs/record"
)

// errClosed says that a task's transcript has its last line already.
var errClosed = errors.New("the task has ended")

// keeper writes one task's transcript. After its last line it takes no more,
// whoever speaks: a worker that was left behind cannot add to a closed record.
type keeper struct {
	engine     *Engine
	task       string
	transcript *record.Transcript

	mu     sync.Mutex
	closed bool
	veto   error // why the journal did not take a line
}

// keep chains the event and has the journal keep its line.
func (k *keeper) keep(e record.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keepLocked(e)
}

func (k *keeper) keepLocked(e record.Event) error {
	if k.closed {
		return errClosed
	}
	c := k.engine.Clock
	l, err := k.transcript.Append(c.Mono(), record.At(c.Wall()), e)
	if err != nil {
		return err
	}
	k.closed = e.Stopped != nil || e.Ended != nil
	// The line stays in the transcript even if the journal fails: it was seen.
	// The journal outlives a cancelled run, so that the end is kept too.
	if err := k.engine.Journal.Append(context.Background(), k.task, l); err != nil {
		k.veto = fmt.Errorf("keep line %d: %w", l.Seq, err)
		return k.veto
	}
	return nil
}

// listen takes messages until the worker has ended. nil means that it ended in
// order; what it said is in the transcript.
func (k *keeper) listen(w Worker) error {
	for {
		e, p, err := w.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("hear worker: %w", err)
		case p != nil:
			if k.engine.Observe != nil {
				k.engine.Observe(k.task, *p)
			}
			continue
		case e.Task != nil:
			return errors.New("the worker spoke in the supervisor's place")
		}
		if err := w.Ack(k.keep(*e)); err != nil {
			// It may have ended right after its last line; its end is read next.
			if k.isClosed() {
				continue
			}
			return fmt.Errorf("answer worker: %w", err)
		}
	}
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
	if ctx.Err() != nil {
		reason = record.StopSignal
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	k.stop(reason, err)
}

// stop writes the supervisor's own last line.
func (k *keeper) stop(reason string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	// An error of the journal changes nothing: the transcript itself has the line.
	_ = k.keepLocked(record.Event{Stopped: &record.Stopped{
		By: "supervisor", Reason: reason, Detail: err.Error()}})
}
