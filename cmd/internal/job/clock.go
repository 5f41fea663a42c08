package job

import (
	"sync"
	"time"

	"lethe/wipe"
)

// stepped is how far wall and monotonic time may be apart before that is a step:
// reading both takes time, a sleeping machine sets its clock to the second.
const stepped = time.Second

// RunClock is the clock of one run. Its wall time is the machine's as it stood when
// the run began, carried on by the clock that nobody sets: whatever time server or
// person steps the machine's clock meanwhile, the times of a record follow from one
// another, an order that was valid does not expire by a step nor an expired one come
// to life, and papers are not dated outside the validity of the key that signs them.
// The step is told (Stepped). It is safe for concurrent use.
type RunClock struct {
	machine wipe.Clock
	mono    int64
	wall    time.Time

	mu    sync.Mutex
	worst time.Duration // the largest difference seen
}

// StartClock begins a run by the machine's clock.
func StartClock(machine wipe.Clock) *RunClock {
	// Round drops the monotonic reading, by which Sub would be blind to a step.
	return &RunClock{machine: machine, mono: machine.Mono(), wall: machine.Wall().Round(0)}
}

// Mono implements wipe.Clock.
func (c *RunClock) Mono() int64 { return c.machine.Mono() }

// Wall implements wipe.Clock.
func (c *RunClock) Wall() time.Time {
	now := c.wall.Add(time.Duration(c.machine.Mono() - c.mono))
	c.look(now)
	return now
}

// look notes how far the machine's own clock is from the run's.
func (c *RunClock) look(now time.Time) time.Duration {
	d := c.machine.Wall().Round(0).Sub(now)
	if d.Abs() < stepped {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.Abs() > c.worst.Abs() {
		c.worst = d
	}
	return d
}

// Stepped is by how much the machine's clock was set since the run began: what it is
// off now, or, where it was set back again, the most it was. 0 when it was not.
func (c *RunClock) Stepped() time.Duration {
	if d := c.look(c.wall.Add(time.Duration(c.machine.Mono() - c.mono))); d != 0 {
		return d
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.worst
}
