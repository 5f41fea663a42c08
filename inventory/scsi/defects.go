package scsi

import (
	"encoding/binary"
	"fmt"
)

// Defect list formats of SBC-4 table 18 that Lethe may meet.
const (
	defectsShort = 0 // 4 bytes a defect
	defectsIndex = 4 // bytes from index, 8 bytes: what every disk has
)

// DefectsCommand is READ DEFECT DATA(12) (B7h, SBC-4 §5.18) of the grown list. Only
// its header is asked for: it says how long the list is.
func DefectsCommand() *Command {
	return &Command{Name: "READ DEFECT DATA(12), grown", Dir: FromDevice, Data: make([]byte, 8),
		CDB: []byte{0xb7, 0x08 | defectsIndex, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0}}
}

// ParseDefects is the number of defects in the grown list: blocks that went bad in
// use and were replaced. A drive may give another format than was asked for.
func ParseDefects(b []byte) (int64, error) {
	if len(b) < 8 {
		return 0, fmt.Errorf("decode READ DEFECT DATA: %d bytes; want 8", len(b))
	}
	if b[1]&0x08 == 0 {
		return 0, fmt.Errorf("decode READ DEFECT DATA: this is not the grown list")
	}
	each := int64(8)
	if b[1]&7 == defectsShort {
		each = 4
	}
	return int64(binary.BigEndian.Uint32(b[4:])) / each, nil
}
