package simata

import (
	"bytes"
	"time"
)

// securityShown reports whether the drive admits to the Security feature set.
func (d *Drive) securityShown() bool {
	return d.s.Made.Security && !d.s.HidesSecurity && !d.s.Faults.Unsupported
}

// security is F1h to F6h.
func (d *Drive) security(c command) registers {
	v := &d.s.Volatile
	no := abort(0)
	prepared := v.Last == 0xf3
	if !d.securityShown() || v.Frozen && c.opcode != 0xf5 {
		return no
	}
	if c.opcode != 0xf3 && c.opcode != 0xf5 && len(c.out) < 34 {
		return no
	}
	d.changed()
	switch c.opcode {
	case 0xf1: // SET PASSWORD; the master's is taken and forgotten
		if v.Locked || c.out[0]&1 == 0 && d.s.Faults.Rejects {
			return no
		}
		if c.out[0]&1 == 0 {
			d.s.Password = bytes.Clone(c.out[2:34])
		}
	case 0xf2: // UNLOCK
		if !d.known(c) {
			return no
		}
		v.Locked = false
	case 0xf3: // ERASE PREPARE
	case 0xf4:
		enhanced := c.out[0]&2 != 0
		if !prepared || d.s.Faults.Rejects || enhanced && !d.s.Made.Enhanced || !d.known(c) {
			return no
		}
		return d.eraseUnit(c, enhanced)
	case 0xf5:
		if v.Locked {
			return no
		}
		v.Frozen = true
	case 0xf6: // DISABLE PASSWORD
		if v.Locked || !d.known(c) {
			return no
		}
		d.s.Password = nil
	}
	return okay(0, 0)
}

// known compares a password and counts the wrong ones: five, then none is taken.
func (d *Drive) known(c command) bool {
	v := &d.s.Volatile
	if d.s.Password == nil || v.Wrong >= 5 {
		return d.s.Password == nil && c.opcode == 0xf6
	}
	if c.out[0]&1 == 1 || !bytes.Equal(c.out[2:34], d.s.Password) {
		v.Wrong++
		return false
	}
	return true
}

// eraseUnit blocks until the drive is erased, something happens to it, or the host's
// patience is over and it resets the drive.
func (d *Drive) eraseUnit(c command, enhanced bool) registers {
	d.cache = map[uint64][]byte{}
	d.begin()
	if d.s.Faults.StaleSuccess {
		d.s.Password, d.s.Volatile.Locked = nil, false
		return okay(0, 0)
	}
	kind, needs := "normal", d.s.Made.EraseTime
	if enhanced {
		kind, needs = "enhanced", d.s.Made.EnhancedTime
	}
	if needs <= 0 {
		needs = time.Second
	}
	d.s.Erase = &Run{Kind: kind, Limit: d.accessible(), Needs: needs, since: d.clock.Now()}
	begun, epoch := d.clock.Now(), d.epoch
	for d.s.Erase.Spent < needs {
		d.tell()
		d.mu.Unlock()
		d.clock.Sleep(needs/100 + 1)
		d.mu.Lock()
		if d.epoch != epoch || d.s.Erase == nil {
			return abort(0) // nobody hears it
		}
		if c.limit > 0 && d.clock.Now().Sub(begun) >= c.limit {
			d.reset()
			return abort(0)
		}
		switch d.advance(d.s.Erase) {
		case "fail":
			d.s.Erase, d.s.Volatile.Locked = nil, true
			return abort(0)
		case "vanish":
			d.s.Gone = true
			return abort(0)
		case "cut":
			d.power(true)
			return abort(0)
		case "reset":
			d.reset()
			return abort(0)
		}
	}
	d.s.Erase, d.s.Password, d.s.Volatile.Locked = nil, nil, false
	return okay(0, 0)
}

// begin counts an erase that starts.
func (d *Drive) begin() {
	d.s.Erases++
	if d.s.Faults.ChangesIdentity {
		d.s.NewIdentity = true
	}
	d.changed()
}
