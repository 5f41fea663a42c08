package scsi

import (
	"context"
	"encoding/binary"
	"fmt"

	"lethe/inventory/internal/ascii"
)

// Vital product data pages Lethe reads.
const (
	PageSupported       = 0x00 // SPC-5 §7.7.17
	PageSerial          = 0x80 // SPC-5 §7.7.18
	PageIdentification  = 0x83 // SPC-5 §7.7.6
	PageATA             = 0x89 // SAT-4 §12.4.2: present means SATA behind a translator
	PageLimits          = 0xb0 // SBC-4 §6.6.4
	PageCharacteristics = 0xb1 // SBC-4 §6.6.2
	PageProvisioning    = 0xb2 // SBC-4 §6.6.7
)

// vpdLen is the first request: the most that fits the one-byte length of SCSI-2,
// which old bridges insist on.
const vpdLen = 252

// VPDCommand asks for one vital product data page, at most n bytes of it.
func VPDCommand(page byte, n uint16) *Command {
	return &Command{
		Name: fmt.Sprintf("INQUIRY VPD %02Xh", page),
		CDB:  []byte{0x12, 1, page, byte(n >> 8), byte(n), 0},
		Dir:  FromDevice, Data: make([]byte, n),
	}
}

// PageData checks the header of a vital product data page and returns its
// body. Some USB bridges answer every request with standard INQUIRY data, so a
// page code that is not the one asked for is an error.
func PageData(page byte, b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("decode VPD %02Xh: %d bytes; want at least 4", page, len(b))
	}
	if b[1] != page {
		return nil, fmt.Errorf("decode VPD %02Xh: page code %02Xh came back", page, b[1])
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n > len(b)-4 {
		return nil, fmt.Errorf("decode VPD %02Xh: %d bytes of %d arrived", page, len(b)-4, n)
	}
	return b[4 : 4+n], nil
}

// ReadPage reads one vital product data page and returns its body. A page longer
// than the first request is asked for again in full.
func ReadPage(ctx context.Context, conn Conn, page byte) ([]byte, error) {
	b, err := read(ctx, conn, VPDCommand(page, vpdLen))
	if err != nil {
		return nil, err
	}
	if len(b) >= 4 && b[1] == page {
		if n := 4 + int(binary.BigEndian.Uint16(b[2:])); n > vpdLen && n <= 0xffff {
			if b, err = read(ctx, conn, VPDCommand(page, uint16(n))); err != nil {
				return nil, err
			}
		}
	}
	return PageData(page, b)
}

// ReadSerial reads the unit serial number page.
func ReadSerial(ctx context.Context, conn Conn) (string, error) {
	b, err := ReadPage(ctx, conn, PageSerial)
	if err != nil {
		return "", err
	}
	return ascii.Clean(b), nil
}

// Characteristics is the block device characteristics page.
type Characteristics struct {
	Rotation   uint16 // 0 not reported, 1 non-rotating, 0401h-FFFEh revolutions a minute
	FormFactor byte   // 1 = 5.25", 2 = 3.5", 3 = 2.5", 4 = 1.8", 5 smaller
	Zoned      byte   // 0 not reported, 1 host aware, 2 device managed
	AfterBlock byte   // WABEREQ: reads after a block erase; 2 and 3 mean medium error
	AfterCrypt byte   // WACEREQ: reads after a crypto erase; 2 and 3 mean medium error
}

// ParseCharacteristics decodes the body of page B1h.
func ParseCharacteristics(b []byte) (Characteristics, error) {
	if len(b) < 4 {
		return Characteristics{}, fmt.Errorf("decode VPD B1h: %d bytes; want at least 4", len(b))
	}
	return Characteristics{
		Rotation:   binary.BigEndian.Uint16(b),
		AfterBlock: b[3] >> 6 & 3,
		AfterCrypt: b[3] >> 4 & 3,
		FormFactor: b[3] & 0xf,
		Zoned:      zonedBits(b),
	}, nil
}

func zonedBits(b []byte) byte {
	if len(b) < 5 {
		return 0
	}
	return b[4] >> 4 & 3
}

// Provisioning is the logical block provisioning page.
type Provisioning struct {
	Unmap       bool // LBPU
	WriteSame   bool // LBPWS
	WriteSame10 bool // LBPWS10
	ReadsZero   byte // LBPRZ, 3 bits
	Type        byte // 0 full or not reported, 1 resource, 2 thin
}

// ProvisionedThin is Provisioning.Type of a thin volume.
const ProvisionedThin = 2

// ParseProvisioning decodes the body of page B2h.
func ParseProvisioning(b []byte) (Provisioning, error) {
	if len(b) < 3 {
		return Provisioning{}, fmt.Errorf("decode VPD B2h: %d bytes; want at least 3", len(b))
	}
	return Provisioning{
		Unmap:       b[1]&0x80 != 0,
		WriteSame:   b[1]&0x40 != 0,
		WriteSame10: b[1]&0x20 != 0,
		ReadsZero:   b[1] >> 2 & 7,
		Type:        b[2] & 7,
	}, nil
}

// Limits is the block limits page, the parts an erase plans with.
type Limits struct {
	MaxTransfer  uint32 // blocks, 0 not reported
	MaxUnmap     uint32 // blocks a command
	MaxWriteSame uint64 // blocks a command, 0 not reported
}

// ParseLimits decodes the body of page B0h. SBC-2 devices end it early.
func ParseLimits(b []byte) (Limits, error) {
	if len(b) < 12 {
		return Limits{}, fmt.Errorf("decode VPD B0h: %d bytes; want at least 12", len(b))
	}
	l := Limits{MaxTransfer: binary.BigEndian.Uint32(b[4:])}
	if len(b) >= 20 {
		l.MaxUnmap = binary.BigEndian.Uint32(b[16:])
	}
	if len(b) >= 40 {
		l.MaxWriteSame = binary.BigEndian.Uint64(b[32:])
	}
	return l, nil
}
