package simscsi

import "encoding/binary"

// The mode pages there are: Read-Write Error Recovery and Caching, with the write
// cache on. Neither can be changed.
var modePages = map[byte][]byte{
	0x01: {0x01, 10, 0xc0, 8, 0, 0, 0, 0, 8, 0, 0xff, 0xff},
	0x08: {0x08, 18, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
}

// modeSense is MODE SENSE(6) and (10).
func (d *Drive) modeSense(cdb []byte) answer {
	be := binary.BigEndian
	var pages []byte
	switch code := cdb[2] & 0x3f; {
	case cdb[2]>>6 == 1: // changeable values
		for _, p := range []byte{0x01, 0x08} {
			if code == p || code == 0x3f {
				pages = append(pages, append(modePages[p][:2:2], make([]byte, len(modePages[p])-2)...)...)
			}
		}
	case code == 0x3f:
		pages = append(append(pages, modePages[0x01]...), modePages[0x08]...)
	case modePages[code] != nil:
		pages = modePages[code]
	default:
		return d.refuse(badField)
	}
	l := layout{d.s.Blocks, d.s.Length}
	if d.s.Pending != nil {
		l = *d.s.Pending
	}
	six := cdb[0] == 0x1a
	var block []byte
	switch long := !six && cdb[1]&0x10 != 0; {
	case cdb[1]&0x08 != 0: // DBD
	case long:
		block = make([]byte, 16)
		be.PutUint64(block, l.Blocks)
		be.PutUint32(block[12:], l.Length)
	default:
		block = make([]byte, 8)
		be.PutUint32(block, uint32(min(l.Blocks, 1<<32-1)))
		be.PutUint32(block[4:], l.Length)
	}
	head := []byte{0, 0, 0x10, byte(len(block))} // DPOFUA
	if !six {
		head = []byte{0, 0, 0, 0x10, byte(len(block) / 16), 0, 0, byte(len(block))}
	}
	b := append(append(head, block...), pages...)
	if six {
		b[0] = byte(len(b) - 1)
	} else {
		be.PutUint16(b, uint16(len(b)-2))
	}
	return answer{data: b}
}

// modeSelect is MODE SELECT(6) and (10): a block descriptor, and pages that are what
// they were.
func (d *Drive) modeSelect(cdb, out []byte) answer {
	be := binary.BigEndian
	n, head := int(be.Uint16(cdb[7:])), 8
	if cdb[0] == 0x15 {
		n, head = int(cdb[4]), 4
	}
	switch {
	case n == 0:
		return answer{}
	case len(out) < n || n < head:
		return d.refuse(listLength)
	case cdb[1]&0x10 == 0: // PF: vendor specific
		return d.refuse(badField)
	}
	out = out[:n]
	size, long := int(out[3]), false
	if head == 8 {
		size, long = int(be.Uint16(out[6:])), out[4]&1 != 0
	}
	if size > n-head || size != 0 && size != 8 && !long || long && size != 16 {
		return d.refuse(badParameter)
	}
	if size == 0 {
		return answer{}
	}
	b := out[head : head+size]
	l := layout{uint64(be.Uint32(b)), be.Uint32(b[size-4:])}
	all := l.Blocks == 1<<32-1
	if long {
		l.Blocks = be.Uint64(b)
		all = l.Blocks == 1<<64-1
	} else {
		l.Length &= 0xffffff
	}
	return d.relay(l, all)
}

// relay lays the medium out anew. More or fewer blocks of the same length are there at
// once; another length waits for a format (SBC-4 §6.5.2).
func (d *Drive) relay(l layout, all bool) answer {
	switch l.Length {
	case 0:
		l.Length = d.s.Length
	case 512, 520, 524, 528, 4096, 4104, 4160, 4224:
	default:
		return d.refuse(badParameter)
	}
	if all || l.Blocks == 0 && l.Length != d.s.Length {
		l.Blocks = d.fits(l.Length)
	} else if l.Blocks == 0 {
		l.Blocks = d.s.Blocks
	}
	switch {
	case l.Blocks == 0 || l.Blocks > d.fits(l.Length):
		return d.refuse(badParameter)
	case l.Length == d.s.Length && !d.s.Corrupt:
		d.s.Pending = nil
		if l.Blocks != d.s.Blocks {
			d.s.Blocks, d.s.Unwritten = l.Blocks, nil
			d.attend(capacityChanged)
		}
	default:
		d.s.Pending = &l
	}
	return answer{}
}
