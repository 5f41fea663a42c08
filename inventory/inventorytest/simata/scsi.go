package simata

import (
	"encoding/binary"
	"time"
)

var be = binary.BigEndian

// scsi answers one SCSI command.
func (d *Drive) scsi(cdb, out []byte, limit time.Duration) reply {
	if len(cdb) < 6 {
		return illegal(0x20)
	}
	op := cdb[0]
	// SAM-6 §5.14: an attention waits for the first command but INQUIRY, REPORT LUNS and
	// REQUEST SENSE.
	if d.s.Volatile.Attention && op != 0x12 && op != 0xa0 {
		d.s.Volatile.Attention = false
		if op == 0x03 {
			return good(fixed(6, 0x29, 0).sense)
		}
		return fixed(6, 0x29, 0)
	}
	switch op {
	case 0x00, 0x1b, 0x1e, 0x2f, 0x8f: // TEST UNIT READY, START STOP, PREVENT, VERIFY
		return reply{}
	case 0x35, 0x91: // SYNCHRONIZE CACHE: there is none but a lying one
		return d.busy()
	case 0x03:
		return good(fixed(0, 0, 0).sense)
	case 0x12:
		return d.inquiry(cdb)
	case 0x1a:
		return good([]byte{3, 0, 0, 0})
	case 0x5a:
		return good([]byte{0, 6, 0, 0, 0, 0, 0, 0})
	case 0xa0:
		return good([]byte{0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	case 0x25:
		b := be.AppendUint32(nil, uint32(min(d.accessible()-1, 1<<32-1)))
		return good(be.AppendUint32(b, sector))
	case 0x9e:
		if cdb[1]&0x1f == 0x10 {
			b := make([]byte, 32)
			be.PutUint64(b, d.accessible()-1)
			be.PutUint32(b[8:], sector)
			return good(b)
		}
	case 0x85, 0xa1:
		return d.passThrough(cdb, out, limit)
	}
	if lba, n, write, ok := transferOf(cdb); ok {
		return d.move(lba, n, write, out)
	}
	return illegal(0x20)
}

// transferOf decodes READ and WRITE of 6, 10 and 16 bytes.
func transferOf(cdb []byte) (lba, n uint64, write, ok bool) {
	switch op := cdb[0]; {
	case op == 0x08 || op == 0x0a:
		n = uint64(cdb[4])
		if n == 0 {
			n = 256
		}
		return uint64(cdb[1]&0x1f)<<16 | uint64(cdb[2])<<8 | uint64(cdb[3]), n, op == 0x0a, true
	case (op == 0x28 || op == 0x2a) && len(cdb) >= 10:
		return uint64(be.Uint32(cdb[2:])), uint64(be.Uint16(cdb[7:])), op == 0x2a, true
	case (op == 0x88 || op == 0x8a) && len(cdb) >= 16:
		return be.Uint64(cdb[2:]), uint64(be.Uint32(cdb[10:])), op == 0x8a, true
	}
	return 0, 0, false, false
}

// busy aborts, as libata does, what the drive would abort.
func (d *Drive) busy() reply {
	if p := d.s.Sanitize.Phase; p == Running || p == Failed || d.s.Volatile.Locked {
		return fixed(0x0b, 0, 0)
	}
	return reply{}
}

func (d *Drive) move(lba, n uint64, write bool, out []byte) reply {
	if r := d.busy(); r.status != 0 {
		return r
	}
	if end := d.accessible(); lba > end || n > end-lba {
		return illegal(0x21)
	}
	p := out
	if !write {
		p = make([]byte, n*sector)
	}
	if uint64(len(p)) != n*sector {
		return illegal(0x24)
	}
	if err := d.transfer(lba, p, write); err != nil {
		return fixed(3, 0x11, 0)
	}
	if write {
		return reply{}
	}
	return good(p)
}

func (d *Drive) inquiry(cdb []byte) reply {
	if cdb[1]&1 == 0 {
		b := make([]byte, 96)
		b[2], b[3], b[4], b[7] = 6, 2, 91, 2
		padded(b[8:16], "ATA")
		padded(b[16:32], d.s.Made.Model)
		padded(b[32:36], d.s.Made.Firmware)
		return good(b)
	}
	var body []byte
	switch cdb[2] {
	case 0x00:
		body = []byte{0x00, 0x80, 0x83, 0x89, 0xb0, 0xb1}
	case 0x80:
		body = make([]byte, 20)
		padded(body, d.serial())
	case 0x83:
		// T10 vendor identification: what libata makes of model and serial number.
		id := make([]byte, 68)
		padded(id[:8], "ATA")
		padded(id[8:48], d.s.Made.Model)
		padded(id[48:], d.serial())
		body = append([]byte{2, 1, 0, byte(len(id))}, id...)
		if d.s.Made.WWN != 0 {
			body = be.AppendUint64(append(body, 1, 3, 0, 8), d.s.Made.WWN)
		}
	case 0x89: // ATA Information
		body = make([]byte, 0x238)
		padded(body[4:12], "linux")
		padded(body[12:28], "libata")
		body[52] = 0xec
		copy(body[56:], d.identify())
	case 0xb0:
		body = make([]byte, 60)
	case 0xb1:
		body = make([]byte, 60)
		be.PutUint16(body, d.s.Made.Rotation)
	default:
		return illegal(0x24)
	}
	return good(append(be.AppendUint16([]byte{0, cdb[2]}, uint16(len(body))), body...))
}

func padded(dst []byte, s string) {
	for i := range dst {
		dst[i] = ' '
	}
	copy(dst, s)
}
