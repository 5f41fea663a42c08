package simata

import (
	"sync"
	"time"
)

// Clock is a drive's time.
type Clock interface {
	Now() time.Time
	Sleep(d time.Duration)
}

// Real is the machine's time.
type Real struct{}

// Now is time.Now.
func (Real) Now() time.Time { return time.Now() }

// Sleep is time.Sleep.
func (Real) Sleep(d time.Duration) { time.Sleep(d) }

// Manual is a time that only Sleep moves. It begins at the zero value's Unix epoch.
type Manual struct {
	mu sync.Mutex
	d  time.Duration
}

// Now is the time.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Unix(0, 0).UTC().Add(m.d)
}

// Sleep moves it on and returns at once.
func (m *Manual) Sleep(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.d += max(d, 0)
}
