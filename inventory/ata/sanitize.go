package ata

import (
	"errors"
	"fmt"
	"time"
)

// SANITIZE DEVICE (B4h, ACS-3) is one opcode; FEATURE says which.
const (
	opSanitize = 0xb4

	sanitizeStatus     = 0x0000
	sanitizeCrypto     = 0x0011
	sanitizeBlock      = 0x0012
	sanitizeOverwrite  = 0x0014
	sanitizeFreeze     = 0x0020
	sanitizeAntiFreeze = 0x0040
)

// The words that LBA must spell, so that no stray command erases a drive.
const (
	keyCrypto     = 0x43727970 // "Cryp"
	keyBlock      = 0x426b4572 // "BkEr"
	keyOverwrite  = 0x4f57     // "OW", in LBA(47:32); the pattern lies below
	keyFreeze     = 0x46724c6b // "FrLk"
	keyAntiFreeze = 0x416e7469 // "Anti"
)

// Bits of COUNT in an erase command.
const (
	countClearable = 1 << 4 // FAILURE MODE: a failed run may be cleared by STATUS
	countInvert    = 1 << 7 // invert the pattern between passes
)

// sanitizeTimeout is for the command that starts a run: it returns at once, but a drive
// may first have to write its cache.
const sanitizeTimeout = 2 * time.Minute

func sanitize(name string, feature, count uint16, lba uint64, limit time.Duration) *Command {
	return &Command{Name: name, Protocol: NonData, Extend: true, Feature: feature, Count: count,
		LBA: lba, Device: deviceLBA, Opcode: opSanitize, Timeout: limit}
}

// SanitizeStatusCommand is SANITIZE STATUS EXT (feature 0000h). With clear it also
// takes the drive out of the failed state, where the run that failed allows that
// (COUNT bit 0); without, it only reads.
func SanitizeStatusCommand(clear bool) *Command {
	if clear {
		return sanitize("SANITIZE STATUS EXT (clear failed)", sanitizeStatus, 1, 0, 0)
	}
	return sanitize("SANITIZE STATUS EXT", sanitizeStatus, 0, 0, 0)
}

// CryptoScrambleCommand is CRYPTO SCRAMBLE EXT (feature 0011h). It erases the drive.
// Clearable lets a failed run be left without another one, which would hand out a
// drive whose sanitisation failed.
func CryptoScrambleCommand(clearable bool) *Command {
	return sanitize("CRYPTO SCRAMBLE EXT", sanitizeCrypto, failureMode(clearable), keyCrypto, sanitizeTimeout)
}

// BlockEraseCommand is BLOCK ERASE EXT (feature 0012h). It erases the drive.
func BlockEraseCommand(clearable bool) *Command {
	return sanitize("BLOCK ERASE EXT", sanitizeBlock, failureMode(clearable), keyBlock, sanitizeTimeout)
}

// SanitizeOverwriteCommand is OVERWRITE EXT (feature 0014h) of 1 to 16 passes. It
// erases the drive. COUNT is always set: 0 there means 16 passes, days of a large
// disk. Sixteen is therefore spelled 0 and nothing else is.
func SanitizeOverwriteCommand(pattern uint32, passes int, invert, clearable bool) (*Command, error) {
	if passes < 1 || passes > 16 {
		return nil, fmt.Errorf("OVERWRITE EXT: %d passes; want 1 to 16", passes)
	}
	count := failureMode(clearable) | uint16(passes&0xf)
	if invert {
		count |= countInvert
	}
	return sanitize("OVERWRITE EXT", sanitizeOverwrite, count, keyOverwrite<<32|uint64(pattern), sanitizeTimeout), nil
}

func failureMode(clearable bool) uint16 {
	if clearable {
		return countClearable
	}
	return 0
}

// SanitizeFreezeCommand is SANITIZE FREEZE LOCK EXT (feature 0020h): no sanitize until
// the next power cycle.
func SanitizeFreezeCommand() *Command {
	return sanitize("SANITIZE FREEZE LOCK EXT", sanitizeFreeze, 0, keyFreeze, 0)
}

// SanitizeAntiFreezeCommand is SANITIZE ANTIFREEZE LOCK EXT (feature 0040h): nobody can
// freeze the drive against sanitize until the next power cycle.
func SanitizeAntiFreezeCommand() *Command {
	return sanitize("SANITIZE ANTIFREEZE LOCK EXT", sanitizeAntiFreeze, 0, keyAntiFreeze, 0)
}

// SanitizeState is what SANITIZE STATUS EXT returns. With neither
// Completed nor InProgress the drive was never sanitised or does not remember it. That
// is no success, and neither is Progress of FFFFh.
type SanitizeState struct {
	Completed  bool   // COUNT(15): the last run completed without error, whenever that was
	InProgress bool   // COUNT(14)
	Frozen     bool   // COUNT(13)
	AntiFreeze bool   // COUNT(12)
	Progress   uint16 // LBA(15:0) of 65536, meaningful while InProgress
}

// ErrContradiction says that registers cannot mean what they say.
var ErrContradiction = errors.New("the registers contradict themselves")

// ParseSanitizeState decodes the registers that SANITIZE STATUS EXT, or a command that
// started a run, returned. It wraps ErrNoRegisters when they are not there or cut short.
func ParseSanitizeState(r *Registers) (SanitizeState, error) {
	const name = "decode SANITIZE STATUS EXT"
	switch {
	case r == nil || r.Status == 0:
		return SanitizeState{}, fmt.Errorf("%s: %w", name, ErrNoRegisters)
	case r.Partial || !r.Extend:
		return SanitizeState{}, fmt.Errorf("%s: the adapter cut COUNT short: %w", name, ErrNoRegisters)
	case r.Status&(statusError|statusFault|statusBusy) != 0 || r.Status&statusReady == 0:
		return SanitizeState{}, fmt.Errorf("%s: status %02Xh: %w", name, r.Status, ErrContradiction)
	}
	bit := func(n int) bool { return r.Count>>n&1 == 1 }
	s := SanitizeState{Completed: bit(15), InProgress: bit(14), Frozen: bit(13), AntiFreeze: bit(12), Progress: uint16(r.LBA)}
	if s.Completed && s.InProgress || s.Frozen && s.AntiFreeze || s.InProgress && s.Frozen {
		return SanitizeState{}, fmt.Errorf("%s: COUNT %04Xh: %w", name, r.Count, ErrContradiction)
	}
	return s, nil
}

// SanitizeReason is why a drive aborted a SANITIZE DEVICE command: LBA(7:0) of the
// registers it returned.
type SanitizeReason byte

// The reasons.
const (
	SanitizeUnspecified SanitizeReason = 0
	SanitizeFailed      SanitizeReason = 1 // the last run failed: some sectors were not sanitised
	SanitizeUnsupported SanitizeReason = 2
	SanitizeFrozen      SanitizeReason = 3
	SanitizeNoFreeze    SanitizeReason = 4 // the antifreeze lock forbids a freeze lock
)

func (r SanitizeReason) String() string {
	switch r {
	case SanitizeUnspecified:
		return "no reason given"
	case SanitizeFailed:
		return "the last sanitize failed"
	case SanitizeUnsupported:
		return "not supported"
	case SanitizeFrozen:
		return "frozen against sanitize"
	case SanitizeNoFreeze:
		return "the antifreeze lock is set"
	}
	return fmt.Sprintf("reason %02Xh", byte(r))
}

// SanitizeAborted is why the drive aborted the SANITIZE DEVICE command that ended with
// err. ok is false when err is no abort or the adapter did not return LBA(7:0), which is
// no reason to think that there was none.
func SanitizeAborted(err error) (reason SanitizeReason, ok bool) {
	var a *AbortError
	if !errors.As(err, &a) || a.Registers == nil || a.Registers.Status&statusError == 0 {
		return 0, false
	}
	return SanitizeReason(a.Registers.LBA), true
}
