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
func (p *pipePort) Event(e record.Event) error { return p.say(message{Event: &e}) }

// Keep implements Vault.
func (p *pipePort) Keep(k Key) error { return p.say(message{Key: &k}) }

func (p *pipePort) say(m message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting.Store(true)
	if err := writeLine(p.out, m); err != nil {
		return fmt.Errorf("report: %w", err)
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
func (l *Link) Instruct(s Spec) error { return l.tell(s) }

// InstructLook tells the process of a second look what it is to do: its first line.
func (l *Link) InstructLook(s LookSpec) error { return l.tell(s) }

func (l *Link) tell(spec any) error { return writeLine(l.in, spec) }

// Said is what a worker said: exactly one member is set.
type Said struct {
	Event    *record.Event
	Progress *Progress
	Key      *Key
}

// Next returns the next message and io.EOF when the worker has closed its end after a
// whole line.
func (l *Link) Next() (Said, error) {
	var m message
	if err := readLine(l.lines, &m); err != nil {
		return Said{}, err
	}
	n := 0
	for _, set := range []bool{m.Event != nil, m.Progress != nil, m.Key != nil} {
		if set {
			n++
		}
	}
	if n != 1 {
		return Said{}, errors.New("neither an event nor progress nor a key")
	}
	return Said(m), nil
}

// Ack answers the event, or the key, that Next returned last.
func (l *Link) Ack(veto error) error {
	var a ack
	if veto != nil {
		a.Error = veto.Error()
	}
	return writeLine(l.in, a)
}
