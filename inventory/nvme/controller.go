package nvme

import (
	"encoding/binary"
	"fmt"

	"lethe/inventory/internal/ascii"
)

// Controller is the Identify Controller data structure (Base Specification
// figure 275), the fields Lethe decides on.
type Controller struct {
	VID      uint16 // bytes 0-1, PCI vendor
	Serial   string // 4-23 SN
	Model    string // 24-63 MN
	Firmware string // 64-71 FR
	CMIC     CMIC   // 76
	CNTLID   uint16 // 78-79
	Version  uint32 // 80-83 VER
	BPCAP    byte   // 102, bits 1:0: how boot partitions are protected against writes; 0 not told
	OACS     OACS   // 256-257
	WCTemp   uint16 // 266-267, kelvins: above it the drive warns; 0 when not reported
	CCTemp   uint16 // 268-269, kelvins: critical; 0 when not reported
	Total    uint64 // 280-295 TNVMCAP, bytes; 0 when not reported
	Unused   uint64 // 296-311 UNVMCAP, bytes
	RPMB     RPMB   // 312-315 RPMBS
	Sanicap  Sanicap
	NN       uint32 // 516-519, highest namespace number
	ONCS     ONCS   // 520-521
	FNA      FNA    // 524
	VWC      byte   // 525, bit 0: a volatile write cache is present
	SubNQN   string // 768-1023
}

// CMIC is Controller Multi-Path I/O and Namespace Sharing Capabilities.
type CMIC byte

// Ports reports that the subsystem may have more than one port.
func (c CMIC) Ports() bool { return c&1 != 0 }

// Controllers reports that the subsystem may have more than one controller.
func (c CMIC) Controllers() bool { return c>>1&1 != 0 }

// Virtual reports that this controller is an SR-IOV virtual function.
func (c CMIC) Virtual() bool { return c>>2&1 != 0 }

// OACS is Optional Admin Command Support.
type OACS uint16

// Security reports Security Send and Security Receive.
func (o OACS) Security() bool { return o&1 != 0 }

// Format reports Format NVM.
func (o OACS) Format() bool { return o>>1&1 != 0 }

// Management reports Namespace Management and Attachment.
func (o OACS) Management() bool { return o>>3&1 != 0 }

// Sanicap is Sanitize Capabilities, bytes 328-331.
type Sanicap uint32

// Crypto reports the crypto erase sanitize operation.
func (s Sanicap) Crypto() bool { return s&1 != 0 }

// Block reports the block erase sanitize operation.
func (s Sanicap) Block() bool { return s>>1&1 != 0 }

// Overwrite reports the overwrite sanitize operation.
func (s Sanicap) Overwrite() bool { return s>>2&1 != 0 }

// Verification reports the media verification state (VERS, NVMe 2.1).
func (s Sanicap) Verification() bool { return s>>3&1 != 0 }

// Inhibited reports that blocks may be deallocated although NDAS asks to keep them (NDI).
func (s Sanicap) Inhibited() bool { return s>>29&1 != 0 }

// Values of Sanicap.Modifies.
const (
	ModifiesUnknown = 0
	ModifiesNot     = 1
	ModifiesAfter   = 2 // the media is written once more after the operation
)

// Modifies is NODMMAS: whether keeping blocks allocated makes the drive modify the
// media after the operation.
func (s Sanicap) Modifies() int { return int(s >> 30 & 3) }

// FNA is Format NVM Attributes.
type FNA byte

// AllFormatted reports that a format reaches every namespace of the subsystem.
func (f FNA) AllFormatted() bool { return f&1 != 0 }

// AllErased reports that a secure erase reaches every namespace.
func (f FNA) AllErased() bool { return f>>1&1 != 0 }

// Crypto reports cryptographic erase as part of Format NVM.
func (f FNA) Crypto() bool { return f>>2&1 != 0 }

// NoBroadcast reports that AllNamespaces is not taken by Format NVM.
func (f FNA) NoBroadcast() bool { return f>>3&1 != 0 }

// RPMB is Replay Protected Memory Block Support: write-once-keyed storage that
// no erase reaches.
type RPMB uint32

// Units is how many targets there are, 0-7.
func (r RPMB) Units() int { return int(r & 7) }

// Bytes is the size of all targets together: units of 128 KiB, counted from 0.
func (r RPMB) Bytes() uint64 {
	return uint64(r.Units()) * (uint64(r>>16&0xff) + 1) * 128 << 10
}

// ParseController decodes 4096 bytes of Identify Controller.
func ParseController(b []byte) (Controller, error) {
	if len(b) != identifyLen {
		return Controller{}, fmt.Errorf("decode identify controller: %d bytes; want %d", len(b), identifyLen)
	}
	if !ascii.NonZero(b) {
		return Controller{}, fmt.Errorf("decode identify controller: all bytes zero")
	}
	le := binary.LittleEndian
	return Controller{
		VID:      le.Uint16(b),
		Serial:   ascii.Clean(b[4:24]),
		Model:    ascii.Clean(b[24:64]),
		Firmware: ascii.Clean(b[64:72]),
		CMIC:     CMIC(b[76]),
		CNTLID:   le.Uint16(b[78:]),
		Version:  le.Uint32(b[80:]),
		BPCAP:    b[102],
		OACS:     OACS(le.Uint16(b[256:])),
		WCTemp:   le.Uint16(b[266:]),
		CCTemp:   le.Uint16(b[268:]),
		Total:    low64(b[280:]),
		Unused:   low64(b[296:]),
		RPMB:     RPMB(le.Uint32(b[312:])),
		Sanicap:  Sanicap(le.Uint32(b[328:])),
		NN:       le.Uint32(b[516:]),
		ONCS:     ONCS(le.Uint16(b[520:])),
		FNA:      FNA(b[524]),
		VWC:      b[525],
		SubNQN:   ascii.Clean(b[768:1024]),
	}, nil
}

// low64 reads a 128-bit count; one beyond 64 bits, 16 EiB, reads as the largest.
func low64(b []byte) uint64 {
	if binary.LittleEndian.Uint64(b[8:]) != 0 {
		return 1<<64 - 1
	}
	return binary.LittleEndian.Uint64(b)
}
