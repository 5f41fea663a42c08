package simata

import "encoding/binary"

// maxAddress is the HPA feature set (27h, F8h, 37h, F9h) and AMAX (78h).
func (d *Drive) maxAddress(c command) registers {
	native := d.s.Configured - 1
	switch c.opcode {
	case 0x27, 0xf8:
		if !d.s.Made.HPA {
			return abort(0)
		}
		r := okay(0, native)
		if c.opcode == 0xf8 {
			r.lba, r.device = native&0xffffff, 0x40|byte(native>>24&0xf)
		}
		return r
	case 0x78:
		return d.accessibleMax(c, native)
	}
	v := &d.s.Volatile
	follows := v.Last == 0x27 && c.opcode == 0x37 || v.Last == 0xf8 && c.opcode == 0xf9
	if !d.s.Made.HPA || !follows || d.s.Faults.HPALocked || c.opcode == 0xf9 && c.feature != 0 {
		return abort(0)
	}
	if c.lba > native || c.count&1 == 1 && v.MaxSet {
		return registers{err: 0x14, status: 0x51, device: 0x40} // IDNF, ABRT
	}
	if d.s.Faults.KeepsEnd {
		return okay(0, c.lba)
	}
	d.changed()
	if c.count&1 == 1 {
		v.MaxSet, v.Accessible, d.s.Accessible = true, 0, c.lba+1
		if c.lba == native {
			d.s.Accessible = 0
		}
	} else {
		v.Accessible = c.lba + 1
	}
	return okay(0, c.lba)
}

func (d *Drive) accessibleMax(c command, native uint64) registers {
	v := &d.s.Volatile
	if !d.s.Made.AMAX {
		return abort(0)
	}
	switch c.feature {
	case 0:
		return okay(0, native)
	case 1:
		if v.AccessibleFrozen || v.MaxSet || d.s.Faults.HPALocked || c.lba > native {
			return abort(0)
		}
		if !d.s.Faults.KeepsEnd {
			v.MaxSet, d.s.Accessible = true, c.lba+1
			if c.lba == native {
				d.s.Accessible = 0
			}
			d.changed()
		}
		return okay(0, c.lba)
	case 2:
		v.AccessibleFrozen = true
		return okay(0, 0)
	}
	return abort(0)
}

// configuration is DEVICE CONFIGURATION (B1h).
func (d *Drive) configuration(c command) (registers, []byte) {
	v := &d.s.Volatile
	if !d.s.Made.DCO || v.ConfigFrozen {
		return abort(0), nil
	}
	switch c.feature {
	case 0xc0: // RESTORE
		if d.accessible() != d.s.Configured {
			return abort(0), nil
		}
		if !d.s.Faults.KeepsEnd {
			d.s.Configured, d.s.HidesSecurity = d.s.Made.Sectors, false
			d.changed()
		}
		return okay(0, 0), nil
	case 0xc1: // FREEZE LOCK
		v.ConfigFrozen = true
		return okay(0, 0), nil
	case 0xc2: // IDENTIFY
		b := make([]byte, sector)
		b[0] = 2
		binary.LittleEndian.PutUint64(b[6:], d.s.Made.Sectors-1)
		binary.LittleEndian.PutUint16(b[14:], 0x0188)
		return okay(0, 0), checksummed(b)
	}
	return abort(0), nil
}

// checksummed puts the signature A5h and the checksum at the end of 512 bytes.
func checksummed(b []byte) []byte {
	b[510] = 0xa5
	for _, c := range b[:511] {
		b[511] -= c
	}
	return b
}
