package simscsi

import (
	"context"
	"encoding/binary"
)

// run carries out one command of at least 16 bytes.
func (d *Drive) run(ctx context.Context, cdb, out []byte) (answer, error) {
	if d.s.Busy > 0 {
		d.s.Busy--
		return answer{status: busy}, nil
	}
	// These are answered whatever else is the matter (SAM-6 §5.14, SBC-4 §4.11.3).
	switch cdb[0] {
	case 0x03:
		return d.requestSense(cdb), nil
	case 0x12:
		return d.inquiry(cdb), nil
	case 0xa0:
		return answer{data: []byte{0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}, nil
	}
	if len(d.s.Attention) > 0 {
		s := d.s.Attention[0]
		d.s.Attention = d.s.Attention[1:]
		return d.refuse(s), nil
	}
	switch cdb[0] {
	case 0x48:
		return d.sanitize(ctx, cdb, out)
	case 0x4d:
		return d.logSense(cdb), nil
	case 0xa3:
		return d.opcodes(cdb), nil
	case 0x5e:
		return d.reserveIn(cdb), nil
	}
	if s, progress, ok := d.blocked(); ok {
		// A drive whose format went wrong can be formatted and looked at.
		if d.s.Running != nil || d.s.Failed != nil && !d.s.Failed.Format || !mends(cdb[0]) {
			return d.refuseAt(s, progress), nil
		}
	}
	return d.ready(ctx, cdb, out)
}

// mends reports whether a command is taken while the format is corrupt.
func mends(op byte) bool {
	switch op {
	case 0x04, 0x15, 0x1a, 0x25, 0x55, 0x5a, 0x9e, 0xb7, 0x1b:
		return true
	}
	return false
}

// blocked is why the medium cannot be used, and how far the erase is.
func (d *Drive) blocked() (s Sense, progress int, ok bool) {
	switch {
	case d.s.Running != nil && d.s.Running.Format:
		return formatting, d.indication(), true
	case d.s.Running != nil:
		return sanitizing, d.indication(), true
	case d.s.Failed != nil && d.s.Failed.Format:
		return formatFailed, -1, true
	case d.s.Failed != nil:
		return sanitizeFailed, -1, true
	case d.s.Corrupt || d.s.Pending != nil:
		return formatCorrupt, -1, true
	}
	return noSense, -1, false
}

// ready carries out a command of a drive that nothing is the matter with.
func (d *Drive) ready(ctx context.Context, cdb, out []byte) (answer, error) {
	be := binary.BigEndian
	n6 := func() uint64 { // 0 means 256
		if cdb[4] == 0 {
			return 256
		}
		return uint64(cdb[4])
	}
	switch cdb[0] {
	case 0x00, 0x1b, 0x1e, 0x35, 0x91: // SYNCHRONIZE CACHE has nothing to do, or lies
		return answer{}, nil
	case 0x04:
		return d.formatUnit(ctx, cdb, out)
	case 0x1a, 0x5a:
		return d.modeSense(cdb), nil
	case 0x15, 0x55:
		return d.modeSelect(cdb, out), nil
	case 0x25, 0x9e:
		return d.capacity(cdb), nil
	case 0xb7, 0x37:
		return d.defects(cdb), nil
	case 0x08:
		return d.read(uint64(cdb[1]&0x1f)<<16|uint64(be.Uint16(cdb[2:])), n6()), nil
	case 0x0a:
		return d.write(uint64(cdb[1]&0x1f)<<16|uint64(be.Uint16(cdb[2:])), n6(), out), nil
	case 0x28:
		return d.read(uint64(be.Uint32(cdb[2:])), uint64(be.Uint16(cdb[7:]))), nil
	case 0x2a:
		return d.write(uint64(be.Uint32(cdb[2:])), uint64(be.Uint16(cdb[7:])), out), nil
	case 0x88:
		return d.read(be.Uint64(cdb[2:]), uint64(be.Uint32(cdb[10:]))), nil
	case 0x8a:
		return d.write(be.Uint64(cdb[2:]), uint64(be.Uint32(cdb[10:])), out), nil
	}
	return d.refuse(noCommand), nil
}

// requestSense tells, as data, what a command would be refused with.
func (d *Drive) requestSense(cdb []byte) answer {
	s, progress := noSense, -1
	if len(d.s.Attention) > 0 {
		s = d.s.Attention[0]
		d.s.Attention = d.s.Attention[1:]
	} else if b, p, ok := d.blocked(); ok && !d.s.Config.Faults.Quiet {
		s, progress = b, p
	}
	if d.noise() {
		return answer{data: garbage()}
	}
	return answer{data: s.encode(cdb[1]&1 != 0, progress)}
}

// reserveIn answers PERSISTENT RESERVE IN: nobody has registered.
func (d *Drive) reserveIn(cdb []byte) answer {
	if cdb[1]&0x1f > 1 {
		return d.refuse(badField)
	}
	return answer{data: make([]byte, 8)}
}
