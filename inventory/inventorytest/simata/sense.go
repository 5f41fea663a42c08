package simata

import "encoding/binary"

// reply is the answer to one command; lost says that a reset or a power cut in the middle
// of it lost the answer.
type reply struct {
	status      byte
	sense, data []byte
	lost        bool
}

const checkCondition = 2

func fixed(key, asc, ascq byte) reply {
	s := make([]byte, 18)
	s[0], s[2], s[7], s[12], s[13] = 0x70, key, 10, asc, ascq
	return reply{status: checkCondition, sense: s}
}

func good(data []byte) reply { return reply{data: data} }

func illegal(asc byte) reply { return fixed(5, asc, 0) }

// registers are a drive's, after a command.
type registers struct {
	err, status, device byte
	count               uint16
	lba                 uint64
}

func okay(count uint16, lba uint64) registers {
	return registers{status: 0x50, device: 0x40, count: count, lba: lba}
}

// abort is ABRT with a reason in LBA(7:0).
func abort(reason byte) registers {
	return registers{err: 0x04, status: 0x51, device: 0x40, lba: uint64(reason)}
}

// end is the completion of a pass-through command: check is CK_COND, ext a 48-bit one.
func (d *Drive) end(r registers, check, ext bool, data []byte) reply {
	failed := r.status&1 != 0
	if !failed && !check {
		return good(data)
	}
	ext = ext && !d.zeroes()
	lied := d.spoil(r, failed)
	if failed && lied.status == 0 { // the sense key still tells that the drive aborted
		return fixed(0x0b, 0, 0)
	}
	if failed {
		return reply{status: checkCondition, sense: d.failure(lied, ext)}
	}
	if d.s.Made.FixedSuccess {
		s := sat(lied, ext)
		s[2], s[13] = 1, 0x1d
		return reply{status: checkCondition, sense: s, data: data}
	}
	return reply{status: checkCondition, sense: descriptor(1, 0x1d, lied, ext), data: data}
}

// spoil applies the faults of registers that an adapter returns.
func (d *Drive) spoil(r registers, failed bool) registers {
	switch {
	case d.zeroes():
		d.s.Volatile.Lost++
		return registers{}
	case d.s.Faults.GarbageRegisters && !failed:
		d.s.Volatile.Garbage++
		g := mix(d.s.Volatile.Garbage)
		return registers{err: byte(g), status: byte(g>>8) &^ 1, device: byte(g >> 16), count: uint16(g >> 24), lba: mix(g) & (1<<48 - 1)}
	}
	return r
}

func (d *Drive) zeroes() bool {
	return d.s.Faults.ZeroRegisters || d.s.Volatile.Lost < d.s.Faults.LoseRegisters
}

func (d *Drive) failure(r registers, ext bool) []byte {
	switch d.s.Made.Sense {
	case Descriptor:
		return descriptor(0x0b, 0, r, ext)
	case FixedNew:
		s := sat(r, ext)
		s[2] = 0x0b
		return s
	}
	s := fixed(0x0b, 0, 0).sense
	s[8], s[9], s[10], s[11] = r.err, r.status, r.device, byte(r.count)
	s[16], s[17] = flags(r, ext), byte(r.lba)
	return s
}

// sat is the fixed format of SAT-4.
func sat(r registers, ext bool) []byte {
	s := fixed(0, 0, 0).sense
	s[0] |= 0x80
	s[3], s[4], s[5], s[6] = r.err, r.status, r.device, byte(r.count)
	s[8], s[9], s[10], s[11] = flags(r, ext), byte(r.lba), byte(r.lba>>8), byte(r.lba>>16)
	return s
}

func flags(r registers, ext bool) (f byte) {
	if !ext {
		return 0
	}
	f = 0x80
	if r.count>>8 != 0 {
		f |= 0x40
	}
	if r.lba>>24 != 0 {
		f |= 0x20
	}
	return f
}

func descriptor(key, ascq byte, r registers, ext bool) []byte {
	s := make([]byte, 22)
	s[0], s[1], s[3], s[7], s[8], s[9] = 0x72, key, ascq, 14, 9, 12
	s[11], s[13], s[20], s[21] = r.err, byte(r.count), r.device, r.status
	var lba [8]byte
	binary.LittleEndian.PutUint64(lba[:], r.lba)
	s[15], s[17], s[19] = lba[0], lba[1], lba[2]
	if ext {
		s[10], s[12] = 1, byte(r.count>>8)
		s[14], s[16], s[18] = lba[3], lba[4], lba[5]
	}
	return s
}
