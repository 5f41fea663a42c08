package nvme

import (
	"context"
	"encoding/binary"
	"fmt"
)

// Health is the SMART / Health Information log, 02h (Base Specification figure 207),
// the counts that belong beside an erase.
type Health struct {
	Warning       byte   // byte 0, critical warnings; bit 3: the media is read only, bit 2: unreliable
	Kelvin        uint16 // bytes 1-2; 0 when not told
	Spare         byte   // 3, spare left, percent
	SpareLow      byte   // 4, threshold of it, percent
	Used          byte   // 5, percent of the drive's life; may exceed 100
	PowerCycles   uint64 // 112-127
	PowerOnHours  uint64 // 128-143
	UnsafeOff     uint64 // 144-159, times power was lost
	MediaErrors   uint64 // 160-175
	ErrorsLogged  uint64 // 176-191
	WarmMinutes   uint32 // 192-195, above the warning temperature
	BlocksWritten uint64 // 48-63, units of 512,000 bytes
}

// ReadOnly reports that the media takes no writes any more.
func (h Health) ReadOnly() bool { return h.Warning>>3&1 != 0 }

// ParseHealth decodes 512 bytes of the log.
func ParseHealth(b []byte) (Health, error) {
	if len(b) != smartLen {
		return Health{}, fmt.Errorf("decode SMART log: %d bytes; want %d", len(b), smartLen)
	}
	return Health{
		Warning: b[0], Kelvin: binary.LittleEndian.Uint16(b[1:]), Spare: b[3], SpareLow: b[4], Used: b[5],
		BlocksWritten: low64(b[48:]), PowerCycles: low64(b[112:]), PowerOnHours: low64(b[128:]),
		UnsafeOff: low64(b[144:]), MediaErrors: low64(b[160:]), ErrorsLogged: low64(b[176:]),
		WarmMinutes: binary.LittleEndian.Uint32(b[192:]),
	}, nil
}

// ReadHealth reads the log.
func ReadHealth(ctx context.Context, conn Conn) (Health, error) {
	c := SmartCommand()
	r, err := conn.Do(ctx, c)
	if err != nil {
		return Health{}, err
	}
	if err := r.Err(c); err != nil {
		return Health{}, err
	}
	return ParseHealth(c.Data)
}
