package erasescsi

import (
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/scsi"
)

// actions are the service actions of SANITIZE.
var actions = map[record.Act]byte{
	record.SCSISanitizeCrypto: scsi.SanitizeCrypto, record.SCSISanitizeBlock: scsi.SanitizeBlock,
	record.SCSISanitizeOverwrite: scsi.SanitizeOverwrite,
}

// Facts are what is known of a drive without asking it anew.
type Facts struct {
	// ATA is set for a drive behind a translator: its own commands are the ones to
	// give. libata does not translate SANITIZE.
	ATA bool
	// Asked is set where REPORT SUPPORTED OPERATION CODES was answered at all, Sanitize
	// has what it said by service action, Format what it said of FORMAT UNIT.
	Asked    bool
	Sanitize map[byte]scsi.Support
	Format   scsi.Support
	// Flash is set for a solid-state drive, Protected for a write-protected one.
	Flash, Protected bool
}

// Supports says why a drive cannot be given an act, nil where it can. Only a drive that
// says that it has the command, as the standard has it, is given it: one that says
// nothing might take it for another.
func Supports(f Facts, a record.Act) error {
	action, sanitize := actions[a]
	said := f.Format
	if sanitize {
		said = f.Sanitize[action]
	}
	switch {
	case !sanitize && a != record.SCSIFormatUnit:
		return fmt.Errorf("%q is no act of a SCSI drive", a)
	case f.ATA:
		return fmt.Errorf("it is a SATA drive behind a translator, which has its own commands")
	case f.Protected:
		return fmt.Errorf("the drive says that it is write-protected")
	case !f.Asked:
		return fmt.Errorf("the drive cannot be asked which commands it has")
	case said == scsi.SupportNo:
		return fmt.Errorf("the drive says that it has no such command")
	case said == scsi.SupportVendor:
		return fmt.Errorf("the drive has the command in a way of its maker's own")
	case said != scsi.SupportYes:
		return fmt.Errorf("the drive does not say whether it has the command (support %d)", said)
	case a == record.SCSISanitizeOverwrite && f.Flash:
		return fmt.Errorf("an overwrite wears flash and reaches no more of it than a block erase")
	}
	return nil
}
