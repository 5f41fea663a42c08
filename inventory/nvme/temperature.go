package nvme

import (
	"context"
	"encoding/binary"
	"fmt"
)

// smartLen is the size of the SMART / Health Information log (Base Specification
// figure 207).
const smartLen = 512

// SmartCommand is Get Log Page (02h) of SMART / Health Information (02h), of the
// controller.
func SmartCommand() *Command {
	return logPage(0x02, smartLen)
}

// ParseSmartKelvin is the composite temperature in kelvins, bytes 1-2; 0 is none.
func ParseSmartKelvin(b []byte) (uint16, error) {
	if len(b) != smartLen {
		return 0, fmt.Errorf("decode SMART log: %d bytes; want %d", len(b), smartLen)
	}
	return binary.LittleEndian.Uint16(b[1:]), nil
}

// ReadKelvin reads the composite temperature in kelvins; 0 is none.
func ReadKelvin(ctx context.Context, conn Conn) (uint16, error) {
	c := SmartCommand()
	r, err := conn.Do(ctx, c)
	if err != nil {
		return 0, err
	}
	if err := r.Err(c); err != nil {
		return 0, err
	}
	return ParseSmartKelvin(c.Data)
}
