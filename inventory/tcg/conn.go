// Package tcg encodes and decodes what self-encrypting drives speak: level 0
// discovery, packets, tokens and the few methods by which a drive is asked for its
// state and set back to its factory state, which replaces every media key.
//
// It makes no system call: a Conn carries the bytes, by the security commands of
// ATA, SCSI or NVMe. Clauses cited are those of the TCG Storage Architecture Core
// Specification 2.01 and the Opal SSC 2.01; identifiers are those of the Linux
// kernel's block/sed-opal.c.
//
// Nothing here proves that a revert erased data: where media are not encrypted
// (Locking.Encrypts, always so for Pyrite) no key goes.
package tcg

import (
	"context"
	"fmt"
	"time"

	"lethe/inventory/ata"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
)

// Conn is IF-SEND and IF-RECV (Core 3.3.3): bytes of a security protocol to and from a
// communication channel of the drive. Buffers are multiples of 512 bytes.
type Conn interface {
	Send(ctx context.Context, protocol byte, comID uint16, data []byte) error
	Receive(ctx context.Context, protocol byte, comID uint16, data []byte) error
}

const (
	block = 512
	// ioTimeout is for one IF-SEND or IF-RECV: a drive may hold the answer to a revert
	// until every key is made.
	ioTimeout = 5 * time.Minute
	// maxBlocks is the longest transfer here, so that ATA needs no more than eight bits.
	maxBlocks = 255
)

func fits(data []byte) error {
	if len(data) == 0 || len(data)%block != 0 || len(data)/block > maxBlocks {
		return fmt.Errorf("security transfer: %d bytes; want 1 to %d blocks of %d", len(data), maxBlocks, block)
	}
	return nil
}

// OverATA carries them by TRUSTED SEND and TRUSTED RECEIVE (5Eh, 5Ch, ACS-3 7.57).
// Linux lets these through only when started with libata.allow_tpm=1.
func OverATA(conn ata.Conn) Conn { return overATA{conn} }

type overATA struct{ conn ata.Conn }

func (o overATA) Send(ctx context.Context, protocol byte, comID uint16, data []byte) error {
	return o.do(ctx, &ata.Command{Name: "TRUSTED SEND", Protocol: ata.PIOOut, Opcode: 0x5e}, protocol, comID, data)
}

func (o overATA) Receive(ctx context.Context, protocol byte, comID uint16, data []byte) error {
	return o.do(ctx, &ata.Command{Name: "TRUSTED RECEIVE", Protocol: ata.PIOIn, Opcode: 0x5c}, protocol, comID, data)
}

func (o overATA) do(ctx context.Context, c *ata.Command, protocol byte, comID uint16, data []byte) error {
	if err := fits(data); err != nil {
		return err
	}
	c.Feature, c.Count, c.LBA = uint16(protocol), uint16(len(data)/block), uint64(comID)<<8
	c.Data, c.Timeout = data, ioTimeout
	_, err := o.conn.Do(ctx, c)
	return err
}

// OverSCSI carries them by SECURITY PROTOCOL OUT and IN (B5h, A2h, SPC-5 6.40), in
// units of 512 bytes.
func OverSCSI(conn scsi.Conn) Conn { return overSCSI{conn} }

type overSCSI struct{ conn scsi.Conn }

func (o overSCSI) Send(ctx context.Context, protocol byte, comID uint16, data []byte) error {
	return o.do(ctx, &scsi.Command{Name: "SECURITY PROTOCOL OUT", Dir: scsi.ToDevice}, 0xb5, protocol, comID, data)
}

func (o overSCSI) Receive(ctx context.Context, protocol byte, comID uint16, data []byte) error {
	return o.do(ctx, &scsi.Command{Name: "SECURITY PROTOCOL IN", Dir: scsi.FromDevice}, 0xa2, protocol, comID, data)
}

func (o overSCSI) do(ctx context.Context, c *scsi.Command, op, protocol byte, comID uint16, data []byte) error {
	if err := fits(data); err != nil {
		return err
	}
	c.CDB = []byte{op, protocol, byte(comID >> 8), byte(comID), 0x80, 0, 0, 0, 0, byte(len(data) / block), 0, 0}
	c.Data, c.Timeout = data, ioTimeout
	r, err := o.conn.Do(ctx, c)
	if err != nil {
		return err
	}
	return r.Err(c)
}

// OverNVMe carries them by Security Send and Security Receive (81h, 82h).
func OverNVMe(conn nvme.Conn) Conn { return overNVMe{conn} }

type overNVMe struct{ conn nvme.Conn }

func (o overNVMe) Send(ctx context.Context, protocol byte, comID uint16, data []byte) error {
	return o.do(ctx, nvme.SecuritySendCommand(protocol, comID, data), data)
}

func (o overNVMe) Receive(ctx context.Context, protocol byte, comID uint16, data []byte) error {
	c := nvme.SecurityReceiveCommand(protocol, comID, len(data))
	c.Data = data
	return o.do(ctx, c, data)
}

func (o overNVMe) do(ctx context.Context, c *nvme.Command, data []byte) error {
	if err := fits(data); err != nil {
		return err
	}
	c.Timeout = ioTimeout
	r, err := o.conn.Do(ctx, c)
	if err != nil {
		return err
	}
	return r.Err(c)
}
