package ata

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"lethe/inventory/internal/ascii"
)

// Identify is IDENTIFY DEVICE data (ACS-3 §7.12.7), 256 words. A word of 0000h
// or FFFFh means that the drive does not report it.
type Identify struct {
	Word [256]uint16
	raw  [512]byte
}

// ParseIdentify decodes the 512 bytes of IDENTIFY DEVICE. It refuses ATAPI data,
// data of nothing but one byte, and a checksum that is present and wrong.
func ParseIdentify(b []byte) (Identify, error) {
	if len(b) != 512 {
		return Identify{}, fmt.Errorf("decode IDENTIFY DEVICE: %d bytes; want 512", len(b))
	}
	var id Identify
	copy(id.raw[:], b)
	for i := range id.Word {
		id.Word[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	if uniform(b) {
		return Identify{}, fmt.Errorf("decode IDENTIFY DEVICE: every byte is %02Xh", b[0])
	}
	if id.Word[0]&0x8000 != 0 {
		return Identify{}, fmt.Errorf("decode IDENTIFY DEVICE: word 0 = %04Xh is not an ATA device", id.Word[0])
	}
	// Word 255 (§7.12.7.72): A5h in the low byte says that the bytes sum to zero.
	if b[510] == 0xa5 && sum(b) != 0 {
		return Identify{}, fmt.Errorf("decode IDENTIFY DEVICE: wrong checksum")
	}
	return id, nil
}

func uniform(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return true
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return s
}

// valid reports whether a word is reported at all.
func valid(w uint16) bool { return w != 0 && w != 0xffff }

// bit reports bit n of word w, false when the word is not reported.
func (id Identify) bit(w, n int) bool { return valid(id.Word[w]) && id.Word[w]>>n&1 == 1 }

// marked reports whether bits 15:14 of word w are 01b: the drive vouches for it.
func (id Identify) marked(w int) bool { return id.Word[w]>>14 == 1 }

// Serial is words 10-19.
func (id Identify) Serial() string { return ascii.Swapped(id.raw[20:40]) }

// Firmware is words 23-26.
func (id Identify) Firmware() string { return ascii.Swapped(id.raw[46:54]) }

// Model is words 27-46.
func (id Identify) Model() string { return ascii.Swapped(id.raw[54:94]) }

// WWN is words 108-111 as 16 hex digits, "" unless word 87 says they are valid.
func (id Identify) WWN() string {
	if !id.marked(87) || !id.bit(87, 8) {
		return ""
	}
	var b [8]byte
	for i := range 4 {
		binary.BigEndian.PutUint16(b[2*i:], id.Word[108+i])
	}
	// Name address authority 5 is the only one ACS allows; zeros are "none".
	if b[0]>>4 != 5 {
		return ""
	}
	return hex.EncodeToString(b[:])
}

// LBA48 reports the 48-bit address feature set (word 83 bit 10).
func (id Identify) LBA48() bool { return id.marked(83) && id.bit(83, 10) }

// Logs reports General Purpose Logging (word 84 bit 5), whose commands are READ LOG EXT
// and the like.
func (id Identify) Logs() bool { return id.marked(84) && id.bit(84, 5) }

// Sectors is the accessible capacity in logical sectors: words 230-233 where
// word 69 says so, else 100-103, else 60-61.
func (id Identify) Sectors() uint64 {
	if id.additional() && id.bit(69, 3) {
		if n := binary.LittleEndian.Uint64(id.raw[460:]); n != 0 {
			return n
		}
	}
	if id.LBA48() {
		if n := binary.LittleEndian.Uint64(id.raw[200:]); n != 0 {
			return n
		}
	}
	return uint64(binary.LittleEndian.Uint32(id.raw[120:]))
}

// LogicalSector is the logical sector in bytes: words 117-118 count words when
// word 106 bit 12 is set, else it is 512.
func (id Identify) LogicalSector() int64 {
	if id.marked(106) && id.bit(106, 12) {
		if n := binary.LittleEndian.Uint32(id.raw[234:]); n != 0 {
			return int64(n) * 2
		}
	}
	return 512
}

// PhysicalSector is the physical sector in bytes (word 106 bits 13 and 3:0).
func (id Identify) PhysicalSector() int64 {
	n := id.LogicalSector()
	if id.marked(106) && id.bit(106, 13) {
		n <<= id.Word[106] & 0xf
	}
	return n
}

// Rotation is word 217: 1 for a solid-state drive, 0401h-FFFEh revolutions a
// minute, 0 for not reported or reserved.
func (id Identify) Rotation() int64 {
	switch w := id.Word[217]; {
	case w == 1, w >= 0x401 && w < 0xffff:
		return int64(w)
	}
	return 0
}

// additional reports whether words 64-70 are valid (word 53 bit 1).
func (id Identify) additional() bool { return id.bit(53, 1) }
