package scsi

import (
	"context"
	"fmt"
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
