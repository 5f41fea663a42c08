package nvme

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"

	"lethe/inventory/internal/ascii"
)

// Namespace is the Identify Namespace data structure (NVM Command Set figure
// 97), the fields Lethe decides on.
type Namespace struct {
	NSZE        uint64 // bytes 0-7, size in logical blocks
	NCAP        uint64 // 8-15, most blocks that can be allocated
	NUSE        uint64 // 16-23, blocks allocated now
	Thin        bool   // 24 bit 0, THINP
	Shared      bool   // 30 bit 0: another controller may reach it
	RESCAP      byte   // 31, reservation types; 0 none
	DLFEAT      byte   // 33 bits 2:0: reads of deallocated blocks, 1 = 00h, 2 = FFh
	LBAF        byte   // index of the format in use, from FLBAS
	LogicalSize uint32 // bytes a block, 1<<LBADS of that format
	Metadata    uint16 // bytes of metadata a block
	Extended    bool   // FLBAS bit 4: metadata is part of each block (MSET of a format)
	Protection  byte   // 29 DPS bits 2:0: type of protection information, 0 none
	// DPS bit 3: protection information is the first bytes of the metadata, else the last.
	ProtectionFirst bool
	FormatProgress  bool   // 32 FPI bit 7: Remaining is told
	Remaining       byte   // 32 FPI bits 6:0: percent of a format still to do
	NGUID           string // 104-119, lower-case hex, "" when zero
	EUI64           string // 120-127, lower-case hex, "" when zero
}

// Size is the namespace in bytes, an error when it does not fit 64 bits.
func (n Namespace) Size() (uint64, error) {
	hi, lo := bits.Mul64(n.NSZE, uint64(n.LogicalSize))
	if hi != 0 {
		return 0, fmt.Errorf("identify namespace: %d blocks of %d bytes overflow", n.NSZE, n.LogicalSize)
	}
	return lo, nil
}

// ParseNamespace decodes 4096 bytes of Identify Namespace. All zeros, which is
// how a controller describes a namespace that is not attached, is an error.
func ParseNamespace(b []byte) (Namespace, error) {
	if len(b) != identifyLen {
		return Namespace{}, fmt.Errorf("decode identify namespace: %d bytes; want %d", len(b), identifyLen)
	}
	if !ascii.NonZero(b) {
		return Namespace{}, fmt.Errorf("decode identify namespace: not an active namespace")
	}
	le := binary.LittleEndian
	n := Namespace{
		NSZE: le.Uint64(b), NCAP: le.Uint64(b[8:]), NUSE: le.Uint64(b[16:]),
		Thin: b[24]&1 != 0, Shared: b[30]&1 != 0, RESCAP: b[31], DLFEAT: b[33] & 7,
		Extended: b[26]>>4&1 != 0, Protection: b[29] & 7, ProtectionFirst: b[29]>>3&1 != 0,
		FormatProgress: b[32]>>7 != 0, Remaining: b[32] & 0x7f,
		LBAF: b[26]&0xf | b[26]>>5&3<<4,
	}
	// NLBAF counts from 0. With 16 formats or fewer the upper index bits are not
	// defined (figure 97, FLBAS).
	if b[25] < 16 {
		n.LBAF &= 0xf
	}
	if n.LBAF > 63 || int(n.LBAF) > int(b[25]) {
		return Namespace{}, fmt.Errorf("decode identify namespace: format %d of %d", n.LBAF, int(b[25])+1)
	}
	f := b[128+4*int(n.LBAF):]
	n.Metadata = le.Uint16(f)
	if f[2] < 9 || f[2] > 30 {
		return Namespace{}, fmt.Errorf("decode identify namespace: blocks of 2^%d bytes", f[2])
	}
	n.LogicalSize = 1 << f[2]
	n.NGUID, n.EUI64 = name(b[104:120]), name(b[120:128])
	return n, nil
}

func name(b []byte) string {
	if !ascii.NonZero(b) {
		return ""
	}
	return hex.EncodeToString(b)
}

// Descriptors are the namespace identification descriptors (Base Specification
// figure 277). Names are lower-case hex, "" when absent or zero.
type Descriptors struct {
	EUI64, NGUID, UUID string
	CommandSet         byte // 0 NVM, 1 key value, 2 zoned
}

// CommandSetZoned is Descriptors.CommandSet of a zoned namespace.
const CommandSetZoned = 2

// ParseDescriptors decodes the list, which a descriptor of length 0 ends.
func ParseDescriptors(b []byte) (Descriptors, error) {
	var d Descriptors
	for len(b) >= 4 && b[1] != 0 {
		n := 4 + int(b[1])
		if n > len(b) {
			return d, fmt.Errorf("decode namespace descriptors: type %d runs past the list", b[0])
		}
		v := b[4:n]
		switch {
		case b[0] == 1 && len(v) == 8:
			d.EUI64 = name(v)
		case b[0] == 2 && len(v) == 16:
			d.NGUID = name(v)
		case b[0] == 3 && len(v) == 16:
			d.UUID = name(v)
		case b[0] == 4 && len(v) == 1:
			d.CommandSet = v[0]
		}
		b = b[n:]
	}
	return d, nil
}

// ParseList decodes a namespace list: ascending identifiers, 0 ends it.
func ParseList(b []byte) ([]uint32, error) {
	if len(b) != identifyLen {
		return nil, fmt.Errorf("decode namespace list: %d bytes; want %d", len(b), identifyLen)
	}
	var out []uint32
	for i := 0; i < len(b); i += 4 {
		id := binary.LittleEndian.Uint32(b[i:])
		if id == 0 {
			break
		}
		if len(out) > 0 && id <= out[len(out)-1] {
			return out, fmt.Errorf("decode namespace list: %d after %d", id, out[len(out)-1])
		}
		out = append(out, id)
	}
	return out, nil
}
