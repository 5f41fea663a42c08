package eraseata

import (
	"context"
	"time"
)

// Clock is the time an eraser lives in.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error // until d has passed, or ctx ends
}

// Wall is the clock of the machine.
type Wall struct{}

// Now is the time of day.
func (Wall) Now() time.Time { return time.Now() }

// Sleep waits.
func (Wall) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
