package nvme

import (
	"encoding/binary"
	"fmt"
	"time"
)

// SecureErase is SES, bits 11:9 of Format NVM (NVM Command Set figure 105).
type SecureErase byte

// What a format does to the user data.
const (
	KeepData   SecureErase = 0 // nothing is promised
	EraseUser  SecureErase = 1
	EraseCrypt SecureErase = 2
)

// FormatTimeout is how long a Format NVM may take before the kernel gives up on it,
// resets the controller and leaves the drive half formatted: most drives answer when
// they are done, and a large one takes hours.
const FormatTimeout = 48 * time.Hour

// FormatCommand is Format NVM (80h) that keeps the format of n, block size, metadata
// and protection alike: only the data goes. nsid AllNamespaces formats every
// namespace by the format of n.
func FormatCommand(nsid uint32, n Namespace, ses SecureErase) (*Command, error) {
	if ses > EraseCrypt {
		return nil, fmt.Errorf("encode format: reserved secure erase setting %d", ses)
	}
	dw := uint32(n.LBAF&0xf) | uint32(n.LBAF>>4)<<12 | bit(n.Extended, 4) | uint32(n.Protection)<<5 |
		bit(n.ProtectionFirst, 8) | uint32(ses)<<9
	return &Command{Name: fmt.Sprintf("FORMAT NVM, SES %d", ses), Opcode: 0x80, NSID: nsid, CDW10: dw, Timeout: FormatTimeout}, nil
}

// Format is one entry of a namespace's table of formats (figure 98).
type Format struct {
	Metadata    uint16 // MS, bytes a block
	LogicalSize uint32 // 1<<LBADS, bytes; 0 for an entry that is not available
	Performance byte   // RP, bits 1:0: 0 is best
}

// ParseFormats decodes the table of Identify Namespace, bytes 128-383: NLBAF+1
// entries, 64 at most.
func ParseFormats(b []byte) ([]Format, error) {
	if len(b) != identifyLen {
		return nil, fmt.Errorf("decode formats: %d bytes; want %d", len(b), identifyLen)
	}
	if b[25] > 63 {
		return nil, fmt.Errorf("decode formats: %d of them", int(b[25])+1)
	}
	out := make([]Format, 0, int(b[25])+1)
	for i := range int(b[25]) + 1 {
		e := b[128+4*i:]
		f := Format{Metadata: binary.LittleEndian.Uint16(e), Performance: e[3] & 3}
		if e[2] >= 9 && e[2] <= 30 {
			f.LogicalSize = 1 << e[2]
		}
		out = append(out, f)
	}
	return out, nil
}
