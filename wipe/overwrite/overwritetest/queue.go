package overwritetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// queued says that devices in memory have queues.
var queued atomic.Bool

// Queued gives every device in memory a queue, as traverse.Queue has it, until t ends.
// Tests that run side by side must not use it.
func Queued(t testing.TB) {
	queued.Store(true)
	t.Cleanup(func() { queued.Store(false) })
}

// memQueue moves what was begun in goroutines of their own.
type memQueue struct {
	once  sync.Once
	ended chan outcome
}

type outcome struct {
	id, n int
	err   error
}

// Most implements traverse.Queue.
func (m *Mem) Most() int {
	if !queued.Load() {
		return 0
	}
	m.queue.once.Do(func() { m.queue.ended = make(chan outcome, 64) })
	return 1 << 20
}

// Start implements traverse.Queue.
func (m *Mem) Start(write bool, p []byte, off int64, id int) error {
	do := m.ReadAt
	if write {
		do = m.WriteAt
	}
	go func() {
		n, err := do(p, off)
		m.queue.ended <- outcome{id, n, err}
	}()
	return nil
}

// Await implements traverse.Queue.
func (m *Mem) Await(limit time.Duration, ended func(id, n int, err error)) error {
	select {
	case o := <-m.queue.ended:
		ended(o.id, o.n, o.err)
	case <-time.After(limit):
	}
	return nil
}
