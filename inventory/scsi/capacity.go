package scsi

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Capacity is READ CAPACITY data.
type Capacity struct {
	LastLBA       uint64
	BlockLength   uint32 // bytes; 520 and 528 exist
	PhysicalShift byte   // logical blocks per physical block, as a power of two
	Protection    byte   // 0 none, else protection type 1-3
	Thin          bool   // LBPME: logical block provisioning management enabled
	ReadsZero     bool   // LBPRZ
}

// Size is the capacity in bytes, an error when it does not fit 64 bits.
func (c Capacity) Size() (uint64, error) {
	if c.LastLBA == 1<<64-1 {
		return 0, fmt.Errorf("read capacity: last block FFFFFFFFFFFFFFFFh")
	}
	hi, lo := bits.Mul64(c.LastLBA+1, uint64(c.BlockLength))
	if hi != 0 {
		return 0, fmt.Errorf("read capacity: %d blocks of %d bytes overflow", c.LastLBA+1, c.BlockLength)
	}
	return lo, nil
}

// Capacity16Command is READ CAPACITY(16) (SBC-4 §5.19, SERVICE ACTION IN 9Eh/10h).
func Capacity16Command() *Command {
	return &Command{
		Name: "READ CAPACITY(16)",
		CDB:  []byte{0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0},
		Dir:  FromDevice, Data: make([]byte, 32),
	}
}

// Capacity10Command is READ CAPACITY(10) (SBC-4 §5.18).
func Capacity10Command() *Command {
	return &Command{
		Name: "READ CAPACITY(10)",
		CDB:  []byte{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		Dir:  FromDevice, Data: make([]byte, 8),
	}
}

// ParseCapacity16 decodes READ CAPACITY(16) data. 12 bytes are enough: SBC-2
// devices send no more.
func ParseCapacity16(b []byte) (Capacity, error) {
	if len(b) < 12 {
		return Capacity{}, fmt.Errorf("decode READ CAPACITY(16): %d bytes; want at least 12", len(b))
	}
	c := Capacity{LastLBA: binary.BigEndian.Uint64(b), BlockLength: binary.BigEndian.Uint32(b[8:])}
	if len(b) >= 16 {
		if b[12]&1 != 0 {
			c.Protection = b[12]>>1&7 + 1
		}
		c.PhysicalShift = b[13] & 0xf
		c.Thin = b[14]&0x80 != 0
		c.ReadsZero = b[14]&0x40 != 0
	}
	return c, nil
}

// ParseCapacity10 decodes READ CAPACITY(10) data. ok is false when the drive is
// too large for it (last block FFFFFFFFh) and the 16-byte command must be asked.
func ParseCapacity10(b []byte) (c Capacity, ok bool, err error) {
	if len(b) < 8 {
		return Capacity{}, false, fmt.Errorf("decode READ CAPACITY(10): %d bytes; want 8", len(b))
	}
	last := binary.BigEndian.Uint32(b)
	c = Capacity{LastLBA: uint64(last), BlockLength: binary.BigEndian.Uint32(b[4:])}
	return c, last != 1<<32-1, nil
}

// ReadCapacity asks for the capacity. cautious tries the 10-byte command first:
// USB bridges are known to hang on the 16-byte one.
func ReadCapacity(ctx context.Context, conn Conn, cautious bool) (Capacity, error) {
	if cautious {
		b, err := read(ctx, conn, Capacity10Command())
		if err != nil {
			return Capacity{}, err
		}
		if c, ok, err := ParseCapacity10(b); ok || err != nil {
			return c, err
		}
	}
	b, err := read(ctx, conn, Capacity16Command())
	if err != nil {
		return Capacity{}, err
	}
	return ParseCapacity16(b)
}
