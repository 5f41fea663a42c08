package simscsi

import (
	"bytes"
	"context"
	"encoding/binary"
)

// The service actions of SANITIZE.
const (
	actionOverwrite = 0x01
	actionBlock     = 0x02
	actionCrypto    = 0x03
	actionExit      = 0x1f
)

// has reports whether the drive has a service action.
func (c Config) has(action byte) bool {
	switch action {
	case actionOverwrite:
		return c.Overwrite
	case actionBlock:
		return c.Block
	case actionCrypto:
		return c.Crypto
	case actionExit:
		return c.Overwrite || c.Block || c.Crypto
	}
	return false
}

// sanitize is SANITIZE (SBC-4 §5.36).
func (d *Drive) sanitize(ctx context.Context, cdb, out []byte) (answer, error) {
	c, action := d.s.Config, cdb[1]&0x1f
	switch {
	case !c.has(actionExit):
		return d.refuse(noCommand), nil
	case !c.has(action):
		return d.refuse(badField), nil
	case d.s.Running != nil && d.s.Running.Format:
		return d.refuseAt(formatting, d.indication()), nil
	case d.s.Running != nil:
		return d.refuseAt(sanitizing, d.indication()), nil
	case action == actionExit:
		return d.exit(), nil
	case c.Faults.Reject != nil:
		return d.refuse(*c.Faults.Reject), nil
	}
	// It covers the whole medium, however few of its blocks a host is shown.
	p := process{Action: action, Unrestricted: cdb[1]&0x20 != 0, Blocks: d.fits(d.s.Length), Length: d.s.Length,
		After: layout{d.s.Blocks, d.s.Length}}
	// A drive that failed under AUSE 0 takes no AUSE 1 for a way out.
	if f := d.s.Failed; f != nil && !f.Format && !f.Unrestricted && p.Unrestricted {
		return d.refuse(badField), nil
	}
	n := int(binary.BigEndian.Uint16(cdb[7:]))
	if action != actionOverwrite {
		if n != 0 {
			return d.refuse(badField), nil
		}
	} else if s := p.pattern(n, out); s != noSense {
		return d.refuse(s), nil
	}
	d.begin(p)
	return d.started(ctx, cdb[1]&0x80 == 0)
}

// pattern takes the parameter list of an overwrite.
func (p *process) pattern(n int, out []byte) Sense {
	if n < 5 || len(out) < n {
		return listLength
	}
	length := int(binary.BigEndian.Uint16(out[2:]))
	switch {
	case out[0]&0x1f == 0 || out[0]&0x60 != 0:
		return badParameter
	case length < 1 || length > int(p.Length) || length > n-4:
		return badParameter
	}
	p.Pattern = bytes.Clone(out[4 : 4+length])
	if passes := out[0] & 0x1f; out[0]&0x80 != 0 && passes%2 == 0 {
		for i := range p.Pattern { // the last pass wrote the inverse
			p.Pattern[i] ^= 0xff
		}
	}
	return noSense
}

// exit is EXIT FAILURE MODE.
func (d *Drive) exit() answer {
	switch f := d.s.Failed; {
	case f == nil || f.Format:
		return answer{}
	case !f.Unrestricted:
		return d.refuse(badField)
	}
	d.s.Failed = nil
	return answer{}
}

// formatUnit is FORMAT UNIT (SBC-4 §5.4).
func (d *Drive) formatUnit(ctx context.Context, cdb, out []byte) (answer, error) {
	c := d.s.Config
	switch {
	case !c.Format:
		return d.refuse(noCommand), nil
	case cdb[1]&0x20 != 0 || cdb[4]&3 == 3:
		return d.refuse(badField), nil
	case c.Faults.Reject != nil:
		return d.refuse(*c.Faults.Reject), nil
	}
	p := process{Format: true, Keep: cdb[4]&3 != 0, After: layout{d.s.Blocks, d.s.Length}}
	if d.s.Pending != nil {
		p.After = *d.s.Pending
	}
	p.Blocks, p.Length = p.After.Blocks, p.After.Length
	wait := true
	if cdb[1]&0x10 != 0 {
		switch {
		case len(out) < 4:
			return d.refuse(listLength), nil
		case out[1]&0x08 != 0 && (out[1]&0x80 == 0 || len(out) < 8 || out[4]&0x20 != 0 && !c.SI):
			return d.refuse(badParameter), nil
		}
		wait = out[1]&0x02 == 0
		p.Secure = out[1]&0x08 != 0 && out[4]&0x20 != 0
	}
	d.begin(p)
	return d.started(ctx, wait)
}

// started answers a command that began an erase.
func (d *Drive) started(ctx context.Context, wait bool) (answer, error) {
	if !wait {
		return answer{}, nil
	}
	if err := d.await(ctx); err != nil {
		return answer{}, err
	}
	if d.s.Failed != nil {
		s, _, _ := d.blocked()
		return d.refuse(s), nil
	}
	return answer{}, nil
}
