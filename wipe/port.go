package wipe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"lethe/certs/record"
)

// errUnasked says that the supervisor is out of step: an acknowledgement that
// came too early would be taken for the next line's, which nobody kept.
var errUnasked = errors.New("an acknowledgement that was not asked for")

// pipePort is the worker's end of a pair of pipes. It listens all the time, so
// that it hears the supervisor die at once, not only at the next event.
type pipePort struct {
	mu      sync.Mutex // one message, and its answer, at a time
	out     io.Writer
	waiting atomic.Bool
	acks    chan ack
	lost    chan struct{} // closed when nothing more can be heard
	err     error         // why; set before lost is closed
}

// NewPipePort is a Port over a worker's own pipes: in carries the
// acknowledgements, out the messages. It reads in until it ends.
func NewPipePort(in io.Reader, out io.Writer) Port {
	return newPipePort(bufio.NewReader(in), out, func(error) {})
}

// newPipePort calls lost when in ends, and then no more events are taken.
func newPipePort(in *bufio.Reader, out io.Writer, lost func(error)) *pipePort {
	p := &pipePort{out: out, acks: make(chan ack, 1), lost: make(chan struct{})}
	go func() {
		p.err = p.listen(in)
		close(p.lost)
		lost(p.err)
	}()
	return p
}

func (p *pipePort) listen(in *bufio.Reader) error {
	for {
		var a ack
		if err := readLine(in, &a); err != nil {
			return err
		}
		if !p.waiting.CompareAndSwap(true, false) {
			return errUnasked
		}
		p.acks <- a
	}
}

// Event writes the event and waits until it is acknowledged.
func (p *pipePort) Event(e record.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting.Store(true)
	if err := writeLine(p.out, message{Event: &e}); err != nil {
		return fmt.Errorf("report event: %w", err)
	}
	select {
	case a := <-p.acks:
		if a.Error != "" {
			return errors.New(a.Error)
		}
		return nil
	case <-p.lost:
		return fmt.Errorf("await acknowledgement: %w", p.err)
	}
}

// Progress is lost without harm: nothing is judged by it.
func (p *pipePort) Progress(pr Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = writeLine(p.out, message{Progress: &pr})
}

// Link is the supervisor's end of a worker's pipes. One goroutine at a time
// uses it.
type Link struct {
	in    io.Writer
	lines *bufio.Reader
}

// NewLink makes a Link: in takes the acknowledgements, out gives the messages.
func NewLink(in io.Writer, out io.Reader) *Link {
	return &Link{in: in, lines: bufio.NewReader(out)}
}

// Instruct tells the worker its task: the first line it gets.
func (l *Link) Instruct(s Spec) error { return writeLine(l.in, s) }

// Next returns the next message, either an event or progress, and io.EOF when
// the worker has closed its end after a whole line.
func (l *Link) Next() (*record.Event, *Progress, error) {
	var m message
	if err := readLine(l.lines, &m); err != nil {
		return nil, nil, err
	}
	if (m.Event == nil) == (m.Progress == nil) {
		return nil, nil, errors.New("neither an event nor progress")
	}
	return m.Event, m.Progress, nil
}

// Ack answers the event that Next returned last.
func (l *Link) Ack(veto error) error {
	var a ack
	if veto != nil {
		a.Error = veto.Error()
	}
	return writeLine(l.in, a)
}
