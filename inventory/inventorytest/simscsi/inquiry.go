package simscsi

import (
	"encoding/binary"
	"fmt"
)

// inquiry is INQUIRY (SPC-5 §6.7): standard data and vital product data.
func (d *Drive) inquiry(cdb []byte) answer {
	if cdb[1]&1 == 0 {
		if cdb[2] != 0 {
			return d.refuse(badField)
		}
		return answer{data: d.standard()}
	}
	body, ok := d.page(cdb[2])
	if !ok {
		return d.refuse(badField)
	}
	head := []byte{0, cdb[2], 0, 0}
	binary.BigEndian.PutUint16(head[2:], uint16(len(body)))
	return answer{data: append(head, body...)}
}

func (d *Drive) standard() []byte {
	c := d.s.Config
	b := make([]byte, 96)
	b[2], b[3], b[4], b[7] = 7, 2, byte(len(b)-5), 2 // SPC-5, CMDQUE
	copy(b[8:32], fmt.Sprintf("%-8.8s%-16.16s", c.Vendor, c.Product))
	copy(b[32:36], fmt.Sprintf("%-4.4s", c.Revision))
	return b
}

// page is the body of a vital product data page.
func (d *Drive) page(code byte) ([]byte, bool) {
	c := d.s.Config
	switch code {
	case 0x00:
		return []byte{0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2}, true
	case 0x80:
		return fmt.Appendf(nil, "%-20s", c.Serial), true
	case 0x83:
		return c.designators(), true
	case 0xb0:
		return make([]byte, 60), true
	case 0xb1:
		b := make([]byte, 60)
		binary.BigEndian.PutUint16(b, c.Rotation)
		b[3] = c.WABEREQ&3<<6 | c.WACEREQ&3<<4 | 3 // 2.5 inch
		return b, true
	case 0xb2:
		return make([]byte, 4), true
	}
	return nil, false
}

// designators name the logical unit, the port it is asked through and the drive.
func (c Config) designators() []byte {
	var b []byte
	for _, n := range []struct {
		association byte
		naa         uint64
	}{{0, c.NAA}, {1, c.Port}, {2, c.Target}} {
		if n.naa == 0 {
			continue
		}
		set := byte(0x01) // binary
		if n.association != 0 {
			set |= 0x60 // SAS
		}
		piv := byte(0)
		if n.association != 0 {
			piv = 0x80
		}
		b = append(b, set, piv|n.association<<4|3, 0, 8)
		b = binary.BigEndian.AppendUint64(b, n.naa)
	}
	return b
}

// capacity is READ CAPACITY(10) and (16).
func (d *Drive) capacity(cdb []byte) answer {
	be := binary.BigEndian
	last := d.s.Blocks - 1
	if cdb[0] == 0x25 {
		b := make([]byte, 8)
		be.PutUint32(b, uint32(min(last, 1<<32-1)))
		be.PutUint32(b[4:], d.s.Length)
		return answer{data: b}
	}
	if cdb[1]&0x1f != 0x10 {
		return d.refuse(badField)
	}
	b := make([]byte, 32)
	be.PutUint64(b, last)
	be.PutUint32(b[8:], d.s.Length)
	return answer{data: b}
}

// Pair makes the two logical units of a drive with two actuators: one target, one
// serial number, a name and a half of the medium for each.
func Pair(c Config, first, second Store, clock Clock) (a, b *Drive, err error) {
	if a, err = New(c, first, clock); err != nil {
		return nil, nil, err
	}
	c.NAA++
	b, err = New(c, second, clock)
	return a, b, err
}
