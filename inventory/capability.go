package inventory

import (
	"fmt"

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
		return nvmeCapabilities(*id.Controller)
	}
	return scsiCapabilities(v)
}

func ataCapabilities(id ata.Identify) []record.Capability {
	word := func(n int) string { return fmt.Sprintf("IDENTIFY DEVICE word %d = %04Xh", n, id.Word[n]) }
	var out []record.Capability
	s, sec := id.Sanitize(), id.Security()
	if s.Block {
		out = append(out, record.Capability{Technique: record.BlockErase,
			Command: "ATA SANITIZE DEVICE, BLOCK ERASE EXT", Source: word(59)})
	}
	if s.Crypto {
		out = append(out, record.Capability{Technique: record.CryptoErase,
			Command: "ATA SANITIZE DEVICE, CRYPTO SCRAMBLE EXT", Source: word(59)})
	}
	if s.Overwrite {
		out = append(out, record.Capability{Technique: record.SanitizeOverwrite,
			Command: "ATA SANITIZE DEVICE, OVERWRITE EXT", Source: word(59)})
	}
	if sec.Supported && sec.Enhanced {
		out = append(out, record.Capability{Technique: record.SecurityErase,
			Command: "ATA SECURITY ERASE UNIT, enhanced", Source: word(128) + frozen(sec), Minutes: sec.EnhancedMinutes})
	}
	if sec.Supported {
		out = append(out, record.Capability{Technique: record.SecurityErase,
			Command: "ATA SECURITY ERASE UNIT", Source: word(128) + frozen(sec), Minutes: sec.EraseMinutes})
	}
	if id.TrustedComputing() {
		out = append(out, record.Capability{Technique: record.Revert,
			Command: "TCG Revert by the PSID on the label", Source: word(48)})
	}
	return out
}

// frozen adds what stands in the way right now.
func frozen(s ata.Security) string {
	switch {
	case s.Locked:
		return ", locked"
	case s.Frozen:
		return ", frozen"
	case s.Expired:
		return ", password attempts exceeded"
	case s.Enabled:
		return ", a password is set"
	}
	return ""
}

func nvmeCapabilities(c nvme.Controller) []record.Capability {
	var out []record.Capability
	add := func(on bool, t record.Technique, command, source string) {
		if on {
			out = append(out, record.Capability{Technique: t, Command: command, Source: source})
		}
	}
	sani := fmt.Sprintf("IDENTIFY CONTROLLER SANICAP = %08Xh", uint32(c.Sanicap))
	format := fmt.Sprintf("IDENTIFY CONTROLLER OACS = %04Xh, FNA = %02Xh", uint16(c.OACS), byte(c.FNA))
	add(c.Sanicap.Block(), record.BlockErase, "NVMe Sanitize, block erase", sani)
	add(c.Sanicap.Crypto(), record.CryptoErase, "NVMe Sanitize, crypto erase", sani)
	add(c.Sanicap.Overwrite(), record.SanitizeOverwrite, "NVMe Sanitize, overwrite", sani)
	add(c.OACS.Format() && c.FNA.Crypto(), record.FormatNVM, "NVMe Format NVM, SES 2 cryptographic erase", format)
	add(c.OACS.Format(), record.FormatNVM, "NVMe Format NVM, SES 1 user data erase", format)
	return out
}

func scsiCapabilities(v devio.Survey) []record.Capability {
	var out []record.Capability
	add := func(s scsi.Support, t record.Technique, command, code string) {
		if s == scsi.SupportYes || s == scsi.SupportVendor {
			out = append(out, record.Capability{Technique: t, Command: command,
				Source: fmt.Sprintf("REPORT SUPPORTED OPERATION CODES %s = %d", code, s)})
		}
	}
	add(v.Sanitize[devio.SanitizeBlock], record.BlockErase, "SCSI SANITIZE, BLOCK ERASE", "48h/02h")
	add(v.Sanitize[devio.SanitizeCrypto], record.CryptoErase, "SCSI SANITIZE, CRYPTOGRAPHIC ERASE", "48h/03h")
	add(v.Sanitize[devio.SanitizeOverwrite], record.SanitizeOverwrite, "SCSI SANITIZE, OVERWRITE", "48h/01h")
	add(v.FormatUnit, record.FormatUnit, "SCSI FORMAT UNIT", "04h")
	return out
}
