package simscsi

import (
	"context"
	"io"
	"sync"
	"time"
)

// Memory is a medium in memory.
type Memory []byte

// ReadAt implements io.ReaderAt.
func (m Memory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements io.WriterAt.
func (m Memory) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, io.ErrShortWrite
	}
	return copy(m[off:], p), nil
}

// Hands is a clock that is moved by hand, and by whoever sleeps on it.
type Hands struct {
	mu  sync.Mutex
	now time.Time
}

// NewHands is a clock that stands at noon of a day long ago.
func NewHands() *Hands { return &Hands{now: time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)} }

// Now is where the hands stand.
func (h *Hands) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// Move puts the hands forward.
func (h *Hands) Move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// Sleep puts the hands forward at once.
func (h *Hands) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.Move(max(d, 0))
	return nil
}
