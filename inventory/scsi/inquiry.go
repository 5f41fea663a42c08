package scsi

import (
	"context"
	"fmt"

	"lethe/inventory/internal/ascii"
)

// Peripheral device types of SPC-5 table 142.
const (
	TypeDisk      = 0x00 // direct access block device
	TypeCD        = 0x05
	TypeEnclosure = 0x0d
	TypeZoned     = 0x14 // host managed zoned block device
)

// inquiryLen is the standard INQUIRY every device must give in full. Asking for
// more makes some USB bridges hang.
const inquiryLen = 36

// Inquiry is standard INQUIRY data (SPC-5 §6.7.2).
type Inquiry struct {
	Qualifier  byte   // byte 0 bits 7:5; 0 = connected
	DeviceType byte   // byte 0 bits 4:0
	Removable  bool   // byte 1 bit 7, RMB: the medium, not the drive, can be taken out
	Version    byte   // byte 2
	Vendor     string // bytes 8-15, T10 vendor identification
	Product    string // bytes 16-31
	Revision   string // bytes 32-35
}

// InquiryCommand asks for standard INQUIRY data.
func InquiryCommand() *Command {
	return &Command{
		Name: "INQUIRY",
		CDB:  []byte{0x12, 0, 0, 0, inquiryLen, 0},
		Dir:  FromDevice, Data: make([]byte, inquiryLen),
	}
}

// ParseInquiry decodes standard INQUIRY data of at least 36 bytes.
func ParseInquiry(b []byte) (Inquiry, error) {
	if len(b) < inquiryLen {
		return Inquiry{}, fmt.Errorf("decode INQUIRY: %d bytes; want %d", len(b), inquiryLen)
	}
	return Inquiry{
		Qualifier:  b[0] >> 5,
		DeviceType: b[0] & 0x1f,
		Removable:  b[1]&0x80 != 0,
		Version:    b[2],
		Vendor:     ascii.Clean(b[8:16]),
		Product:    ascii.Clean(b[16:32]),
		Revision:   ascii.Clean(b[32:36]),
	}, nil
}

// ReadInquiry asks the device for standard INQUIRY data.
func ReadInquiry(ctx context.Context, conn Conn) (Inquiry, error) {
	b, err := read(ctx, conn, InquiryCommand())
	if err != nil {
		return Inquiry{}, err
	}
	return ParseInquiry(b)
}

// IsATA reports whether the device is an ATA drive behind a SCSI/ATA translation
// layer: SAT-4 §8.1.2 fixes the vendor field to "ATA".
func (q Inquiry) IsATA() bool { return q.Vendor == "ATA" }
