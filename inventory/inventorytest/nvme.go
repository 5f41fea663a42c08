package inventorytest

import (
	"context"
	"encoding/binary"

	"lethe/inventory/nvme"
)

// NVMeDrive is an NVMe controller, an nvme.Conn. It answers Identify.
type NVMeDrive struct {
	VID                     uint16
	Serial, Model, Firmware string
	NQN                     string
	CNTLID                  uint16
	OACS                    uint16
	Sanicap, RPMBS          uint32
	FNA                     byte
	Unused                  uint64 // UNVMCAP, bytes
	Namespaces              map[uint32]NVMeNamespace
	Detached                []uint32 // allocated, not attached
	NoDescriptors           bool     // older than NVMe 1.3
	ONCS                    uint16
	WCTemp, CCTemp, Kelvin  uint16 // limits, and how hot it is now; 0: not told
}

// NVMeHosts answers Reservation Report: an nvme.Conn for I/O commands. Long
// makes it refuse the short form of the report.
type NVMeHosts struct {
	Hosts  [][16]byte // registered; the first holds a reservation of Type, when not 0
	Type   byte
	Long   bool
	Status nvme.Status // refuses with it
}

// Do answers one command.
func (n *NVMeHosts) Do(_ context.Context, c *nvme.Command) (nvme.Response, error) {
	const invalidOpcode, inconsistent = 0x4001, 0x4018
	long, size := c.CDW11&1 != 0, 24
	switch {
	case c.Opcode != 0x0e:
		return nvme.Response{Status: invalidOpcode}, nil
	case n.Status != 0:
		return nvme.Response{Status: n.Status}, nil
	case n.Long && !long:
		return nvme.Response{Status: inconsistent}, nil
	case long:
		size = 64
	}
	b := make([]byte, size*(len(n.Hosts)+1))
	b[4] = n.Type
	binary.LittleEndian.PutUint16(b[5:], uint16(len(n.Hosts)))
	for i, h := range n.Hosts {
		e := b[size*(i+1):]
		if i == 0 && n.Type != 0 {
			e[2] = 1
		}
		if long {
			copy(e[16:], h[:])
		} else {
			copy(e[8:16], h[:])
		}
	}
	copy(c.Data, b)
	return nvme.Response{}, nil
}

// NVMeNamespace is one namespace of an NVMeDrive. Shift is the power of two of
// its logical block, 9 or 12.
type NVMeNamespace struct {
	Blocks uint64
	Shift  byte
	NGUID  [16]byte
	EUI64  [8]byte
	Set    byte // command set, 2 = zoned
}

// Do answers one command.
func (d *NVMeDrive) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	if err := ctx.Err(); err != nil {
		return nvme.Response{}, err
	}
	const invalidField, invalidNamespace, invalidOpcode = 0x4002, 0x400b, 0x4001
	if c.Opcode == 0x02 && c.CDW10&0xff == 0x02 {
		binary.LittleEndian.PutUint16(c.Data[1:], d.Kelvin)
		return nvme.Response{}, nil
	}
	if c.Opcode != 0x06 {
		return nvme.Response{Status: invalidOpcode}, nil
	}
	ns, ok := d.Namespaces[c.NSID]
	switch c.CDW10 {
	case 0x01:
		copy(c.Data, d.controller())
	case 0x00:
		if !ok {
			return nvme.Response{Status: invalidNamespace}, nil
		}
		copy(c.Data, ns.identify())
	case 0x03:
		if d.NoDescriptors || !ok {
			return nvme.Response{Status: invalidField}, nil
		}
		copy(c.Data, append([]byte{2, 16, 0, 0}, append(ns.NGUID[:], 4, 1, 0, 0, ns.Set)...))
	case 0x02:
		list(c.Data, d.active())
	case 0x10:
		list(c.Data, append(d.active(), d.Detached...))
	default:
		return nvme.Response{Status: invalidField}, nil
	}
	return nvme.Response{}, nil
}

func (d *NVMeDrive) active() (out []uint32) {
	for n := uint32(1); n < 64; n++ {
		if _, ok := d.Namespaces[n]; ok {
			out = append(out, n)
		}
	}
	return out
}

func list(b []byte, ids []uint32) {
	for i, n := range ids {
		binary.LittleEndian.PutUint32(b[4*i:], n)
	}
}

func (d *NVMeDrive) controller() []byte {
	b := make([]byte, 4096)
	le := binary.LittleEndian
	le.PutUint16(b, d.VID)
	padded(b[4:24], d.Serial)
	padded(b[24:64], d.Model)
	padded(b[64:72], d.Firmware)
	le.PutUint16(b[78:], d.CNTLID)
	le.PutUint32(b[80:], 0x010400)
	le.PutUint16(b[256:], d.OACS)
	le.PutUint16(b[266:], d.WCTemp)
	le.PutUint16(b[268:], d.CCTemp)
	le.PutUint64(b[296:], d.Unused)
	le.PutUint32(b[312:], d.RPMBS)
	le.PutUint32(b[328:], d.Sanicap)
	le.PutUint16(b[520:], d.ONCS)
	b[524] = d.FNA
	copy(b[768:1024], d.NQN)
	return b
}

func (n NVMeNamespace) identify() []byte {
	b := make([]byte, 4096)
	le := binary.LittleEndian
	le.PutUint64(b, n.Blocks)
	le.PutUint64(b[8:], n.Blocks)
	copy(b[104:], n.NGUID[:])
	copy(b[120:], n.EUI64[:])
	b[130] = n.Shift
	return b
}
