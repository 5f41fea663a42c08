package scsi

import (
	"context"
	"fmt"
)

// senseLen is the most sense data a device may have (SPC-5 §4.4.1).
const senseLen = 252

// TestUnitReadyCommand is TEST UNIT READY (00h, SPC-5 §6.49).
func TestUnitReadyCommand() *Command {
	return &Command{Name: "TEST UNIT READY", CDB: make([]byte, 6)}
}

// RequestSenseCommand is REQUEST SENSE (03h, SPC-5 §6.39). The answer comes as data:
// a drive at work tells its progress there, and a pending UNIT ATTENTION is told, and
// forgotten, there too. descriptor asks for descriptor format, which old drives
// refuse; fixed format carries the progress as well.
func RequestSenseCommand(descriptor bool) *Command {
	c := &Command{Name: "REQUEST SENSE", CDB: []byte{0x03, 0, 0, 0, senseLen, 0}, Dir: FromDevice, Data: make([]byte, senseLen)}
	if descriptor {
		c.CDB[1] = 1
	}
	return c
}

// ReadSense asks what the drive has to tell, in fixed format. A drive that answers
// with no sense data at all, or with something else, is an error: it tells nothing.
func ReadSense(ctx context.Context, conn Conn) (Sense, error) {
	b, err := read(ctx, conn, RequestSenseCommand(false))
	if err != nil {
		return Sense{}, err
	}
	s, err := ParseSense(b)
	if err != nil {
		return Sense{}, fmt.Errorf("request sense: %w", err)
	}
	return s, nil
}
