package ata

import (
	"context"
	"fmt"

	"lethe/inventory/scsi"
)

// CDB is ATA PASS-THROUGH(16) (SAT-4 §12.2.2.3) for c. The 16-byte form only:
// the 12-byte one, A1h, is BLANK to an optical bridge.
//
// CK_COND, which asks for the drive's registers, is set on non-data commands
// alone: several SATA adapters fail a data command that carries it.
func CDB(c *Command) []byte {
	b := make([]byte, 16)
	b[0] = 0x85
	b[1] = byte(c.Protocol) << 1
	if c.Extend {
		b[1] |= 1
		b[3], b[5] = byte(c.Feature>>8), byte(c.Count>>8)
		b[7], b[9], b[11] = byte(c.LBA>>24), byte(c.LBA>>32), byte(c.LBA>>40)
	}
	switch c.Protocol {
	case NonData:
		b[2] = 0x20 // CK_COND
	case PIOIn:
		b[2] = 0x0e // T_DIR from the device, BYT_BLOK, length in COUNT
	case PIOOut:
		b[2] = 0x06 // BYT_BLOK, length in COUNT
	}
	b[4], b[6] = byte(c.Feature), byte(c.Count)
	b[8], b[10], b[12] = byte(c.LBA), byte(c.LBA>>8), byte(c.LBA>>16)
	b[13], b[14] = c.Device, c.Opcode
	if !c.Extend {
		b[13] |= byte(c.LBA>>24) & 0xf
	}
	return b
}

// Over is a Conn that sends ATA commands through a SCSI transport.
func Over(conn scsi.Conn) Conn { return translator{conn} }

type translator struct{ conn scsi.Conn }

func (t translator) Do(ctx context.Context, c *Command) (Response, error) {
	if err := check(c); err != nil {
		return Response{}, err
	}
	sc := &scsi.Command{Name: c.Name, CDB: CDB(c), Data: c.Data, Timeout: c.Timeout}
	switch c.Protocol {
	case PIOIn:
		sc.Dir = scsi.FromDevice
	case PIOOut:
		sc.Dir = scsi.ToDevice
	}
	r, err := t.conn.Do(ctx, sc)
	if err != nil {
		return Response{}, err
	}
	return complete(c, sc, r)
}

// complete turns the SCSI completion into the drive's own. Asked for registers,
// a drive that succeeded answers CHECK CONDITION with sense 01/00/1D.
func complete(c *Command, sc *scsi.Command, r scsi.Response) (Response, error) {
	out := Response{Sense: r.Sense}
	if regs, ok := ParseRegisters(r.Sense); ok {
		out.Registers = &regs
		if regs.Status&(statusError|statusFault) != 0 {
			a := &AbortError{Name: c.Name, Registers: &regs}
			a.Sense, _ = scsi.ParseSense(r.Sense)
			return out, a
		}
	}
	if err := r.Err(sc); err != nil {
		if r.Status != scsi.StatusCheckCondition {
			return out, err
		}
		a := &AbortError{Name: c.Name, Registers: out.Registers, Why: err.Error()}
		a.Sense, _ = scsi.ParseSense(r.Sense)
		return out, a
	}
	if c.Protocol == PIOIn && r.Received != len(c.Data) {
		return out, fmt.Errorf("%s: %d bytes arrived; want %d", c.Name, r.Received, len(c.Data))
	}
	return out, nil
}

func check(c *Command) error {
	if c.Protocol == NonData && len(c.Data) != 0 {
		return fmt.Errorf("%s: %d bytes of data with a non-data command", c.Name, len(c.Data))
	}
	if c.Protocol != NonData && len(c.Data) != int(c.Count)*sector {
		return fmt.Errorf("%s: %d bytes of data; count says %d sectors", c.Name, len(c.Data), c.Count)
	}
	return nil
}
