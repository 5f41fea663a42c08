// Package scsi encodes the SCSI commands Lethe reads a drive with and decodes
// their answers: INQUIRY and vital product data, READ CAPACITY, REPORT SUPPORTED
// OPERATION CODES, sense data, mode and log pages. It makes no system call: a Conn
// does.
//
// Clauses cited are those of SPC-5 (T10 primary commands) and SBC-4 (T10 block
// commands). The commands that erase (SANITIZE, FORMAT UNIT, MODE SELECT) are
// spelled here too, for whoever may send them; nothing in this package does: its
// functions named Read only ask.
package scsi

import (
	"context"
	"fmt"
	"time"
)

// Direction says which way the data of a command travels.
type Direction int8

// The directions of a data phase.
const (
	NoData Direction = iota
	FromDevice
	ToDevice
)

// Status codes of SAM-6 §5.3.1.
const (
	StatusGood           = 0x00
	StatusCheckCondition = 0x02
	StatusBusy           = 0x08
	StatusConflict       = 0x18 // RESERVATION CONFLICT: another host holds the drive
)

// Command is one SCSI command. Data is the buffer of the data phase, filled or
// sent according to Dir. Timeout 0 means the Conn's own default.
type Command struct {
	Name    string
	CDB     []byte
	Dir     Direction
	Data    []byte
	Timeout time.Duration
}

// Response is what came back. Received counts the bytes of Command.Data the
// device transferred; Sense is empty unless the device sent some.
type Response struct {
	Status   byte
	Sense    []byte
	Received int
}

// Conn carries commands to one logical unit. An error from Do means the command
// did not complete (adapter, timeout, cancelled); a command the device refused
// is a Response with a Status, no error.
type Conn interface {
	Do(ctx context.Context, c *Command) (Response, error)
}

// StatusError is a command the device completed with something other than GOOD.
type StatusError struct {
	Name   string
	Status byte
	Sense  Sense // zero when the device sent none that can be read
}

func (e *StatusError) Error() string {
	if e.Status != StatusCheckCondition {
		return fmt.Sprintf("%s: SCSI status %02Xh", e.Name, e.Status)
	}
	return fmt.Sprintf("%s: check condition, sense %s", e.Name, e.Sense)
}

// Err is nil for GOOD and for a check condition that reports a recovered error
// or nothing (sense keys 0 and 1: the command did its work), else a *StatusError.
func (r Response) Err(c *Command) error {
	if r.Status == StatusGood {
		return nil
	}
	e := &StatusError{Name: c.Name, Status: r.Status}
	s, err := ParseSense(r.Sense)
	if err == nil {
		e.Sense = s
	}
	if r.Status == StatusCheckCondition && err == nil && !s.Deferred && s.Key <= KeyRecovered {
		return nil
	}
	return e
}

// Read runs a command that only asks, as the package's own functions named Read do.
func Read(ctx context.Context, conn Conn, c *Command) ([]byte, error) { return read(ctx, conn, c) }

// read runs c, repeats it once after a UNIT ATTENTION (a reset or a change the
// drive reports exactly once, SAM-6 §5.14) and returns the bytes received.
func read(ctx context.Context, conn Conn, c *Command) ([]byte, error) {
	for try := 0; ; try++ {
		r, err := conn.Do(ctx, c)
		if err != nil {
			return nil, err
		}
		err = r.Err(c)
		if se, ok := err.(*StatusError); ok && se.Sense.Key == KeyUnitAttention && try == 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		if r.Received < 0 || r.Received > len(c.Data) {
			return nil, fmt.Errorf("%s: %d bytes received into a buffer of %d", c.Name, r.Received, len(c.Data))
		}
		return c.Data[:r.Received], nil
	}
}
