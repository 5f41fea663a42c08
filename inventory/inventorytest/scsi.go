package inventorytest

import (
	"context"
	"encoding/binary"

	"lethe/inventory/scsi"
)

// SCSIDrive is a SAS or SCSI drive, a scsi.Conn. It answers INQUIRY, vital
// product data, READ CAPACITY and REPORT SUPPORTED OPERATION CODES.
type SCSIDrive struct {
	Vendor, Product, Revision, Serial string
	NAA                               []byte // 8 or 16 bytes, nil for none
	Blocks                            uint64
	BlockLength                       uint32
	DeviceType                        byte
	Removable                         bool
	Rotation                          uint16
	Provisioning                      byte            // type of VPD B2h; 2 is thin, and sets LBPME
	NoPages                           bool            // no vital product data
	Commands                          map[uint16]byte // opcode<<8|service action to support code
	Reserved                          *Reserved       // persistent reservations; nil: no such command
	Conflict                          bool            // reserved by another host the old way
	Heat                              []byte          // current temperature and reference of log page 0Dh; nil: no such page
	Err                               error           // every command fails on the way
}

// Reserved is what a SCSIDrive says of other hosts. Names are SAS addresses.
type Reserved struct {
	Keys  []uint64
	Type  byte // of the reservation the first key holds, 0 none
	Names []uint64
	Len   int // bytes of each answer that arrive, 0 all
}

// Do answers one command.
func (d *SCSIDrive) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	if d.Err != nil {
		return scsi.Response{}, d.Err
	}
	if err := ctx.Err(); err != nil {
		return scsi.Response{}, err
	}
	switch c.CDB[0] {
	case 0x00:
		if d.Conflict {
			return scsi.Response{Status: scsi.StatusConflict}, nil
		}
		return scsi.Response{}, nil
	case 0x5e:
		if d.Reserved != nil {
			return d.Reserved.in(c), nil
		}
	case 0x12:
		if c.CDB[1]&1 == 0 {
			q := inquiry(d.Vendor, d.Product, d.Revision, d.Removable)
			q[0] = d.DeviceType
			return give(c, q), nil
		}
		return d.page(c), nil
	case 0x4d:
		if d.Heat != nil && c.CDB[2] == 0x4d {
			return give(c, []byte{0x0d, 0, 0, 12, 0, 0, 3, 2, 0, d.Heat[0], 0, 1, 3, 2, 0, d.Heat[1]}), nil
		}
	case 0x25:
		return give(c, capacity10(d.Blocks, d.BlockLength)), nil
	case 0x9e:
		return give(c, capacity16(d.Blocks, d.BlockLength, d.Provisioning)), nil
	case 0xa3:
		if d.Commands == nil {
			return illegal(0x20), nil
		}
		op := uint16(c.CDB[3])<<8 | uint16(c.CDB[5])
		return give(c, []byte{0, max(d.Commands[op], 1), 0, 0}), nil
	}
	return illegal(0x20), nil
}

// in answers PERSISTENT RESERVE IN.
func (r *Reserved) in(c *scsi.Command) scsi.Response {
	be := binary.BigEndian
	var body []byte
	switch c.CDB[1] {
	case 0:
		for _, k := range r.Keys {
			body = be.AppendUint64(body, k)
		}
	case 1:
		if r.Type != 0 {
			body = make([]byte, 16)
			be.PutUint64(body, r.Keys[0])
			body[13] = r.Type
		}
	case 3:
		for i, n := range r.Names {
			d := make([]byte, 48)
			be.PutUint64(d, r.Keys[i])
			be.PutUint32(d[20:], 24)
			d[24] = 6
			be.PutUint64(d[28:], n)
			body = append(body, d...)
		}
	default:
		return illegal(0x24)
	}
	b := be.AppendUint32([]byte{0, 0, 0, 7}, uint32(len(body)))
	b = append(b, body...)
	if r.Len > 0 && r.Len < len(b) {
		b = b[:r.Len]
	}
	return give(c, b)
}

func (d *SCSIDrive) page(c *scsi.Command) scsi.Response {
	code := c.CDB[2]
	var body []byte
	switch {
	case d.NoPages:
		return illegal(0x24)
	case code == 0x00:
		body = []byte{0x00, 0x80, 0x83, 0xb1, 0xb2}
	case code == 0x80:
		body = []byte(d.Serial)
	case code == 0x83 && d.NAA != nil:
		body = append([]byte{1, 3, 0, byte(len(d.NAA))}, d.NAA...)
	case code == 0x83:
	case code == 0xb1:
		body = make([]byte, 60)
		binary.BigEndian.PutUint16(body, d.Rotation)
	case code == 0xb2:
		body = []byte{0, 0xe4, d.Provisioning, 0}
	default:
		return illegal(0x24)
	}
	return give(c, append([]byte{d.DeviceType, code, byte(len(body) >> 8), byte(len(body))}, body...))
}

// give fills the command's buffer as a device does: as much as fits.
func give(c *scsi.Command, b []byte) scsi.Response { return scsi.Response{Received: copy(c.Data, b)} }

// attention is sense 06/29/00, power on or reset.
var attention = scsi.Response{Status: scsi.StatusCheckCondition,
	Sense: []byte{0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0}}

// illegal is sense 05/asc/00.
func illegal(asc byte) scsi.Response {
	return scsi.Response{Status: scsi.StatusCheckCondition,
		Sense: []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, 0, 0, 0, 0, 0}}
}

func inquiry(vendor, product, revision string, removable bool) []byte {
	b := make([]byte, 36)
	if removable {
		b[1] = 0x80
	}
	b[2], b[3], b[4] = 6, 2, 31
	padded(b[8:16], vendor)
	padded(b[16:32], product)
	padded(b[32:36], revision)
	return b
}

func padded(dst []byte, s string) {
	for i := range dst {
		dst[i] = ' '
	}
	copy(dst, s)
}

func capacity10(blocks uint64, length uint32) []byte {
	b := make([]byte, 8)
	binary.BigEndian.PutUint32(b, uint32(min(blocks-1, 1<<32-1)))
	binary.BigEndian.PutUint32(b[4:], length)
	return b
}

func capacity16(blocks uint64, length uint32, provisioning byte) []byte {
	b := make([]byte, 32)
	binary.BigEndian.PutUint64(b, blocks-1)
	binary.BigEndian.PutUint32(b[8:], length)
	if provisioning == scsi.ProvisionedThin {
		b[14] = 0x80
	}
	return b
}
