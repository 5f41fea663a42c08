package simata

import "time"

// sanitize is SANITIZE DEVICE (B4h).
func (d *Drive) sanitize(c command) registers {
	z, v := &d.s.Sanitize, &d.s.Volatile
	if !d.s.Made.sanitizes() || d.s.Faults.Unsupported || !c.ext {
		return abort(2)
	}
	switch c.feature {
	case 0x0000:
		if z.Phase == Failed {
			if c.count&1 == 0 || !z.Clearable {
				return abort(1)
			}
			z.Phase = Idle
			d.changed()
		}
		return d.sanitizeStatus()
	case 0x0020:
		switch {
		case c.lba != 0x46724c6b:
			return abort(0)
		case v.AntiFreeze:
			return abort(4)
		case z.Phase == Running:
			return abort(0)
		}
		v.SanitizeFrozen = true
		return d.sanitizeStatus()
	case 0x0040:
		switch {
		case c.lba != 0x416e7469:
			return abort(0)
		case !d.s.Made.AntiFreeze:
			return abort(2)
		case v.SanitizeFrozen:
			return abort(3)
		}
		v.AntiFreeze = true
		return d.sanitizeStatus()
	}
	return d.sanitizeStart(c)
}

func (d *Drive) sanitizeStart(c command) registers {
	z, v, m := &d.s.Sanitize, &d.s.Volatile, d.s.Made
	r := Run{Passes: 1, Limit: d.accessible(), Needs: m.SanitizeTime, since: d.clock.Now()}
	var key, mask uint64 = 0, 1<<48 - 1
	switch {
	case c.feature == 0x11 && m.Crypto:
		r.Kind, key = "crypto", 0x43727970
	case c.feature == 0x12 && m.Block:
		r.Kind, key = "block", 0x426b4572
	case c.feature == 0x14 && m.Overwrite:
		r.Kind, key, mask = "overwrite", 0x4f57<<32, 0xffff<<32
		r.Pattern, r.Invert = uint32(c.lba), c.count&0x80 != 0
		if r.Passes = int(c.count & 0xf); r.Passes == 0 {
			r.Passes = 16
		}
	default:
		return abort(2)
	}
	switch {
	case c.lba&mask != key:
		return abort(0)
	case v.SanitizeFrozen:
		return abort(3)
	case z.Phase == Running, d.s.Faults.Rejects, v.Locked && !m.OverridesSecurity:
		return abort(0)
	}
	d.begin()
	if d.s.Faults.StaleSuccess {
		return d.sanitizeStatus()
	}
	if r.Needs <= 0 {
		r.Needs = time.Second
	}
	r.Needs *= time.Duration(r.Passes)
	d.cache = map[uint64][]byte{}
	z.Phase, z.Clearable, z.Run = Running, c.count&0x10 != 0, r
	return d.sanitizeStatus()
}

// sanitizeStatus is what every successful one returns.
func (d *Drive) sanitizeStatus() registers {
	z := &d.s.Sanitize
	r := okay(0, 0)
	switch z.Phase {
	case Done:
		r.count, r.lba = 0x8000, 0xffff
	case Running:
		r.count, r.lba = 0x4000, uint64(z.Run.progress())
		if d.s.Made.NoProgress {
			r.lba = 0
		}
	default:
		r.lba = 0xffff // "no sanitize under way" comes with this progress
	}
	if d.s.Volatile.SanitizeFrozen {
		r.count |= 0x2000
	}
	if d.s.Volatile.AntiFreeze {
		r.count |= 0x1000
	}
	return r
}
