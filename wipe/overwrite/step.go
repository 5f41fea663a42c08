package overwrite

import (
	"context"
	"fmt"
	"time"

	"lethe/wipe/overwrite/traverse"
	"lethe/wipe/pattern"
)

// step fills a buffer and writes it.
type step struct {
	device  Device
	stream  pattern.Stream
	uniform bool
}

// Prepare fills p; a uniform stream needs it once per buffer only.
func (s *step) Prepare(p []byte, off int64, fresh bool) {
	if s.uniform {
		p = p[:cap(p)] // the next place of this buffer may be longer
	}
	if fresh || !s.uniform {
		s.stream.Fill(p, off)
	}
}

// Do writes p.
func (s *step) Do(t *traverse.Transfer, p []byte, off int64) {
	t.Move(s.device.WriteAt, p, off)
}

// Queue implements traverse.Queued.
func (s *step) Queue() traverse.Queue {
	q, _ := s.device.(traverse.Queue)
	return q
}

// Start implements traverse.Queued.
func (s *step) Start(q traverse.Queue, p []byte, off int64, id int) error {
	return q.Start(true, p, off, id)
}

// flush calls Flush once: after a failed one Linux forgets what was lost, and
// a second would succeed without meaning it. It leaves a flush that neither
// returns nor heeds ctx behind.
func flush(ctx context.Context, d Device, grace time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- d.Flush(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = lateFlush(ctx, done, grace)
	}
	if err != nil {
		return fmt.Errorf("flush device: %w", err)
	}
	return nil
}

// lateFlush gives a flush that was cancelled its grace.
func lateFlush(ctx context.Context, done <-chan error, grace time.Duration) error {
	if grace == 0 {
		grace = traverse.DefaultGrace
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return fmt.Errorf("%w: %w", context.Cause(ctx), ErrStuck)
	}
}
