package traverse

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// reportEvery is how long the account may lag behind: waking who keeps it costs
	// as much as a small transfer.
	reportEvery = 20 * time.Millisecond
	// lookUp is how long one wait may take, in which nobody hears the end of the context.
	lookUp = 50 * time.Millisecond
)

// conveyor carries all buffers of a traversal by one goroutine: the one that has just
// been filled, or read, is still in its processor's cache.
type conveyor struct {
	*run
	step     Queued
	queue    Queue
	bufs     buffers
	inFlight *atomic.Int64

	begin    int64   // the next place
	free     []int   // buffers, the last used last
	used     []bool  // buffers that were prepared before
	cargo    []cargo // by buffer
	failed   []int   // buffers whose transfer failed and was not narrowed yet
	kept     []*Transfer
	reported time.Time
}

// cargo is what a buffer carries.
type cargo struct {
	where Range
	*Transfer
}

func newConveyor(r *run, s Queued, bufs buffers, inFlight *atomic.Int64) *conveyor {
	c := &conveyor{run: r, step: s, queue: s.Queue(), bufs: bufs, inFlight: inFlight,
		used: make([]bool, r.o.InFlight), cargo: make([]cargo, r.o.InFlight), reported: time.Now()}
	for i := range r.o.InFlight {
		c.free = append(c.free, i)
	}
	return c
}

// work goes on until nothing is in flight and nothing more may begin, or until nobody
// listens any more.
func (c *conveyor) work() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for c.start() || len(c.free) < len(c.cargo) {
		limit := lookUp
		if len(c.free) > 0 && len(c.failed) == 0 && c.more() {
			limit = 0 // there is something to do meanwhile
		}
		if err := c.queue.Await(limit, c.ended); err != nil {
			// Nobody knows what is still in flight: its buffers are the kernel's.
			c.stop(fmt.Errorf("await transfers: %w", err))
			<-c.left // the end of their grace
			return
		}
		if len(c.failed) > 0 && len(c.free)+len(c.failed) == len(c.cargo) {
			c.narrow()
		}
		if !c.report(false) {
			return
		}
	}
	c.report(true)
}

// more reports whether another transfer may begin.
func (c *conveyor) more() bool { return c.begin < c.route.places() && c.ctx.Err() == nil }

// start begins one transfer where one may begin. While one failed none begins: it is
// narrowed with nothing else in flight.
func (c *conveyor) start() bool {
	if len(c.free) == 0 || len(c.failed) > 0 || !c.more() {
		return false
	}
	where, _ := c.route.at(c.begin)
	c.begin++
	i := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	p := c.bufs.at(i)[:where.Len()]
	c.step.Prepare(p, where.First, !c.used[i])
	c.used[i] = true
	c.cargo[i] = cargo{where, &Transfer{ctx: c.ctx, sector: c.m.Sector, tries: 1 + c.o.Retries,
		gate: c.gate, budget: c.budget, began: c.budget.now()}}
	c.inFlight.Add(1)
	if err := c.step.Start(c.queue, p, where.First, i); err != nil {
		c.ended(i, 0, err)
	}
	return true
}

// ended takes what the queue says of buffer i.
func (c *conveyor) ended(i, n int, err error) {
	t := &c.cargo[i]
	t.n, t.err = n, err
	if err != nil || int64(n) != t.where.Len() {
		c.failed = append(c.failed, i)
		return
	}
	c.settle(i)
}

// settle ends the transfer of buffer i.
func (c *conveyor) settle(i int) {
	t := c.cargo[i]
	c.step.Do(t.Transfer, c.bufs.at(i)[:t.where.Len()], t.where.First)
	c.inFlight.Add(-1)
	if t.fatal != nil {
		c.stop(t.fatal)
	}
	c.kept = append(c.kept, t.Transfer)
	c.free = append(c.free, i)
}

// narrow goes to the bottom of what failed, one after the other in ascending order.
func (c *conveyor) narrow() {
	slices.SortFunc(c.failed, func(a, b int) int { return int(min(max(c.cargo[a].where.First-c.cargo[b].where.First, -1), 1)) })
	for _, i := range c.failed {
		c.settle(i)
	}
	c.failed = c.failed[:0]
}

// report hands over what ended, all at once or when it is time. It is false when nobody
// listens any more.
func (c *conveyor) report(all bool) bool {
	select {
	case <-c.left:
		return false
	default:
	}
	if !all && len(c.kept) < 16 && time.Since(c.reported) < reportEvery {
		return true
	}
	for _, t := range c.kept {
		select {
		case c.done <- t:
		case <-c.left:
			return false
		}
	}
	c.kept, c.reported = c.kept[:0], time.Now()
	return true
}
