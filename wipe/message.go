package wipe

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"lethe/certs/record"
)

// maxMessage bounds one message of a worker, in bytes: a worker that parses a
// hostile drive's answers must not be able to exhaust the supervisor.
const maxMessage = 1 << 20

// message is what a worker says to its supervisor: canonical JSON, one object a
// line. One spelling only, so that what is written down is what was said.
type message struct {
	Event    *record.Event `json:"event,omitempty"`
	Progress *Progress     `json:"progress,omitempty"`
	Key      *Key          `json:"key,omitempty"`
}

// ack answers one event, or one key. A non-empty error vetoes what comes next.
type ack struct {
	Error string `json:"error,omitempty"`
}

// errTooLong says that a line is longer than maxMessage.
var errTooLong = fmt.Errorf("message longer than %d bytes", maxMessage)

func writeLine(w io.Writer, v any) error {
	b, err := record.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) >= maxMessage {
		return errTooLong
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// readLine reads what writeLine writes and nothing else. It returns io.EOF only
// between two lines: a torn one is io.ErrUnexpectedEOF.
func readLine(r *bufio.Reader, v any) error {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxMessage {
			return errTooLong
		}
		if err == nil {
			if err := record.Unmarshal(line[:len(line)-1], v); err != nil {
				return fmt.Errorf("message is not understood: %v", err) // never an io.EOF
			}
			return nil
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return io.ErrUnexpectedEOF
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
