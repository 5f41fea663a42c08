package scsi

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Support is the answer of REPORT SUPPORTED OPERATION CODES for one command
// (SPC-5 table 194).
type Support byte

// The answers that mean something. Everything else is "the drive does not say".
const (
	SupportUnknown Support = 0
	SupportNo      Support = 1
	SupportYes     Support = 3
	SupportVendor  Support = 5 // supported, in the vendor's own way
)

// SupportCommand asks whether the command op with service action sa exists
// (MAINTENANCE IN A3h/0Ch, SPC-5 §6.34). sa < 0 asks for an opcode without one.
func SupportCommand(op byte, sa int) *Command {
	c := &Command{
		Name: fmt.Sprintf("REPORT SUPPORTED OPERATION CODES %02Xh", op),
		CDB:  []byte{0xa3, 0x0c, 1, op, 0, 0, 0, 0, 0, 64, 0, 0},
		Dir:  FromDevice, Data: make([]byte, 64),
	}
	if sa >= 0 {
		c.Name += fmt.Sprintf("/%02Xh", sa)
		c.CDB[2], c.CDB[4], c.CDB[5] = 2, byte(sa>>8), byte(sa)
	}
	return c
}

// ParseSupport decodes the one-command parameter data.
func ParseSupport(b []byte) (Support, error) {
	if len(b) < 2 {
		return SupportUnknown, fmt.Errorf("decode REPORT SUPPORTED OPERATION CODES: %d bytes; want at least 2", len(b))
	}
	return Support(b[1] & 7), nil
}

// ReadSupport asks the drive whether it has a command.
func ReadSupport(ctx context.Context, conn Conn, op byte, sa int) (Support, error) {
	b, err := read(ctx, conn, SupportCommand(op, sa))
	if err != nil {
		return SupportUnknown, err
	}
	return ParseSupport(b)
}

// Detail is what a drive tells of one command beyond that it has it.
type Detail struct {
	Support Support
	// Usage is the command descriptor block with a bit set for every bit the drive
	// looks at (SPC-5 §6.34.3), nil where it gives none.
	Usage []byte
	// Nominal is how long the command takes at most when nothing goes wrong, and
	// Recommended how long to wait for it; 0 is not told.
	Nominal, Recommended time.Duration
}

// Uses reports whether the drive looks at all bits of mask in byte i. A drive that
// gives no usage data is not known to.
func (d Detail) Uses(i int, mask byte) bool { return i < len(d.Usage) && d.Usage[i]&mask == mask }

// DetailCommand is SupportCommand that asks for the time a command takes, too (RCTD).
func DetailCommand(op byte, sa int) *Command {
	c := SupportCommand(op, sa)
	c.CDB[2] |= 0x80
	return c
}

// ParseDetail decodes the one-command parameter data (SPC-5 §6.34.3).
func ParseDetail(b []byte) (Detail, error) {
	s, err := ParseSupport(b)
	d := Detail{Support: s}
	if err != nil || len(b) < 4 {
		return d, err
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n > len(b)-4 {
		return d, fmt.Errorf("decode REPORT SUPPORTED OPERATION CODES: command of %d bytes, %d arrived", n, len(b)-4)
	}
	if n > 0 {
		d.Usage = b[4 : 4+n]
	}
	// CTDP: a descriptor of 12 bytes follows, its times in seconds.
	if t := b[4+n:]; b[1]&0x80 != 0 && len(t) >= 12 {
		d.Nominal = time.Duration(binary.BigEndian.Uint32(t[4:])) * time.Second
		d.Recommended = time.Duration(binary.BigEndian.Uint32(t[8:])) * time.Second
	}
	return d, nil
}

// ReadDetail asks what the drive tells of a command, without its time where the drive
// does not know that it can be asked for.
func ReadDetail(ctx context.Context, conn Conn, op byte, sa int) (Detail, error) {
	b, err := read(ctx, conn, DetailCommand(op, sa))
	if unsupported(err) {
		b, err = read(ctx, conn, SupportCommand(op, sa))
	}
	if err != nil {
		return Detail{}, err
	}
	return ParseDetail(b)
}
