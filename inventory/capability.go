package inventory

import (
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/devio"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
)

// capabilities are the techniques the drive itself says it has, each with the
// word or bit that says so. Saying so is no proof that it works.
func capabilities(id devio.Identification, v devio.Survey) []record.Capability {
	switch {
	case id.ATA != nil:
		return ataCapabilities(*id.ATA)
	case id.Controller != nil:
		return nvmeCapabilities(*id.Controller, v)
	}
	return scsiCapabilities(v)
}

func ataCapabilities(id ata.Identify) []record.Capability {
	word := func(n int) string { return fmt.Sprintf("IDENTIFY DEVICE word %d = %04Xh", n, id.Word[n]) }
	var out []record.Capability
	s, sec := id.Sanitize(), id.Security()
	if s.Block {
		out = append(out, record.Capability{Technique: record.BlockErase, Act: record.ATASanitizeBlock,
			Command: "ATA SANITIZE DEVICE, BLOCK ERASE EXT", Source: word(59)})
	}
	if s.Crypto {
		out = append(out, record.Capability{Technique: record.CryptoErase, Act: record.ATASanitizeCrypto,
			Command: "ATA SANITIZE DEVICE, CRYPTO SCRAMBLE EXT", Source: word(59)})
	}
	if s.Overwrite {
		out = append(out, record.Capability{Technique: record.SanitizeOverwrite, Act: record.ATASanitizeOverwrite,
			Command: "ATA SANITIZE DEVICE, OVERWRITE EXT", Source: word(59)})
	}
	if sec.Supported && sec.Enhanced {
		out = append(out, record.Capability{Technique: record.SecurityEraseEnhanced, Act: record.ATASecurityEnhanced,
			Command: "ATA SECURITY ERASE UNIT, enhanced", Source: word(128), Blocked: standing(sec), Minutes: sec.EnhancedMinutes})
	}
	if sec.Supported {
		out = append(out, record.Capability{Technique: record.SecurityErase, Act: record.ATASecurityNormal,
			Command: "ATA SECURITY ERASE UNIT", Source: word(128), Blocked: standing(sec), Minutes: sec.EraseMinutes})
	}
	if id.TrustedComputing() {
		out = append(out, record.Capability{Technique: record.Revert,
			Command: "TCG Revert by the PSID on the label", Source: word(48)})
	}
	return out
}

// standing is what keeps the security feature set from an erase right now, "" when
// nothing does.
func standing(s ata.Security) string {
	switch {
	case s.Locked:
		return "it is locked by a password that is not known here"
	case s.Frozen:
		return "it is frozen: a power cycle, or suspending the machine, may thaw it"
	case s.Expired:
		return "too many passwords were tried: it wants a power cycle"
	case s.Enabled:
		return "a password is set that is not known here"
	}
	return ""
}

// beyond says whom a command to the whole subsystem would hit besides what this machine
// shows, "" where nobody (law 7).
func beyond(v devio.Survey) string {
	switch {
	case v.DetachedErr != nil:
		return "which namespaces its subsystem has cannot be read: " + v.DetachedErr.Error()
	case len(v.Detached) > 0:
		return "it would erase namespaces too that are not attached here: " + strings.Trim(fmt.Sprint(v.Detached), "[]")
	case v.ControllersErr != nil:
		return "its subsystem may have further controllers, which cannot be listed: " + v.ControllersErr.Error()
	case len(v.Controllers) > 1:
		return fmt.Sprintf("its subsystem has %d controllers, by which others may use it", len(v.Controllers))
	}
	return ""
}

// blocked is what stands in the way of an act of an NVMe drive.
func blocked(a record.Act, c nvme.Controller, v devio.Survey) string {
	if why := beyond(v); why != "" {
		return why
	}
	if a.Technique() == record.FormatNVM && c.Unused > 0 {
		return fmt.Sprintf("%d bytes of the drive are in no namespace, and a format does not reach them", c.Unused)
	}
	return ""
}

func nvmeCapabilities(c nvme.Controller, v devio.Survey) []record.Capability {
	var out []record.Capability
	add := func(on bool, act record.Act, command, source string) {
		if on {
			out = append(out, record.Capability{Technique: act.Technique(), Act: act, Command: command, Source: source, Blocked: blocked(act, c, v)})
		}
	}
	sani := fmt.Sprintf("IDENTIFY CONTROLLER SANICAP = %08Xh", uint32(c.Sanicap))
	format := fmt.Sprintf("IDENTIFY CONTROLLER OACS = %04Xh, FNA = %02Xh", uint16(c.OACS), byte(c.FNA))
	add(c.Sanicap.Block(), record.NVMeSanitizeBlock, "NVMe Sanitize, block erase", sani)
	add(c.Sanicap.Crypto(), record.NVMeSanitizeCrypto, "NVMe Sanitize, crypto erase", sani)
	add(c.Sanicap.Overwrite(), record.NVMeSanitizeOverwrite, "NVMe Sanitize, overwrite", sani)
	add(c.OACS.Format() && c.FNA.Crypto(), record.NVMeFormatCrypto, "NVMe Format NVM, SES 2 cryptographic erase", format)
	add(c.OACS.Format(), record.NVMeFormatUser, "NVMe Format NVM, SES 1 user data erase", format)
	return out
}

func scsiCapabilities(v devio.Survey) []record.Capability {
	var out []record.Capability
	add := func(s scsi.Support, act record.Act, command, code string) {
		if s == scsi.SupportYes { // in a way of the maker's own is not ours to give
			out = append(out, record.Capability{Technique: act.Technique(), Act: act, Command: command,
				Source: fmt.Sprintf("REPORT SUPPORTED OPERATION CODES %s = %d", code, s)})
		}
	}
	add(v.Sanitize[devio.SanitizeBlock], record.SCSISanitizeBlock, "SCSI SANITIZE, BLOCK ERASE", "48h/02h")
	add(v.Sanitize[devio.SanitizeCrypto], record.SCSISanitizeCrypto, "SCSI SANITIZE, CRYPTOGRAPHIC ERASE", "48h/03h")
	add(v.Sanitize[devio.SanitizeOverwrite], record.SCSISanitizeOverwrite, "SCSI SANITIZE, OVERWRITE", "48h/01h")
	add(v.FormatUnit, record.SCSIFormatUnit, "SCSI FORMAT UNIT", "04h")
	return out
}
