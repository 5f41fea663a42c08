package sysinit

import (
	"io"
	"sync"
)

// Screens writes to several consoles at once. The first is written directly; the
// others get theirs from a bounded queue, so that a serial line that is slow, or
// stopped by the terminal at its end, holds up nothing.
type Screens struct {
	first  io.Writer
	others []*screen
}

// screenBuffer bounds what waits for one console, in bytes.
const screenBuffer = 256 << 10

// lost stands where a console was too slow.
const lost = "\r\n... lost: this console is too slow ...\r\n"

// NewScreens starts writing to others in the background.
func NewScreens(first io.Writer, others ...io.Writer) *Screens {
	s := &Screens{first: first}
	for _, o := range others {
		c := &screen{w: o}
		c.more.L = &c.mu
		s.others = append(s.others, c)
		go c.run()
	}
	return s
}

// Write never fails for the others.
func (s *Screens) Write(p []byte) (int, error) {
	s.Others(p)
	return s.first.Write(p)
}

// Others writes to all but the first.
func (s *Screens) Others(p []byte) {
	for _, o := range s.others {
		o.add(p)
	}
}

// screen is one console of the others.
type screen struct {
	w    io.Writer
	mu   sync.Mutex
	more sync.Cond
	wait []byte
	full bool
}

func (c *screen) add(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.wait)+len(p) <= screenBuffer:
		c.wait = append(c.wait, p...)
	case !c.full:
		c.full = true
		c.wait = append(c.wait, lost...)
	}
	c.more.Signal()
}

// run writes for as long as the process lives. What a console does not take is gone.
func (c *screen) run() {
	for {
		c.mu.Lock()
		for len(c.wait) == 0 {
			c.more.Wait()
		}
		p := c.wait
		c.wait, c.full = nil, false
		c.mu.Unlock()
		_, _ = c.w.Write(p)
	}
}
