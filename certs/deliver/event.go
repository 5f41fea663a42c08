package deliver

import (
	"time"

	"lethe/certs/bundle"
)

// Event is something that happened on the way: Attempt, Waiting, Refused or
// Delivered. Events come on the goroutine that delivers, so a callback must be safe
// for concurrent use and quick.
type Event interface{ event() }

// Attempt says that the Nth try begins.
type Attempt struct {
	Name string // the paper's file name, or "intent"
	N    int    // 1-based
}

// Waiting says that a try failed in a way that may pass, and when the next begins.
type Waiting struct {
	Name string
	N    int // the try that failed
	For  time.Duration
	Err  error
}

// Refused says that it is of no use to go on: Err is or wraps a *RefusedError or
// ErrUntrusted.
type Refused struct {
	Name string
	Err  error
}

// Delivered says that the receipt was checked. Receipt is empty for an intent.
type Delivered struct {
	Name    string
	Tries   int
	Receipt bundle.Receipt
}

func (Attempt) event()   {}
func (Waiting) event()   {}
func (Refused) event()   {}
func (Delivered) event() {}
