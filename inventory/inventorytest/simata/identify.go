package simata

import (
	"encoding/binary"
	"strings"
)

// identify is IDENTIFY DEVICE data.
func (d *Drive) identify() []byte {
	b := make([]byte, sector)
	word := func(i int, v uint16) { binary.LittleEndian.PutUint16(b[2*i:], v) }
	m, n := d.s.Made, d.accessible()
	swapped(b[20:40], d.serial())
	swapped(b[46:54], m.Firmware)
	swapped(b[54:94], m.Model)
	word(0, 0x0040)
	word(49, 0x0f00)
	word(53, 0x0006)
	word(59, d.word59())
	binary.LittleEndian.PutUint32(b[120:], uint32(min(n, 0x0fffffff)))
	word(69, flag(m.EncryptsAll, 4))
	word(80, 0x03f0)
	sets := flag(m.Smart, 0) | flag(d.securityShown(), 1) | flag(m.HPA, 10)
	word(82, 0x4000|sets)
	word(83, 0x7400|flag(m.DCO, 11)|flag(d.s.Faults.HPALocked, 8))
	word(84, 0x4000|flag(m.Logs, 5))
	word(85, 0x4000|sets&^2|flag(d.securityShown() && d.s.Password != nil, 1))
	word(86, 0xb400|flag(m.DCO, 11)|flag(d.s.Faults.HPALocked, 8))
	word(87, 0x4000|flag(m.WWN != 0, 8))
	word(89, m.EraseWord)
	word(90, m.EnhancedWord)
	word(92, 0xfffe)
	binary.LittleEndian.PutUint64(b[200:], n)
	for i := range 4 {
		word(108+i, uint16(m.WWN>>(48-16*i)))
	}
	word(119, 0x4000|flag(m.AMAX, 8))
	word(120, 0x4000|flag(m.AMAX, 8))
	word(128, d.word128())
	word(217, m.Rotation)
	return checksummed(b)
}

func (d *Drive) serial() string {
	if d.s.NewIdentity {
		return "CHANGED-" + d.s.Made.Serial
	}
	return d.s.Made.Serial
}

func flag(b bool, n int) uint16 {
	if b {
		return 1 << n
	}
	return 0
}

func (d *Drive) word59() uint16 {
	m := d.s.Made
	if !m.sanitizes() || d.s.Faults.Unsupported {
		return 0
	}
	return 1<<12 | flag(m.AntiFreeze, 10) | flag(m.Crypto, 13) | flag(m.Overwrite, 14) | flag(m.Block, 15)
}

func (d *Drive) word128() uint16 {
	if !d.securityShown() {
		return 0
	}
	v := d.s.Volatile
	return 1 | flag(d.s.Password != nil, 1) | flag(v.Locked, 2) | flag(v.Frozen, 3) | flag(v.Wrong >= 5, 4) | flag(d.s.Made.Enhanced, 5)
}

// swapped writes an ATA string: padded with spaces, each pair exchanged.
func swapped(dst []byte, s string) {
	s += strings.Repeat(" ", len(dst))
	for i := range dst {
		dst[i] = s[i^1]
	}
}
