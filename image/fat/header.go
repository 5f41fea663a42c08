package fat

import (
	"encoding/binary"
	"math"
)

// header writes the boot sector, and for FAT32 its copy and the counters.
func (v *volume) header() {
	b := make([]byte, SectorSize)
	le := binary.LittleEndian
	copy(b[3:], "LETHE   ")
	le.PutUint16(b[11:], SectorSize)
	b[13] = byte(v.Cluster)
	le.PutUint16(b[14:], uint16(v.reserved))
	b[16] = 2    // tables
	b[21] = 0xf8 // fixed disk
	le.PutUint16(b[24:], 63)
	le.PutUint16(b[26:], 255)
	le.PutUint32(b[28:], uint32(v.Hidden))
	if v.bits == 16 && v.Sectors <= math.MaxUint16 {
		le.PutUint16(b[19:], uint16(v.Sectors))
	} else {
		le.PutUint32(b[32:], uint32(v.Sectors))
	}
	ext, code := 36, 62
	if v.bits == 16 {
		le.PutUint16(b[17:], rootEntries)
		le.PutUint16(b[22:], uint16(v.fatSize))
	} else {
		le.PutUint32(b[36:], uint32(v.fatSize))
		le.PutUint32(b[44:], 2) // the root folder's first cluster
		le.PutUint16(b[48:], fsInfoAt)
		le.PutUint16(b[50:], backupAt)
		ext, code = 64, 90
	}
	b[ext], b[ext+2] = 0x80, 0x29
	le.PutUint32(b[ext+3:], v.Serial)
	copy(b[ext+7:], pad11(v.Label))
	copy(b[ext+18:], map[int]string{16: "FAT16   ", 32: "FAT32   "}[v.bits])
	b[0], b[1], b[2] = 0xeb, byte(code-2), 0x90
	copy(b[code:], []byte{0xcd, 0x18, 0xf4, 0xeb, 0xfd}) // int 18h: this is not to boot from; halt
	b[510], b[511] = 0x55, 0xaa
	v.put(0, b)
	if v.bits == 32 {
		v.put(backupAt, b)
		v.put(fsInfoAt, v.info())
		v.put(backupAt+fsInfoAt, v.info())
	}
}

func (v *volume) info() []byte {
	b := make([]byte, SectorSize)
	le := binary.LittleEndian
	copy(b, "RRaA")
	copy(b[484:], "rrAa")
	le.PutUint32(b[488:], uint32(v.clusters+2-v.next))
	le.PutUint32(b[492:], uint32(v.next))
	b[510], b[511] = 0x55, 0xaa
	return b
}

func pad11(s string) string { return (s + "           ")[:11] }
