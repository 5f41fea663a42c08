package judge

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// Said is an exchange in the course of an act in a few words, for people: the drive's
// state where the answer tells it, else "". command reports whether it is the act's
// own irreversible command. It decides nothing: the verdict is derived from the bytes.
func Said(act record.Act, x record.Exchange) (words string, command bool) {
	a := read(x)
	switch act.Family() {
	case "ata-sanitize":
		return a.saidSanitizeStatus(), a.ataOpcode(0xb4) && !a.ata(0xb4, 0)
	case "ata-security":
		return a.saidSecurity(), a.ataOpcode(0xf4)
	case "scsi-sanitize":
		return a.saidSense(), a.scsi(0x48)
	case "scsi-format":
		return a.saidSense(), a.scsi(0x04)
	case "nvme-sanitize":
		return a.saidSanitizeLog(), a.nvme != nil && a.nvme.opcode == 0x84
	case "nvme-format":
		return "", a.nvme != nil && a.nvme.opcode == 0x80
	}
	return "", false
}

// saidSanitizeStatus is what SANITIZE STATUS EXT left in the registers.
func (a answer) saidSanitizeStatus() string {
	if !a.ata(0xb4, 0) {
		return ""
	}
	count, lba, status, _, whole := a.registers()
	if !whole {
		return "the adapter did not return the drive's registers"
	}
	if status&1 != 0 {
		return fmt.Sprintf("SANITIZE STATUS EXT aborted (status %02Xh, reason %02Xh)", status, lba&0xff)
	}
	word := "no sanitize has completed without error"
	switch {
	case count&(1<<14) != 0:
		word = "in progress"
	case count&(1<<15) != 0:
		word = "completed without error"
	}
	return fmt.Sprintf("SANITIZE STATUS EXT COUNT %04Xh: %s", count, word)
}

// saidSecurity is word 128 of IDENTIFY DEVICE (ACS-3 7.12.7.63).
func (a answer) saidSecurity() string {
	if !a.ataOpcode(0xec) || !a.ok || len(a.data) != 512 {
		return ""
	}
	w := uint16(a.data[256]) | uint16(a.data[257])<<8
	var is []string
	for _, b := range []struct {
		bit      uint16
		yes, not string
	}{{1, "password set", "no password"}, {2, "locked", "not locked"}, {3, "frozen", "not frozen"}} {
		if w&(1<<b.bit) != 0 {
			is = append(is, b.yes)
		} else {
			is = append(is, b.not)
		}
	}
	return fmt.Sprintf("IDENTIFY DEVICE word 128 %04Xh: %s", w, strings.Join(is, ", "))
}

// saidSense is the answer to REQUEST SENSE.
func (a answer) saidSense() string {
	if !a.scsi(0x03) {
		return ""
	}
	key, code, ok := sense(a.data)
	if !ok {
		return "REQUEST SENSE brought no sense data"
	}
	word := "no complaint"
	switch {
	case code == senseSanitizing, code == senseFormatting:
		word = "at work"
	case code == senseSanitize, code == senseFormat, code == senseCorrupt:
		word = "it failed"
	case key != 0 || code != 0:
		word = "a complaint"
	}
	return fmt.Sprintf("REQUEST SENSE %X/%02X/%02X: %s", key, code>>8, code&0xff, word)
}

// sstat are the states of the Sanitize Status page (NVMe Base Specification 2.0c figure
// 265).
var sstat = [8]string{"none yet", "completed", "in progress", "failed", "completed, blocks deallocated"}

// saidSanitizeLog is the Sanitize Status page.
func (a answer) saidSanitizeLog() string {
	if !a.isLog() {
		return ""
	}
	l, ok := a.sanitizeLog()
	if !ok {
		return "Sanitize Status page not returned: " + a.word
	}
	word := sstat[l.state]
	if word == "" {
		word = "a state that no standard has"
	}
	gde := 0
	if l.gde {
		gde = 1
	}
	return fmt.Sprintf("SSTAT %d: %s; GDE %d; SCDW10 %08Xh", l.state, word, gde, l.cdw10)
}
