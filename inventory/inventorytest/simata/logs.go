package simata

import "encoding/binary"

// readLog is READ LOG EXT (2Fh) and its DMA form (47h): the directory, the Device
// Statistics log 04h and the IDENTIFY DEVICE data log 30h.
func (d *Drive) readLog(c command) (registers, []byte) {
	if !d.s.Made.Logs {
		return abort(0), nil
	}
	log, page := byte(c.lba), int(c.lba>>8&0xff)|int(c.lba>>32&0xff)<<8
	var b []byte
	for i := range max(int(c.count), 1) {
		p := d.logPage(log, page+i)
		if p == nil {
			return abort(0), nil
		}
		b = append(b, p...)
	}
	return okay(0, 0), b
}

func (d *Drive) logPage(log byte, page int) []byte {
	b := make([]byte, sector)
	le := binary.LittleEndian
	switch {
	case log == 0 && page == 0:
		le.PutUint16(b, 1)
		le.PutUint16(b[2*0x04:], 8)
		le.PutUint16(b[2*0x30:], 9)
		return b
	case log == 0x04 && page < 8, log == 0x30 && page < 9:
	default:
		return nil
	}
	b[0], b[2] = 1, byte(page)
	switch {
	case log == 0x04 && page == 0:
		copy(b[8:], []byte{4, 0, 3, 4, 7})
	case log == 0x04 && page == 3:
		statistic(b[0x20:], uint64(len(d.s.Reallocated)))
		statistic(b[0x38:], uint64(d.s.Made.Pending))
	case log == 0x04 && page == 4:
		statistic(b[0x08:], uint64(d.s.Made.Uncorrectable))
	case log == 0x04 && page == 7:
		statistic(b[0x08:], 3)
	case log == 0x30 && page == 0:
		copy(b[8:], []byte{3, 0, 1, 6})
	case log == 0x30 && page == 1:
		copy(b, d.identify())
	case log == 0x30 && page == 6:
		le.PutUint64(b[48:], 1<<63|uint64(flag(d.s.Made.EncryptsAll, 0)|flag(d.s.Made.OverridesSecurity, 7)))
	}
	return b
}

// statistic is supported and valid.
func statistic(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v|0xc0<<56) }

// smart is SMART READ DATA with the attributes that count what is lost.
func (d *Drive) smart() []byte {
	b := make([]byte, sector)
	b[0] = 0x10
	at := b[2:]
	for _, a := range []struct {
		id  byte
		raw uint64
	}{{5, uint64(len(d.s.Reallocated))}, {187, uint64(d.s.Made.Uncorrectable)}, {194, 31}, {197, uint64(d.s.Made.Pending)}, {198, uint64(d.s.Made.Uncorrectable)}} {
		at[0], at[1], at[3], at[4] = a.id, 0x32, 100, 100
		binary.LittleEndian.PutUint32(at[5:], uint32(a.raw))
		at = at[12:]
	}
	for _, c := range b[:511] {
		b[511] -= c
	}
	return b
}
