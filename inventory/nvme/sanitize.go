package nvme

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// SanitizeAction is SANACT, bits 2:0 of Sanitize (Base Specification figure 304).
type SanitizeAction byte

// The sanitize actions.
const (
	ExitFailure       SanitizeAction = 1 // leaves the failed state, where AUSE was set
	BlockErase        SanitizeAction = 2
	SanitizeOverwrite SanitizeAction = 3
	CryptoErase       SanitizeAction = 4
	ExitVerification  SanitizeAction = 5 // ends the media verification state (NVMe 2.1)
)

// String is the action's name in the standard.
func (a SanitizeAction) String() string {
	switch a {
	case ExitFailure:
		return "exit failure mode"
	case BlockErase:
		return "block erase"
	case SanitizeOverwrite:
		return "overwrite"
	case CryptoErase:
		return "crypto erase"
	case ExitVerification:
		return "exit media verification"
	}
	return fmt.Sprintf("action %d", byte(a))
}

// Sanitize is what a Sanitize command (84h) asks for. It reaches every namespace of
// the NVM subsystem, attached or not, and capacity in none.
//
// Purge Required (PREQ), of newer drives, cannot be asked for here: its place in the
// command was found in no source this was written from. What such a drive answers,
// SanitizeLog.Purged, is read.
type Sanitize struct {
	Action       SanitizeAction
	Unrestricted bool   // AUSE, bit 3: a failure may be left by ExitFailure
	Passes       int    // OWPASS, bits 7:4, 1 to 15; overwrite only, where it must be given
	Invert       bool   // OIPBP, bit 8: the pattern is inverted between passes
	NoDeallocate bool   // NDAS, bit 9: blocks stay allocated, so that a read reaches the media
	Verify       bool   // EMVS, bit 10: ends in the media verification state
	Pattern      uint32 // command dword 11; overwrite only
}

// SanitizeTimeout is how long a drive may take to begin a sanitize. When it is over the
// kernel resets the controller, and the drive goes on unattended.
const SanitizeTimeout = 10 * time.Minute

// Command encodes s. Passes 0 would mean sixteen to the drive, so an overwrite
// without a count is an error.
func (s Sanitize) Command() (*Command, error) {
	if s.Action < ExitFailure || s.Action > ExitVerification {
		return nil, fmt.Errorf("encode sanitize: %s", s.Action)
	}
	c := &Command{Name: "SANITIZE, " + s.Action.String(), Opcode: 0x84, CDW10: uint32(s.Action), Timeout: SanitizeTimeout}
	if s.Action == ExitFailure || s.Action == ExitVerification {
		return c, nil
	}
	c.CDW10 |= bit(s.Unrestricted, 3) | bit(s.NoDeallocate, 9) | bit(s.Verify, 10)
	if s.Action != SanitizeOverwrite {
		return c, nil
	}
	if s.Passes < 1 || s.Passes > 15 {
		return nil, fmt.Errorf("encode sanitize: %d overwrite passes; want 1 to 15", s.Passes)
	}
	c.CDW10 |= uint32(s.Passes)<<4 | bit(s.Invert, 8)
	c.CDW11 = s.Pattern
	return c, nil
}

func bit(on bool, n int) uint32 {
	if on {
		return 1 << n
	}
	return 0
}

// SanitizeState is bits 2:0 of SSTAT: how the most recent sanitize operation stands
// (figure 265). It alone decides; the progress does not.
type SanitizeState byte

// The states.
const (
	NeverSanitized    SanitizeState = 0
	Sanitized         SanitizeState = 1
	Sanitizing        SanitizeState = 2
	SanitizeFailed    SanitizeState = 3
	SanitizedReleased SanitizeState = 4 // success; NDAS was asked for, blocks were deallocated all the same
)

// Done reports success.
func (s SanitizeState) Done() bool { return s == Sanitized || s == SanitizedReleased }

// States of SSI, byte 36 bits 3:0, of drives with media verification.
const (
	MachineIdle         = 0
	MachineVerification = 5
)

// NoEstimate is a time that the drive does not report.
const NoEstimate = 0xffffffff

// SanitizeLog is the Sanitize Status log page, 81h (figure 265; bytes 32-36 and SSTAT
// bits 9 and 11 as in libnvme's nvme_sanitize_log_page and nvme-log-sanitize(1)).
type SanitizeLog struct {
	Progress  uint16 // SPROG, bytes 0-1: of 65,536; FFFFh when none is under way
	State     SanitizeState
	Passes    byte   // SSTAT bits 7:3: overwrite passes completed
	Erased    bool   // SSTAT bit 8, Global Data Erased: nothing was written since
	Cancelled bool   // SSTAT bit 9: media verification was cancelled
	Purged    bool   // SSTAT bit 11, PRGD: purged as IEEE 2883 has it; false also of drives that cannot say
	Dword10   uint32 // SCDW10, bytes 4-7: of the command that started it
	Overwrite uint32 // seconds for sixteen passes; NoEstimate when not told, as all of these
	Block     uint32
	Crypto    uint32
	// The same where blocks stay allocated and the drive modifies the media after it.
	OverwriteKept, BlockKept, CryptoKept uint32
	Release                              uint32 // seconds of deallocation after media verification
	Machine                              byte   // SSI bits 3:0
	FailedIn                             byte   // SSI bits 7:4: the state in which it failed
}

// sanitizeLogLen is the size of the page.
const sanitizeLogLen = 512

// SanitizeLogCommand is Get Log Page (02h) of Sanitize Status.
func SanitizeLogCommand() *Command {
	return logPage(0x81, sanitizeLogLen)
}

// logPage is Get Log Page of a whole page, of the controller or subsystem.
func logPage(id byte, size int) *Command {
	return &Command{Name: fmt.Sprintf("GET LOG PAGE %02Xh", id), Opcode: 0x02, NSID: AllNamespaces,
		CDW10: uint32(size/4-1)<<16 | uint32(id), Dir: FromDevice, Data: make([]byte, size)}
}

// ParseSanitizeLog decodes the page. A reserved state is an error: the page is then
// no statement of anything.
func ParseSanitizeLog(b []byte) (SanitizeLog, error) {
	if len(b) != sanitizeLogLen {
		return SanitizeLog{}, fmt.Errorf("decode sanitize log: %d bytes; want %d", len(b), sanitizeLogLen)
	}
	le := binary.LittleEndian
	s := le.Uint16(b[2:])
	l := SanitizeLog{
		Progress: le.Uint16(b), State: SanitizeState(s & 7), Passes: byte(s >> 3 & 0x1f),
		Erased: s>>8&1 != 0, Cancelled: s>>9&1 != 0, Purged: s>>11&1 != 0,
		Dword10: le.Uint32(b[4:]), Overwrite: le.Uint32(b[8:]), Block: le.Uint32(b[12:]), Crypto: le.Uint32(b[16:]),
		OverwriteKept: le.Uint32(b[20:]), BlockKept: le.Uint32(b[24:]), CryptoKept: le.Uint32(b[28:]),
		Release: le.Uint32(b[32:]), Machine: b[36] & 0xf, FailedIn: b[36] >> 4,
	}
	if l.State > SanitizedReleased {
		return SanitizeLog{}, fmt.Errorf("decode sanitize log: reserved state %d", l.State)
	}
	return l, nil
}

// ReadSanitizeLog reads the page.
func ReadSanitizeLog(ctx context.Context, conn Conn) (SanitizeLog, error) {
	c := SanitizeLogCommand()
	r, err := conn.Do(ctx, c)
	if err != nil {
		return SanitizeLog{}, err
	}
	if err := r.Err(c); err != nil {
		return SanitizeLog{}, err
	}
	return ParseSanitizeLog(c.Data)
}

// Estimate is how long s takes by the drive's own word, ok false where it gives none.
// For an overwrite, which the drive estimates for sixteen passes, it is the share of
// the passes asked for.
func (l SanitizeLog) Estimate(s Sanitize, capable Sanicap) (d time.Duration, ok bool) {
	kept := s.NoDeallocate && capable.Modifies() == ModifiesAfter
	var seconds uint32
	share := 16
	switch s.Action {
	case SanitizeOverwrite:
		seconds, share = pick(kept, l.OverwriteKept, l.Overwrite), s.Passes
	case BlockErase:
		seconds = pick(kept, l.BlockKept, l.Block)
	case CryptoErase:
		seconds = pick(kept, l.CryptoKept, l.Crypto)
	default:
		return 0, false
	}
	if seconds == NoEstimate {
		return 0, false
	}
	return time.Duration(seconds) * (time.Second / 16) * time.Duration(share), true
}

func pick(first bool, a, b uint32) uint32 {
	if first {
		return a
	}
	return b
}
