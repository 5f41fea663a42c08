package traverse

import (
	"fmt"
	"sync"
)

// turnstile lets places of the medium through in ascending order, so that a
// rotating drive sees a sequential stream although buffers are readied in any
// order.
type turnstile struct {
	mu      sync.Mutex
	next    int64
	waiting map[int64]chan struct{} // each place wakes only the one behind it
	closed  bool
}

func newTurnstile() *turnstile {
	return &turnstile{waiting: map[int64]chan struct{}{}}
}

// take waits for the turn of place and passes the next turn on. It is false
// when the turnstile was closed.
func (t *turnstile) take(place int64) bool {
	if turn := t.queue(place); turn != nil {
		<-turn
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.next++
	if turn, ok := t.waiting[t.next]; ok {
		delete(t.waiting, t.next)
		close(turn)
	}
	return true
}

// queue returns what to wait for, or nil when it is the turn of place.
func (t *turnstile) queue(place int64) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == place || t.closed {
		return nil
	}
	turn := make(chan struct{})
	t.waiting[place] = turn
	return turn
}

func (t *turnstile) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for place, turn := range t.waiting {
		delete(t.waiting, place)
		close(turn)
	}
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
