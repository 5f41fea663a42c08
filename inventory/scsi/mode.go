package scsi

import (
	"context"
	"encoding/binary"
	"fmt"
)

// modeLen holds the header, one descriptor and any page that is asked for.
const modeLen = 252

// pageRecovery is the Read-Write Error Recovery mode page (SBC-4 §6.5.10), which
// every disk has: a page must be named for the block descriptor to come.
const pageRecovery = 0x01

// AllBlocks asks for as many blocks as fit the medium (SBC-4 §6.5.2.3). It gives back
// what an earlier MODE SELECT cut off, too.
const AllBlocks = 1<<64 - 1

// BlockDescriptor is the mode parameter block descriptor of a disk: how it is
// formatted, or is to be (SBC-4 §6.5.2).
type BlockDescriptor struct {
	Blocks uint64
	Length uint32 // bytes a block; 512, 520, 524, 528, 4096, 4104, 4160, 4224
}

// Mode is MODE SENSE data.
type Mode struct {
	WriteProtected bool
	Long           bool             // LONGLBA: the descriptor has 16 bytes
	Block          *BlockDescriptor // nil where the drive gives none
	Page           []byte           // the page itself, header included
}

// ModeSenseCommand is MODE SENSE(10) (5Ah, SPC-5 §6.15) of the current values of a
// page. long asks for the descriptor of 16 bytes (LLBAA), which has room for the
// number of blocks of every disk.
func ModeSenseCommand(page byte, long bool) *Command {
	c := &Command{Name: fmt.Sprintf("MODE SENSE(10) %02Xh", page), Dir: FromDevice, Data: make([]byte, modeLen),
		CDB: []byte{0x5a, 0, page & 0x3f, 0, 0, 0, 0, 0, modeLen, 0}}
	if long {
		c.CDB[1] = 0x10
	}
	return c
}

// ParseMode decodes MODE SENSE(10) data (SPC-5 §7.5.5).
func ParseMode(b []byte) (Mode, error) {
	if len(b) < 8 {
		return Mode{}, fmt.Errorf("decode MODE SENSE: %d bytes; want at least 8", len(b))
	}
	// The length counts what follows it; a longer buffer holds stale bytes.
	b = b[:min(len(b), 2+int(binary.BigEndian.Uint16(b)))]
	if len(b) < 8 {
		return Mode{}, fmt.Errorf("decode MODE SENSE: a length of %d bytes", len(b))
	}
	m := Mode{WriteProtected: b[3]&0x80 != 0, Long: b[4]&1 != 0}
	n := int(binary.BigEndian.Uint16(b[6:]))
	if n > len(b)-8 {
		return m, fmt.Errorf("decode MODE SENSE: descriptors of %d bytes, %d arrived", n, len(b)-8)
	}
	d, be := b[8:8+n], binary.BigEndian
	switch {
	case m.Long && n >= 16:
		m.Block = &BlockDescriptor{be.Uint64(d), be.Uint32(d[12:])}
	case !m.Long && n >= 8:
		// Byte 4 is reserved here, or a density that disks no longer have.
		m.Block = &BlockDescriptor{uint64(be.Uint32(d)), be.Uint32(d[4:]) & 0xffffff}
	}
	m.Page = b[8+n:]
	return m, nil
}

// ReadMode reads the block descriptor, by the long form where the drive has it.
func ReadMode(ctx context.Context, conn Conn) (Mode, error) {
	b, err := read(ctx, conn, ModeSenseCommand(pageRecovery, true))
	if unsupported(err) {
		b, err = read(ctx, conn, ModeSenseCommand(pageRecovery, false))
	}
	if err != nil {
		return Mode{}, err
	}
	return ParseMode(b)
}

// Command is MODE SELECT(10) (55h, SPC-5 §6.13) of this descriptor and no page. From
// then on a drive whose blocks change is FormatCorrupt until FORMAT UNIT has ended.
// Only the long form can say AllBlocks in full; the short one says it in 32 bits.
func (d BlockDescriptor) Command(long bool) (*Command, error) {
	be := binary.BigEndian
	c := &Command{Name: "MODE SELECT(10)", Dir: ToDevice, Timeout: startTimeout,
		CDB: []byte{0x55, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}} // PF
	if long {
		c.Data = make([]byte, 24)
		c.Data[4], c.Data[7] = 1, 16
		be.PutUint64(c.Data[8:], d.Blocks)
		be.PutUint32(c.Data[20:], d.Length)
	} else {
		if d.Blocks > 1<<32-1 && d.Blocks != AllBlocks || d.Length >= 1<<24 {
			return nil, fmt.Errorf("encode MODE SELECT: %d blocks of %d bytes do not fit the short descriptor", d.Blocks, d.Length)
		}
		c.Data = make([]byte, 16)
		c.Data[7] = 8
		be.PutUint32(c.Data[8:], uint32(min(d.Blocks, 1<<32-1)))
		be.PutUint32(c.Data[12:], d.Length)
	}
	c.CDB[8] = byte(len(c.Data))
	return c, nil
}
