// Package deliver carries papers and intents to something that outlives the
// machine, and comes back with a receipt: a depot by HTTPS, or a folder on a disk
// or a stick.
//
// A paper counts as delivered only when its receipt was checked: from a depot, a
// signature in the depot's role that leads to a pinned root, over the digest of
// this very paper; from a folder, the content read back after a flush. The library
// prints nothing; it reports through typed events.
//
// # What is tried again
//
// Whatever may pass is tried again until the context ends: a connection refused or
// lost, a time-out, 5xx, 408, 425, 429. A depot's no to this paper ([RefusedError])
// and an answer by someone who is not the depot ([ErrUntrusted]) end the delivery at
// once: more of the same will not help, a person or a later call may. WithPatience
// makes the second one wait as well.
package deliver

import (
	"context"
	"errors"
	"fmt"

	"lethe/certs/bundle"
)

// Deliverer keeps papers. Delivering the same paper again gives a receipt again
// and leaves one copy. Implementations are safe for concurrent use.
type Deliverer interface {
	// Deliver returns when the paper is kept, is refused for good, or ctx ends.
	Deliver(ctx context.Context, b bundle.Bundle) (bundle.Receipt, error)
}

// Acknowledger keeps intents (law 8: nothing irreversible starts before its intent
// is acknowledged by something that outlives the machine).
type Acknowledger interface {
	// Acknowledge returns the receipt as it is to be kept: a signed envelope from a
	// depot, canonical JSON from a folder. See bundle.ValidIntent for what it takes.
	Acknowledge(ctx context.Context, intent []byte) (receipt []byte, err error)
}

// ErrUntrusted says that who answered is not the depot, or not provably: its TLS
// certificate or its receipt does not lead to a pinned root now. A wrong clock can
// be the cause.
var ErrUntrusted = errors.New("depot is not trusted")

// RefusedError is the keeper's final no.
type RefusedError struct {
	Status int    // HTTP status; 0 from a folder
	Reason string // one line of printable text, as the keeper gave it
}

// Error names the status and the reason.
func (e *RefusedError) Error() string {
	if e.Status == 0 {
		return "refused: " + e.Reason
	}
	return fmt.Sprintf("refused (%d): %s", e.Status, e.Reason)
}
