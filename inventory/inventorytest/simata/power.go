package simata

// PowerCycle is the drive losing power and coming back in a machine whose firmware may
// freeze it.
func (d *Drive) PowerCycle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.tell()
	d.background()
	d.power(true)
}

// Suspend is the machine going to sleep and waking up: a power cycle that no firmware
// follows with a freeze.
func (d *Drive) Suspend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.tell()
	d.background()
	d.power(false)
}

// HotReset is a COMRESET: what is frozen stays so, what was volatile too, an erase by
// SECURITY ERASE UNIT ends and leaves the drive locked.
func (d *Drive) HotReset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.tell()
	d.background()
	d.reset()
}

func (d *Drive) power(firmware bool) {
	f := d.s.Faults
	d.epoch++
	d.s.PowerCycles++
	d.cache = map[uint64][]byte{}
	d.s.Volatile = Volatile{
		Locked:         d.s.Password != nil,
		Frozen:         firmware && f.FrozenSecurity && d.securityShown(),
		SanitizeFrozen: firmware && f.FrozenSanitize,
		ConfigFrozen:   f.DCOFrozen,
		MaxSet:         f.KeepsPower,
		Attention:      true,
	}
	d.s.Erase = nil
	d.s.Sanitize.Run.since = d.clock.Now()
	d.changed()
}

func (d *Drive) reset() {
	d.epoch++
	d.s.Volatile.Attention = true
	if d.s.Erase != nil {
		d.s.Erase = nil
		d.s.Volatile.Locked = true
	}
	d.changed()
}

// background lets a sanitize go on to the present.
func (d *Drive) background() {
	z := &d.s.Sanitize
	for z.Phase == Running && !d.s.Gone {
		switch d.advance(&z.Run) {
		case "fail":
			z.Phase = Failed
		case "vanish":
			d.s.Gone = true
		case "cut":
			d.power(true)
			continue
		case "reset":
			d.reset()
			continue
		case "":
			if z.Run.Spent >= z.Run.Needs {
				z.Phase = Done
			}
		}
		return
	}
}
