package scsi

import (
	"encoding/binary"
	"fmt"
)

// Log pages Lethe reads (SPC-5 §7.3, SBC-4 §6.4).
const (
	LogWriteErrors = 0x02
	LogReadErrors  = 0x03
	LogSelfTest    = 0x10
	LogScan        = 0x15 // background scan results
	LogExceptions  = 0x2f // informational exceptions
)

// logLen is the room for one page. The self-test page is the longest that is fixed:
// 404 bytes; a scan may list 2048 blocks, of which the first tell enough.
const logLen = 4096

// LogCommand is LOG SENSE (4Dh, SPC-5 §6.6) of the cumulative values of a page.
func LogCommand(page byte) *Command {
	return &Command{Name: fmt.Sprintf("LOG SENSE %02Xh", page), Dir: FromDevice, Data: make([]byte, logLen),
		CDB: []byte{0x4d, 0, 0x40 | page&0x3f, 0, 0, 0, 0, logLen >> 8, logLen & 0xff, 0}}
}

// LogParameter is one parameter of a log page.
type LogParameter struct {
	Code  uint16
	Value []byte
}

// Uint is a counter of at most 8 bytes, and false for anything else.
func (p LogParameter) Uint() (uint64, bool) {
	if len(p.Value) == 0 || len(p.Value) > 8 {
		return 0, false
	}
	var v uint64
	for _, x := range p.Value {
		v = v<<8 | uint64(x)
	}
	return v, true
}

// ParseLog decodes a log page, subpage 0. A parameter that runs past the page, or
// past what arrived of it, ends the list.
func ParseLog(page byte, b []byte) ([]LogParameter, error) {
	// SPF (bit 6) set means that byte 1 is a subpage: another page.
	if len(b) < 4 || b[0]&0x7f != page || b[1] != 0 {
		return nil, fmt.Errorf("decode log page %02Xh: another page, or %d bytes", page, len(b))
	}
	var out []LogParameter
	for b = b[4:min(len(b), 4+int(binary.BigEndian.Uint16(b[2:])))]; len(b) >= 4; {
		n := 4 + int(b[3])
		if n > len(b) {
			break
		}
		out = append(out, LogParameter{binary.BigEndian.Uint16(b), b[4:n]})
		b = b[n:]
	}
	return out, nil
}
