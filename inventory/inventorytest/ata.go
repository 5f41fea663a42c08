package inventorytest

import (
	"context"
	"encoding/binary"
	"strings"

	"lethe/inventory/scsi"
)

// ATADrive is a SATA drive behind a SCSI/ATA translator, a scsi.Conn. It answers
// INQUIRY, no vital product data, READ CAPACITY and ATA PASS-THROUGH(16) of
// IDENTIFY DEVICE and the native max commands.
type ATADrive struct {
	Serial, Model, Firmware string
	Sectors                 uint64         // accessible, of 512 bytes
	NativeMax               uint64         // last native LBA; 0 means Sectors-1
	Words                   map[int]uint16 // further IDENTIFY words
	Configured              uint64         // last LBA of DEVICE CONFIGURATION IDENTIFY; 0: aborted
	HideRegisters           bool           // the adapter returns zeros for registers
	RefusePassThrough       bool
	USB                     bool         // INQUIRY names the bridge, VPD 89h names ATA
	Celsius                 map[int]int8 // temperature statistics by offset, e.g. 08h now, 58h maximum; nil: no such log
	Resets                  int          // this many commands are answered by UNIT ATTENTION first
}

// IdentifyDevice is the drive's IDENTIFY DEVICE data, with a valid checksum.
func (a *ATADrive) IdentifyDevice() []byte {
	b := make([]byte, 512)
	word := func(i int, v uint16) { binary.LittleEndian.PutUint16(b[2*i:], v) }
	word(0, 0x0040)
	word(53, 0x0006)
	word(83, 0x4400)
	word(87, 0x4100)
	if a.Celsius != nil {
		word(84, 0x4020)
	}
	binary.LittleEndian.PutUint32(b[120:], uint32(min(a.Sectors, 0x0fffffff)))
	binary.LittleEndian.PutUint64(b[200:], a.Sectors)
	swapped(b[20:40], a.Serial)
	swapped(b[46:54], a.Firmware)
	swapped(b[54:94], a.Model)
	for i, v := range a.Words {
		word(i, v)
	}
	b[510] = 0xa5
	for _, c := range b[:511] {
		b[511] -= c
	}
	return b
}

// swapped writes an ATA string: padded with spaces, each pair exchanged.
func swapped(dst []byte, s string) {
	s += strings.Repeat(" ", len(dst))
	for i := range dst {
		dst[i] = s[i^1]
	}
}

// Do answers one command.
func (a *ATADrive) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	if err := ctx.Err(); err != nil {
		return scsi.Response{}, err
	}
	// INQUIRY is answered even while an attention is pending (SAM-6 §5.14.1).
	if a.Resets > 0 && c.CDB[0] != 0x12 {
		a.Resets--
		return attention, nil
	}
	switch c.CDB[0] {
	case 0x12:
		return a.inquiry(c), nil
	case 0x25:
		return give(c, capacity10(a.Sectors, 512)), nil
	case 0x9e:
		return give(c, capacity16(a.Sectors, 512, 0)), nil
	case 0x85:
		return a.passThrough(c), nil
	}
	return illegal(0x20), nil
}

func (a *ATADrive) inquiry(c *scsi.Command) scsi.Response {
	vendor, product := "ATA", a.Model
	if a.USB {
		vendor, product = "BRIDGE", "USB-SATA"
	}
	switch {
	case c.CDB[1]&1 == 0:
		return give(c, inquiry(vendor, product, "1.00", false))
	case a.USB && c.CDB[2] == 0x00:
		return give(c, []byte{0, 0, 0, 2, 0x00, 0x89})
	}
	return illegal(0x24)
}

func (a *ATADrive) passThrough(c *scsi.Command) scsi.Response {
	if a.RefusePassThrough {
		return illegal(0x20)
	}
	native := a.NativeMax
	if native == 0 {
		native = a.Sectors - 1
	}
	switch op, feature := c.CDB[14], c.CDB[4]; {
	case op == 0xec:
		return give(c, a.IdentifyDevice())
	case op == 0x2f && a.Celsius != nil && c.CDB[8] == 0x04 && c.CDB[10] == 0x05:
		b := make([]byte, 512)
		b[0], b[2] = 1, 5
		for at, v := range a.Celsius {
			b[at], b[at+7] = byte(v), 0xc0
		}
		return give(c, b)
	case op == 0x27, op == 0xf8, op == 0x78 && feature == 0:
		return a.registers(native)
	case op == 0xb1 && feature == 0xc2 && a.Configured != 0:
		return give(c, a.configuration())
	}
	// Fixed format, as Linux 6.1 reports an aborted command.
	return scsi.Response{Status: scsi.StatusCheckCondition,
		Sense: []byte{0x70, 0, 0x0b, 0, 0, 0, 0, 10, 4, 0x41, 0x40, 0, 0, 0, 0, 0, 0, 0}}
}

// configuration is the drive's DEVICE CONFIGURATION IDENTIFY data.
func (a *ATADrive) configuration() []byte {
	b := make([]byte, 512)
	binary.LittleEndian.PutUint64(b[6:], a.Configured)
	b[510] = 0xa5
	for _, c := range b[:511] {
		b[511] -= c
	}
	return b
}

// registers is a non-data command that succeeded: descriptor sense 01/00/1D.
func (a *ATADrive) registers(lba uint64) scsi.Response {
	s := make([]byte, 22)
	copy(s, []byte{0x72, 0x01, 0x00, 0x1d, 0, 0, 0, 14, 0x09, 0x0c, 0x01})
	if !a.HideRegisters {
		s[14], s[16], s[18] = byte(lba>>24), byte(lba>>32), byte(lba>>40)
		s[15], s[17], s[19] = byte(lba), byte(lba>>8), byte(lba>>16)
		s[20], s[21] = 0x40, 0x50
	}
	return scsi.Response{Status: scsi.StatusCheckCondition, Sense: s}
}
