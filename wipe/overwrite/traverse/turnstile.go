package traverse

import (
	"fmt"
	"sync"
)

// turnstile lets places of the medium through in ascending order, so that a
// rotating drive sees a sequential stream although buffers are readied in any
// order.
type turnstile struct {
	mu     sync.Mutex
	moved  sync.Cond
	next   int64
	closed bool
}

func newTurnstile() *turnstile {
	t := &turnstile{}
	t.moved.L = &t.mu
	return t
}

// take waits for the turn of place and passes the next turn on. It is false
// when the turnstile was closed.
func (t *turnstile) take(place int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != place && !t.closed {
		t.moved.Wait()
	}
	if t.closed {
		return false
	}
	t.next++
	t.moved.Broadcast()
	return true
}

func (t *turnstile) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.moved.Broadcast()
}

// stuckError says that a traversal stopped and left transfers behind.
type stuckError struct {
	cause     error
	transfers int
}

func (e *stuckError) Error() string {
	return fmt.Sprintf("%v; %d transfers in flight did not return", e.cause, e.transfers)
}

// Unwrap gives both the reason to stop and ErrStuck.
func (e *stuckError) Unwrap() []error { return []error{e.cause, ErrStuck} }
