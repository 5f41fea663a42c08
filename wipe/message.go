package wipe

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"lethe/certs/record"
)

// maxMessage bounds one message of a worker: a worker that parses a hostile
// drive's answers must not be able to exhaust the supervisor.
const maxMessage = 1 << 20

// message is what a worker says to its supervisor, one JSON object a line.
type message struct {
	Event    *record.Event `json:"event,omitempty"`
	Progress *Progress     `json:"progress,omitempty"`
}

// ack answers one event. A non-empty error vetoes what comes next.
type ack struct {
	Error string `json:"error,omitempty"`
}

// pipePort is the worker's end of a pair of pipes.
type pipePort struct {
	mu  sync.Mutex
	in  *bufio.Reader
	out io.Writer
}

// NewPipePort is a Port over a worker's own pipes: in carries the
// acknowledgements, out the messages.
func NewPipePort(in io.Reader, out io.Writer) Port {
	return &pipePort{in: bufio.NewReader(in), out: out}
}

// Event writes the event and waits until it is acknowledged.
func (p *pipePort) Event(e record.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := writeLine(p.out, message{Event: &e}); err != nil {
		return fmt.Errorf("report event: %w", err)
	}
	var a ack
	if err := readLine(p.in, &a); err != nil {
		return fmt.Errorf("await acknowledgement: %w", err)
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	return nil
}

// Progress is lost without harm: nothing is judged by it.
func (p *pipePort) Progress(pr Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = writeLine(p.out, message{Progress: &pr})
}

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// errTooLong says that a line is longer than maxMessage.
var errTooLong = fmt.Errorf("message longer than %d bytes", maxMessage)

func readLine(r *bufio.Reader, v any) error {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxMessage {
			return errTooLong
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
