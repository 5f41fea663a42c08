package simata

import "time"

// command is one ATA command out of ATA PASS-THROUGH.
type command struct {
	feature, count uint16
	lba            uint64
	opcode         byte
	ext, check     bool
	out            []byte
	limit          time.Duration
}

// decode reads ATA PASS-THROUGH(16) or (12).
func decode(cdb, out []byte) (c command, ok bool) {
	c.out = out
	switch {
	case cdb[0] == 0x85 && len(cdb) >= 16:
		c.ext, c.check, c.opcode = cdb[1]&1 == 1, cdb[2]&0x20 != 0, cdb[14]
		c.feature, c.count = uint16(cdb[4]), uint16(cdb[6])
		c.lba = uint64(cdb[8]) | uint64(cdb[10])<<8 | uint64(cdb[12])<<16
		if c.ext {
			c.feature |= uint16(cdb[3]) << 8
			c.count |= uint16(cdb[5]) << 8
			c.lba |= uint64(cdb[7])<<24 | uint64(cdb[9])<<32 | uint64(cdb[11])<<40
		} else {
			c.lba |= uint64(cdb[13]&0xf) << 24
		}
	case cdb[0] == 0xa1 && len(cdb) >= 12:
		c.check, c.opcode = cdb[2]&0x20 != 0, cdb[9]
		c.feature, c.count = uint16(cdb[3]), uint16(cdb[4])
		c.lba = uint64(cdb[5]) | uint64(cdb[6])<<8 | uint64(cdb[7])<<16 | uint64(cdb[8]&0xf)<<24
	default:
		return c, false
	}
	return c, true
}

// passThrough answers one ATA command.
func (d *Drive) passThrough(cdb, out []byte, limit time.Duration) reply {
	c, ok := decode(cdb, out)
	if !ok {
		return illegal(0x24)
	}
	c.limit = limit
	d.log = append(d.log, Sent{c.opcode, byte(c.feature), c.count, c.lba})
	epoch := d.epoch
	r, data := d.ata(c)
	d.s.Volatile.Last, d.s.Volatile.LastFeature = c.opcode, byte(c.feature)
	a := d.end(r, c.check, c.ext, data)
	a.lost = d.epoch != epoch
	return a
}

// ata does the command. Last still names the one before.
func (d *Drive) ata(c command) (registers, []byte) {
	ok, no := okay(0, 0), abort(0)
	switch {
	case c.opcode == 0xec:
		return ok, d.identify()
	case c.opcode == 0xb4:
		return d.sanitize(c), nil
	case c.opcode == 0x2f || c.opcode == 0x47:
		return d.readLog(c)
	case c.opcode == 0xb0 && c.feature == 0xd0 && c.lba&0xffff00 == 0xc24f00 && d.s.Made.Smart:
		return ok, d.smart()
	case d.s.Sanitize.Phase == Running || d.s.Sanitize.Phase == Failed:
		return no, nil // ACS-3 allows little else then
	case c.opcode >= 0xf1 && c.opcode <= 0xf6:
		return d.security(c), nil
	case c.opcode == 0xe5: // CHECK POWER MODE: active
		return okay(0xff, 0), nil
	case c.opcode == 0xef, c.opcode == 0xe0, c.opcode == 0xe1:
		return ok, nil
	case c.opcode == 0xe7, c.opcode == 0xea: // FLUSH CACHE (EXT): there is none but a lying one
		return ok, nil
	case d.s.Volatile.Locked:
		return no, nil
	case c.opcode == 0x27, c.opcode == 0xf8, c.opcode == 0x37, c.opcode == 0xf9, c.opcode == 0x78:
		return d.maxAddress(c), nil
	case c.opcode == 0xb1:
		return d.configuration(c)
	}
	return no, nil
}
