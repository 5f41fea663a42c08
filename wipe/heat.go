package wipe

import (
	"context"
	"sync"
	"time"

	"lethe/certs/record"
)

// heatEvery is how often a drive is asked how hot it is.
const heatEvery = 30 * time.Second

// Heat is how hot a drive is and what it bears by its own word, in degrees Celsius: at
// Limit and above it rests until it is below Resume.
type Heat struct {
	Now, Limit, Resume int64
	Source             string        // the command that told
	Every              time.Duration // when to ask again; 30 s when zero
}

// heated is a Drive that can tell how hot it is. Its error means that it cannot, or
// states no limit: it is not asked again.
type heated interface {
	Heat(ctx context.Context) (Heat, error)
}

// Hot says that a drive rests since it is too hot, or with Over that it goes on.
type Hot struct {
	Task record.Task
	record.Paused
}

func (Hot) event() {}

// cooler holds the transfers of a drive back while it is too hot. Those in flight end;
// what was paused is moved later, and nothing is left out.
type cooler struct {
	*beat
	ctx  context.Context
	stop func()

	mu   sync.Mutex
	rest chan struct{} // closed when the drive may go on; nil while it may
	from time.Time     // when it began to rest, while it does
	sum  time.Duration // of its rests before
}

// cool watches over the drive until stop is called. A line that is not taken ends
// nothing here: the next one of the traversal is not taken either.
func cool(ctx context.Context, b *beat) *cooler {
	ctx, cancel := context.WithCancel(ctx)
	c := &cooler{beat: b, ctx: ctx, stop: cancel}
	h, ok := b.Drive.(heated)
	if !ok {
		return c
	}
	// The first question comes before anything is in flight: a command that a drive
	// does not know can take down those beside it.
	t, err := h.Heat(ctx)
	if err != nil {
		return c
	}
	since := c.judge(t, time.Time{})
	var done sync.WaitGroup
	done.Go(func() { c.watch(h, t, since) })
	c.stop = func() { cancel(); done.Wait() }
	return c
}

// watch asks again and again. since is when the drive began to rest, zero while it
// does not.
func (c *cooler) watch(h heated, t Heat, since time.Time) {
	for {
		every := t.Every
		if every <= 0 {
			every = heatEvery
		}
		select {
		case <-time.After(every):
		case <-c.ctx.Done():
			return
		}
		var err error
		t, err = h.Heat(c.ctx)
		c.answers.Add(1) // it lives, though nothing else is asked of it
		if c.ctx.Err() != nil {
			return
		}
		if err != nil {
			c.release(since, Heat{})
			return
		}
		since = c.judge(t, since)
	}
}

// judge lets the drive rest or go on, and returns since when it rests.
func (c *cooler) judge(t Heat, since time.Time) time.Time {
	switch hot := !since.IsZero(); {
	case !hot && t.Now >= t.Limit:
		since = time.Now()
		c.hold()
		_ = c.Event(record.Event{Paused: &record.Paused{Celsius: t.Now, Limit: t.Limit, Source: t.Source}})
	case hot && t.Now < t.Resume:
		c.release(since, t)
		since = time.Time{}
	}
	return since
}

func (c *cooler) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest, c.from = make(chan struct{}), time.Now()
}

// release lets the drive go on, and says so where it rested.
func (c *cooler) release(since time.Time, t Heat) {
	if since.IsZero() {
		return
	}
	_ = c.Event(record.Event{Paused: &record.Paused{Celsius: t.Now, Limit: t.Limit, Source: t.Source,
		Nanos: time.Since(since).Nanoseconds(), Over: true}})
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.rest)
	c.rest = nil
	c.sum += time.Since(c.from)
}

// rested is how long the drive has rested so far.
func (c *cooler) rested() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest == nil {
		return c.sum
	}
	return c.sum + time.Since(c.from)
}

// wait waits while the drive rests.
func (c *cooler) wait() error {
	c.mu.Lock()
	rest := c.rest
	c.mu.Unlock()
	if rest == nil {
		return nil
	}
	select {
	case <-rest:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// ReadAt implements Drive.
func (c *cooler) ReadAt(p []byte, off int64) (int, error) {
	if err := c.wait(); err != nil {
		return 0, err
	}
	return c.beat.ReadAt(p, off)
}

// WriteAt implements Drive.
func (c *cooler) WriteAt(p []byte, off int64) (int, error) {
	if err := c.wait(); err != nil {
		return 0, err
	}
	return c.beat.WriteAt(p, off)
}

// Start implements traverse.Queue: what is on its way ends meanwhile, and is told of
// afterwards.
func (c *cooler) Start(write bool, p []byte, off int64, id int) error {
	if err := c.wait(); err != nil {
		return err
	}
	return c.beat.Start(write, p, off, id)
}
