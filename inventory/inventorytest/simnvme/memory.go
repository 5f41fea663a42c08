package simnvme

import (
	"io"
	"sync"
	"time"
)

// Memory is a Store in memory.
type Memory []byte

// ReadAt implements Store.
func (m Memory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, io.EOF
	}
	return copy(p, m[off:]), nil
}

// WriteAt implements Store.
func (m Memory) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, io.ErrShortWrite
	}
	return copy(m[off:], p), nil
}

// Manual is a Clock that stands still until it is told.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual starts a clock.
func NewManual() *Manual { return &Manual{now: time.Unix(1_700_000_000, 0)} }

// Now implements Clock.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Add lets time pass.
func (m *Manual) Add(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// Wall is the clock on the wall.
type Wall struct{}

// Now implements Clock.
func (Wall) Now() time.Time { return time.Now() }
