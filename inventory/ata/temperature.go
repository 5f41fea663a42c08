package ata

import (
	"context"
	"encoding/binary"
	"fmt"
)

// pageTemperature is the Temperature Statistics page of the Device Statistics log (ACS-3
// §A.5.8).
const pageTemperature = 0x05

// Temperature is that page in degrees Celsius. Max is the highest at which the drive
// may be operated, as it specifies itself.
type Temperature struct {
	Now, Max       int
	HasNow, HasMax bool
}

// TemperatureCommand is READ LOG EXT (2Fh, ACS-3 §7.24) of that page.
func TemperatureCommand() *Command {
	return ReadLogCommand(logStatistics, pageTemperature, 1)
}

// ParseTemperature decodes the page. A statistic counts when its flags say that it is
// supported and valid (bits 7 and 6 of its last byte).
func ParseTemperature(b []byte) (t Temperature, err error) {
	if len(b) != sector || b[2] != pageTemperature || binary.LittleEndian.Uint16(b) == 0 {
		return t, fmt.Errorf("decode temperature statistics: another page, or %d bytes", len(b))
	}
	stat := func(at int) (int, bool) { return int(int8(b[at])), b[at+7]>>6 == 3 }
	t.Now, t.HasNow = stat(0x08)
	t.Max, t.HasMax = stat(0x58)
	return t, nil
}

// ReadTemperature reads the page of a drive that has General Purpose Logging. Another
// one is not asked: it would abort the command and, with it, the queue of the host.
func ReadTemperature(ctx context.Context, conn Conn) (Temperature, error) {
	id, err := ReadIdentify(ctx, conn)
	if err != nil {
		return Temperature{}, err
	}
	if !id.Logs() {
		return Temperature{}, errNoLogs
	}
	return ReadTemperatureLog(ctx, conn)
}

// ReadTemperatureLog reads the page of a drive of which ReadTemperature has read it
// before.
func ReadTemperatureLog(ctx context.Context, conn Conn) (Temperature, error) {
	c := TemperatureCommand()
	if _, err := read(ctx, conn, c); err != nil {
		return Temperature{}, err
	}
	return ParseTemperature(c.Data)
}
