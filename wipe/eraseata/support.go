package eraseata

import (
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/ata"
)

// What stands in the way of an act. A caller branches on these: each has its own remedy.
var (
	// ErrUnsupported says that the drive has no such command.
	ErrUnsupported = errors.New("the drive has no such command")
	// ErrFrozen says that the firmware locked the command until the next power cycle;
	// suspend and resume, or a drive that is plugged in anew, undoes it.
	ErrFrozen = errors.New("frozen by the firmware until a power cycle")
	// ErrLocked says that the drive is locked by a password, or has one that is not ours.
	ErrLocked = errors.New("a password that is not known is set")
	// ErrExpired says that too many wrong passwords were tried since the last power cycle.
	ErrExpired = errors.New("too many wrong passwords were tried: it needs a power cycle")
)

// Facts are what is known of a drive without asking it anew.
type Facts struct {
	Identify     ata.Identify
	Capabilities ata.SecurityCapabilities // zero where not known
	Sanitize     *ata.SanitizeState       // nil where not known
}

// Supports says why a drive cannot be given an act as it stands, nil where it can. The
// error wraps one of the four above.
func Supports(f Facts, act record.Act) error {
	why := errors.New("")
	switch act.Family() {
	case "ata-sanitize":
		why = sanitizes(f, act)
	case "ata-security":
		why = erases(f.Identify.Security(), act == record.ATASecurityEnhanced)
	default:
		why = fmt.Errorf("no act of a SATA drive: %w", ErrUnsupported)
	}
	if why != nil {
		return fmt.Errorf("%s: %w", act, why)
	}
	return nil
}

func sanitizes(f Facts, act record.Act) error {
	s := f.Identify.Sanitize()
	sec := f.Identify.Security()
	has := map[record.Act]bool{record.ATASanitizeCrypto: s.Crypto, record.ATASanitizeBlock: s.Block, record.ATASanitizeOverwrite: s.Overwrite}
	switch {
	case !has[act]:
		return fmt.Errorf("IDENTIFY DEVICE word 59 is %04Xh: %w", f.Identify.Word[59], ErrUnsupported)
	case f.Sanitize != nil && f.Sanitize.Frozen:
		return ErrFrozen
	case sec.Locked && !f.Capabilities.OverridesSecurity:
		return ErrLocked
	}
	return nil
}

func erases(s ata.Security, enhanced bool) error {
	switch {
	case !s.Supported:
		return fmt.Errorf("no Security feature set: %w", ErrUnsupported)
	case enhanced && !s.Enhanced:
		return fmt.Errorf("no enhanced mode: %w", ErrUnsupported)
	case s.Frozen:
		return ErrFrozen
	case s.Expired:
		return ErrExpired
	case s.Enabled, s.Locked:
		return ErrLocked
	}
	return nil
}
