package simnvme

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"
)

var le = binary.LittleEndian

func text(b []byte, s string) { copy(b, s+strings.Repeat(" ", max(len(b)-len(s), 0))) }

func (d *Subsystem) identify(controller uint16, e *Entry, data []byte) uint16 {
	b := make([]byte, 4096)
	n := d.namespace(e.nsid())
	shown := d.attached(controller, e.nsid())
	switch byte(e.dword(10)) {
	case 0x00, 0x11:
		if byte(e.dword(10)) == 0x00 {
			n = shown
		}
		if e.nsid() == 0 || e.nsid() == allNamespaces {
			return invalidNamespace
		}
		if n != nil { // else zeros: not active
			d.tellNamespace(b, n)
		}
	case 0x01:
		d.tellController(b, controller)
	case 0x02, 0x10:
		i := 0
		for _, id := range d.ids() {
			if id > e.nsid() && (byte(e.dword(10)) == 0x10 || d.attached(controller, id) != nil) {
				le.PutUint32(b[4*i:], id)
				i++
			}
		}
	case 0x03:
		if shown == nil {
			return invalidNamespace
		}
		copy(b, append([]byte{2, 16, 0, 0}, shown.NGUID[:]...))
	case 0x12, 0x13:
		ids := d.s.Config.Controllers
		if byte(e.dword(10)) == 0x12 {
			if n == nil {
				return invalidNamespace
			}
			ids = n.Attached
		}
		ids = slices.Sorted(slices.Values(ids))
		le.PutUint16(b, uint16(len(ids)))
		for i, id := range ids {
			le.PutUint16(b[2+2*i:], id)
		}
	default:
		return invalidField
	}
	copy(data, b)
	return ok
}

func (d *Subsystem) ids() (ids []uint32) {
	for _, n := range d.s.Namespaces {
		ids = append(ids, n.ID)
	}
	slices.Sort(ids)
	return ids
}

func (d *Subsystem) tellController(b []byte, controller uint16) {
	c := d.s.Config
	serial := c.Serial
	if d.s.Faults.ChangesIdentity && d.s.Taken {
		serial = "ANOTHER"
	}
	le.PutUint16(b, 0x1d1d)
	text(b[4:24], serial)
	text(b[24:64], c.Model)
	text(b[64:72], c.Firmware)
	if len(c.Controllers) > 1 {
		b[76] = 3
		if c.Virtual && controller != c.Controllers[0] {
			b[76] |= 4
		}
	}
	b[77] = 5 // MDTS: 128 KiB
	le.PutUint16(b[78:], controller)
	le.PutUint32(b[80:], 0x10300) // 1.3: what came later is not asked for
	b[102] = c.BPCAP
	b[111] = 1 // an I/O controller
	le.PutUint16(b[256:], c.OACS)
	le.PutUint64(b[280:], uint64(c.Capacity))
	free := int64(0)
	for _, x := range d.free() {
		free += x.End - x.First
	}
	le.PutUint64(b[296:], uint64(free))
	le.PutUint32(b[312:], c.RPMBS)
	le.PutUint16(b[320:], 10) // KAS: keep alive in units of a second
	le.PutUint32(b[328:], c.Sanicap)
	b[512], b[513] = 0x66, 0x44
	le.PutUint16(b[514:], 128)
	le.PutUint32(b[516:], 32)
	le.PutUint16(b[520:], 1<<2|1<<3) // DSM, Write Zeroes
	b[524] = c.FNA
	le.PutUint32(b[536:], 1|1<<20)
	copy(b[768:1023], c.NQN)
	le.PutUint32(b[1792:], 4+8192/16)
	le.PutUint32(b[1796:], 1)
	b[1803] = 1
}

func (d *Subsystem) tellNamespace(b []byte, n *Namespace) {
	f := d.s.Config.Formats
	blocks := uint64(n.Size) >> f[n.Format].Shift
	le.PutUint64(b, blocks)
	le.PutUint64(b[8:], blocks)
	le.PutUint64(b[16:], blocks)
	b[25], b[26] = byte(len(f)-1), n.Format
	if len(n.Attached) > 1 {
		b[30] = 1
	}
	b[32] = 0x80 // FPI: supported, nothing left to do
	b[33] = d.s.Config.DLFEAT
	copy(b[104:], n.NGUID[:])
	for i, x := range f {
		le.PutUint16(b[128+4*i:], x.Metadata)
		b[128+4*i+2] = x.Shift
	}
}

func (d *Subsystem) logPage(e *Entry, data []byte) uint16 {
	b := make([]byte, 512)
	switch byte(e.dword(10)) {
	case 0x01, 0x03: // errors: none; firmware slots
	case 0x02:
		le.PutUint16(b[1:], 273+35)
		b[3], b[4], b[5] = 100, 10, 1
		le.PutUint64(b[160:], d.s.MediaErr)
	case 0x81:
		if d.s.Config.Sanicap == 0 {
			return invalidLog
		}
		d.tellSanitize(b)
	default:
		return invalidLog
	}
	if d.s.Faults.Garbage {
		d.noise(b, 1, 99)
	}
	clear(data)
	copy(data, b)
	return ok
}

func (d *Subsystem) tellSanitize(b []byte) {
	c := d.s.Config
	le.PutUint16(b, 0xffff)
	if o := d.s.Running; o != nil {
		le.PutUint16(b, uint16(min(o.share(d.clock.Now()), 65535)))
		if o.Stuck {
			le.PutUint16(b, uint16(min(o.share(d.clock.Now()), int64(d.s.Faults.StuckAt))))
		}
	}
	s := uint16(d.s.Status) | uint16(d.s.Passes)<<3
	if d.s.Erased || d.s.Faults.ErasedStuck {
		s |= 1 << 8
	}
	le.PutUint16(b[2:], s)
	le.PutUint32(b[4:], d.s.Dword10)
	seconds := func(t time.Duration) uint32 {
		if !c.Estimates {
			return math.MaxUint32
		}
		return uint32((t + time.Second - 1) / time.Second)
	}
	le.PutUint32(b[8:], seconds(16*c.Takes.Overwrite))
	le.PutUint32(b[12:], seconds(c.Takes.Block))
	le.PutUint32(b[16:], seconds(c.Takes.Crypto))
	copy(b[20:36], bytes.Repeat([]byte{0xff}, 16))
}
