package devio

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// queueSlots is how many transfers of a drive may be in flight through its queue.
const queueSlots = 32

// patience is how long a wait for a fast drive keeps the processor: to hand it to
// another thread and to take it back costs as much as a large transfer. Whoever needs
// it sooner interrupts the wait by the runtime's signal for preemption.
const patience = 50 * time.Millisecond

// queue moves several buffers at once for one thread, by io_uring: no thread a
// transfer, and no wake-ups among them.
type queue struct {
	ring   *ring
	fd     int
	most   int // bytes
	flying atomic.Int64
	closed atomic.Bool
	fast   bool // the last wait was a short one
}

// newQueue is nil where the kernel has no ring for us: all can be done without.
func newQueue(t *target) *queue {
	var sectors uint16 // of 512 bytes, whatever the drive's are (block/ioctl.c)
	if _, err := ioctl(t.f, unix.BLKSECTGET, unsafe.Pointer(&sectors)); err != nil || sectors == 0 {
		return nil
	}
	q := &queue{most: int(sectors) * 512}
	if err := hold(t.f, func(fd uintptr) { q.fd = int(fd) }); err != nil {
		return nil
	}
	var err error
	if q.ring, err = newRing(queueSlots); err != nil {
		return nil
	}
	return q
}

// Most is the size in bytes of the largest transfer that reaches the drive in one
// piece: a larger one would leave the kernel's fast way, and its order. 0 says that the
// handle has no queue, or that something is left in it by somebody who gave up.
func (h *Handle) Most() int {
	if q := h.queue; q != nil && q.flying.Load() == 0 && !q.closed.Load() {
		return q.most
	}
	return 0
}

// Start begins to write p at off, or to read it, under the rules of WriteAt and ReadAt.
// id comes back from Await; no more than 32 may be on their way. p must not move
// (no memory of the garbage collector's) and is the kernel's until then. Start and
// Await are for one goroutine at a time, which stays on its thread.
func (h *Handle) Start(write bool, p []byte, off int64, id int) error {
	q, op, what := h.queue, uint8(opRead), "read"
	if write {
		op, what = opWrite, "write"
	}
	if q == nil || q.closed.Load() {
		return fmt.Errorf("%s %s: %w", what, h.t.f.Name(), ErrClosed)
	}
	if q.flying.Load() == queueSlots {
		return fmt.Errorf("%s %s: %w", what, h.t.f.Name(), unix.EBUSY)
	}
	if err := q.ring.push(q.fast, op, q.fd, p, off, uint64(id)); err != nil {
		return fmt.Errorf("%s %s at byte %d: %w", what, h.t.f.Name(), off, err)
	}
	q.flying.Add(1)
	return nil
}

// Await tells ended of every transfer that ended, with its id and what ReadAt or WriteAt
// would return, but that a short one is not carried on. When there is none it waits for the
// first, no longer than limit.
func (h *Handle) Await(limit time.Duration, ended func(id, n int, err error)) error {
	q := h.queue
	if q == nil || q.closed.Load() {
		return fmt.Errorf("wait for %s: %w", h.t.f.Name(), ErrClosed)
	}
	n, err := q.reap(h.t.f.Name(), ended), error(nil)
	if n == 0 && limit > 0 {
		err = q.wait(limit)
		q.reap(h.t.f.Name(), ended)
	}
	return err
}

// wait does not hand the processor over while the drive is fast.
func (q *queue) wait(limit time.Duration) error {
	began := time.Now()
	err := q.ring.wait(q.fast, min(limit, patience))
	q.fast = time.Since(began) < patience
	if err == nil && !q.fast && limit > patience {
		err = q.ring.wait(false, limit-patience)
	}
	return err
}

func (q *queue) reap(name string, ended func(id, n int, err error)) (count int) {
	for c, ok := q.ring.next(); ok; c, ok = q.ring.next() {
		count++
		q.flying.Add(-1)
		if c.res >= 0 {
			ended(int(c.user), int(c.res), nil)
			continue
		}
		ended(int(c.user), 0, fmt.Errorf("transfer of %s: %w", name, unix.Errno(-c.res)))
	}
	return count
}

// close ends the queue. What is still in flight keeps the ring's memory.
func (q *queue) close() {
	if q == nil || q.closed.Swap(true) {
		return
	}
	if q.flying.Load() == 0 {
		q.ring.close()
		return
	}
	_ = unix.Close(q.ring.fd)
}
