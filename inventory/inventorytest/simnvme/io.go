package simnvme

import (
	"bytes"
	"encoding/binary"
)

// io takes an I/O command.
func (d *Subsystem) io(controller uint16, e *Entry, data []byte) (uint16, error) {
	switch {
	case d.s.Running != nil:
		return sanitizing, nil
	case d.s.Status == 3:
		return sanitizeFailed, nil
	case d.locked():
		return accessDenied, nil
	}
	if e.opcode() == 0x00 { // flush: nothing is held back here
		return ok, nil
	}
	n := d.attached(controller, e.nsid())
	if n == nil {
		return invalidNamespace, nil
	}
	shift := d.s.Config.Formats[n.Format].Shift
	if e.opcode() == 0x09 {
		return d.trim(n, e, data, shift), nil
	}
	first, blocks := e.dword(10), int64(e.dword(12)&0xffff)+1
	at := int64(uint64(e.dword(11))<<32|uint64(first)) << shift
	size := blocks << shift
	if at < 0 || at+size > n.Size {
		return outOfRange, nil
	}
	where := extent{n.Offset + at, n.Offset + at + size}
	switch e.opcode() {
	case 0x01:
		if int64(len(data)) != size {
			return invalidField, nil
		}
		d.write(where, data)
	case 0x02:
		if int64(len(data)) != size {
			return invalidField, nil
		}
		d.read(where, data)
	case 0x08: // write zeroes; DEAC, bit 25 of dword 12, may deallocate
		if e.dword(12)>>25&1 != 0 {
			d.s.Freed, d.s.Erased = d.s.Freed.with(where), false
			break
		}
		d.write(where, make([]byte, size))
	default:
		return invalidOpcode, nil
	}
	return ok, nil
}

func (d *Subsystem) write(x extent, p []byte) {
	d.must(d.medium.WriteAt(p, x.First))
	d.s.Freed, d.s.Erased = d.s.Freed.without(x), false
}

func (d *Subsystem) read(x extent, p []byte) {
	d.s.Freed.each(x, func(part extent, free bool) {
		q := p[part.First-x.First : part.End-x.First]
		if !free {
			d.must(d.medium.ReadAt(q, part.First))
			return
		}
		clear(q)
		if d.s.Config.DLFEAT == 2 {
			copy(q, bytes.Repeat([]byte{0xff}, len(q)))
		}
	})
}

// trim takes Dataset Management (09h): ranges of 16 bytes, deallocated.
func (d *Subsystem) trim(n *Namespace, e *Entry, data []byte, shift byte) uint16 {
	count := int(e.dword(10)&0xff) + 1
	if len(data) < 16*count {
		return invalidField
	}
	for i := range count {
		r := data[16*i:]
		size := int64(binary.LittleEndian.Uint32(r[4:])) << shift
		at := int64(binary.LittleEndian.Uint64(r[8:])) << shift
		if at < 0 || size < 0 || at+size > n.Size {
			return outOfRange
		}
		if e.dword(11)>>2&1 != 0 {
			d.s.Freed = d.s.Freed.with(extent{n.Offset + at, n.Offset + at + size})
		}
	}
	return ok
}
