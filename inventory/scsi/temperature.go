package scsi

import (
	"context"
	"encoding/binary"
	"fmt"
)

// pageTemperature is the Temperature log page (SPC-5 §7.3.21).
const pageTemperature = 0x0d

// noTemperature says that the drive has none to tell.
const noTemperature = 0xff

// Temperature is the Temperature log page, in degrees Celsius; -1 is not told.
// Reference is the highest at which the drive may work without end.
type Temperature struct{ Now, Reference int }

// TemperatureCommand is LOG SENSE (4Dh) of the current values of that page.
func TemperatureCommand() *Command {
	const n = 64
	return &Command{Name: "LOG SENSE 0Dh", CDB: []byte{0x4d, 0, 0x40 | pageTemperature, 0, 0, 0, 0, 0, n, 0},
		Dir: FromDevice, Data: make([]byte, n)}
}

// ParseTemperature decodes the page.
func ParseTemperature(b []byte) (Temperature, error) {
	t := Temperature{-1, -1}
	if len(b) < 4 || b[0]&0x3f != pageTemperature || b[1] != 0 {
		return t, fmt.Errorf("decode log page 0Dh: another page, or %d bytes", len(b))
	}
	for b = b[4:min(len(b), 4+int(binary.BigEndian.Uint16(b[2:])))]; len(b) >= 6; {
		n := 4 + int(b[3])
		if n < 6 || n > len(b) {
			break
		}
		if v := b[5]; v != noTemperature {
			switch binary.BigEndian.Uint16(b) {
			case 0:
				t.Now = int(v)
			case 1:
				t.Reference = int(v)
			}
		}
		b = b[n:]
	}
	return t, nil
}

// ReadTemperature reads the page.
func ReadTemperature(ctx context.Context, conn Conn) (Temperature, error) {
	b, err := read(ctx, conn, TemperatureCommand())
	if err != nil {
		return Temperature{-1, -1}, err
	}
	return ParseTemperature(b)
}
