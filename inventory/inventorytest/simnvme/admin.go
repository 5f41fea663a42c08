package simnvme

import (
	"context"
	"encoding/binary"
	"slices"
)

// allNamespaces is the broadcast identifier.
const allNamespaces = 0xffffffff

func (d *Subsystem) admin(ctx context.Context, controller uint16, e *Entry, data []byte) (status uint16, result uint32, err error) {
	switch e.opcode() {
	case 0x06:
		return d.identify(controller, e, data), 0, nil
	case 0x02:
		return d.logPage(e, data), 0, nil
	case 0x0a:
		if byte(e.dword(10)) == 0x17 && d.s.NoDRM {
			return ok, 1, nil
		}
		return ok, 0, nil
	case 0x09:
		if byte(e.dword(10)) == 0x17 {
			d.s.NoDRM = e.dword(11)&1 != 0
		}
		return ok, 0, nil
	case 0x18, 0x08: // keep alive; abort: nothing was aborted
		return ok, 1, nil
	case 0x84:
		return d.sanitize(e), 0, nil
	case 0x80:
		status, err = d.format(ctx, controller, e)
		return status, 0, err
	case 0x0d, 0x15:
		status, result = d.manage(e, data)
		return status, result, nil
	case 0x81, 0x82:
		return d.security(ctx, e, data), 0, nil
	}
	return invalidOpcode, 0, nil
}

// format takes Format NVM (80h). It ends when it is done.
func (d *Subsystem) format(ctx context.Context, controller uint16, e *Entry) (uint16, error) {
	f, dw := d.s.Faults, e.dword(10)
	ses, lbaf := dw>>9&7, byte(dw&0xf|dw>>12&3<<4)
	switch {
	case d.s.Config.OACS>>1&1 == 0 || f.Unsupported:
		return invalidOpcode, nil
	case f.Reject != 0:
		return f.Reject, nil
	case d.locked():
		return accessDenied, nil
	case d.s.Running != nil:
		return sanitizing, nil
	case d.s.Status == 3:
		return sanitizeFailed, nil
	case int(lbaf) >= len(d.s.Config.Formats):
		return invalidFormat, nil
	case ses > 2 || ses == 2 && d.s.Config.FNA>>2&1 == 0:
		return invalidField, nil
	}
	targets := d.reached(controller, e.nsid(), ses != 0)
	if targets == nil {
		return invalidNamespace, nil
	}
	d.log = append(d.log, "format")
	d.s.Taken = true
	if f.Stale {
		return ok, nil
	}
	if f.StuckAt != 0 {
		d.mu.Unlock()
		<-ctx.Done()
		d.mu.Lock()
		return 0, ctx.Err()
	}
	op := &operation{Dword10: map[uint32]uint32{1: actBlock, 2: actCrypto}[ses]}
	for _, n := range targets {
		end := n.Offset + n.Size
		if p := max(f.FailAt, f.PowerCutAt); p > 0 {
			end = n.Offset + n.Size*int64(p)/100/unit*unit
		}
		if ses != 0 {
			d.erase(extent{n.Offset, end}, op)
		}
		if e.nsid() == n.ID || e.nsid() == allNamespaces || d.s.Config.FNA&1 != 0 {
			n.Format = lbaf
		}
	}
	switch {
	case f.FailAt > 0:
		return internalError, nil
	case f.PowerCutAt > 0 && d.once("power"):
		d.off()
		return 0, ErrPower
	}
	return ok, nil
}

// reached are the namespaces that a format of nsid does, by FNA; nil for none.
func (d *Subsystem) reached(controller uint16, nsid uint32, erases bool) []*Namespace {
	fna := d.s.Config.FNA
	one := d.attached(controller, nsid)
	switch {
	case nsid == allNamespaces && fna>>3&1 != 0:
		return nil
	case one == nil && nsid != allNamespaces:
		return nil
	case d.s.Faults.FormatOne:
		if one == nil && len(d.s.Namespaces) > 0 {
			one = d.s.Namespaces[0]
		}
		return []*Namespace{one}
	case nsid == allNamespaces || fna&1 != 0 || erases && fna>>1&1 != 0:
		return slices.Clone(d.s.Namespaces)
	}
	return []*Namespace{one}
}

// manage takes Namespace Management (0Dh) and Attachment (15h).
func (d *Subsystem) manage(e *Entry, data []byte) (uint16, uint32) {
	switch {
	case d.s.Config.OACS>>3&1 == 0:
		return invalidOpcode, 0
	case d.s.Running != nil:
		return sanitizing, 0
	case e.opcode() == 0x15:
		return d.attach(e, data), 0
	case e.dword(10)&0xf == 1:
		if e.nsid() != allNamespaces && d.namespace(e.nsid()) == nil {
			return invalidNamespace, 0
		}
		d.log = append(d.log, "delete")
		d.s.Namespaces = slices.DeleteFunc(d.s.Namespaces, func(n *Namespace) bool {
			return e.nsid() == allNamespaces || n.ID == e.nsid()
		})
		return ok, 0
	case len(data) < 4096 || int(data[26]&0xf) >= len(d.s.Config.Formats):
		return invalidFormat, 0
	}
	size := int64(binary.LittleEndian.Uint64(data)) << d.s.Config.Formats[data[26]&0xf].Shift
	at, found := d.room(size)
	if !found {
		return noCapacity, 0
	}
	id := uint32(1)
	for d.namespace(id) != nil {
		id++
	}
	n := &Namespace{ID: id, Offset: at, Size: size, Format: data[26] & 0xf}
	n.NGUID[0], n.NGUID[15] = 0x5e, byte(id)
	d.s.Namespaces = append(d.s.Namespaces, n)
	d.log = append(d.log, "create")
	return ok, id
}

// free are the stretches of the medium in no namespace.
func (d *Subsystem) free() extents {
	e := extents{{0, d.s.Config.Capacity}}
	for _, n := range d.s.Namespaces {
		e = e.without(extent{n.Offset, n.Offset + n.Size})
	}
	return e
}

func (d *Subsystem) room(size int64) (int64, bool) {
	for _, x := range d.free() {
		if size > 0 && x.End-x.First >= size {
			return x.First, true
		}
	}
	return 0, false
}

func (d *Subsystem) attach(e *Entry, data []byte) uint16 {
	n := d.namespace(e.nsid())
	if n == nil || len(data) < 4096 {
		return invalidNamespace
	}
	count := int(binary.LittleEndian.Uint16(data))
	if count == 0 || count > 2047 {
		return invalidField
	}
	for i := range count {
		id := binary.LittleEndian.Uint16(data[2+2*i:])
		if !slices.Contains(d.s.Config.Controllers, id) {
			return 0x411c // controller list invalid
		}
		n.Attached = slices.DeleteFunc(n.Attached, func(x uint16) bool { return x == id })
		if e.dword(10)&0xf == 0 {
			n.Attached = append(n.Attached, id)
		}
	}
	d.log = append(d.log, "attach")
	return ok
}

func (d *Subsystem) security(ctx context.Context, e *Entry, data []byte) uint16 {
	if d.TPer == nil {
		return invalidOpcode
	}
	move := d.TPer.Receive
	if e.opcode() == 0x81 {
		move = d.TPer.Send
	}
	if err := move(ctx, byte(e.dword(10)>>24), uint16(e.dword(10)>>8), data); err != nil {
		return invalidField
	}
	return ok
}
