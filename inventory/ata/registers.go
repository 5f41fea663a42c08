package ata

import "lethe/inventory/scsi"

// ParseRegisters decodes what sense data says of the drive's registers. ok is false
// when it says nothing, or when the status could not be that of a completion: DRDY is
// set and BSY clear in every one, so zeros are an adapter that hides the registers.
//
// Descriptor format has them whole (ATA Status Return, type 09h, SAT-4 §12.2.2.6).
// Fixed format has some of them, in one of two places, and is marked Partial.
func ParseRegisters(sense []byte) (r Registers, ok bool) {
	if d := scsi.SenseDescriptor(sense, 0x09); len(d) >= 14 {
		r = whole(d)
	} else if r, ok = fixed(sense); !ok {
		return Registers{}, false
	}
	if r.Status&statusReady == 0 || r.Status&statusBusy != 0 {
		return Registers{}, false
	}
	return r, true
}

func whole(d []byte) Registers {
	r := Registers{
		Extend: d[2]&1 == 1,
		Error:  d[3],
		Count:  uint16(d[5]),
		LBA:    uint64(d[7]) | uint64(d[9])<<8 | uint64(d[11])<<16,
		Device: d[12],
		Status: d[13],
	}
	if r.Extend {
		r.Count |= uint16(d[4]) << 8
		r.LBA |= uint64(d[6])<<24 | uint64(d[8])<<32 | uint64(d[10])<<40
	}
	return r
}

// fixed decodes fixed format sense. SAT-4 §12.2.2.7 has ERROR, STATUS, DEVICE and
// COUNT in INFORMATION (bytes 3-6) and LBA(23:0) after a byte of flags in COMMAND
// SPECIFIC INFORMATION (8-11). Linux before 6.11 wrote the first four at 8-11 and the
// rest at 16-19, of which 18 bytes of sense keep flags and LBA(7:0). The status tells
// the two apart: it is never zero, and whichever layout is not used has zeros there.
func fixed(b []byte) (Registers, bool) {
	if len(b) < 12 || b[0]&0x7f != 0x70 {
		return Registers{}, false
	}
	at := func(i int) uint64 {
		if i < len(b) && i < 8+int(b[7]) {
			return uint64(b[i])
		}
		return 0
	}
	r := Registers{Partial: true}
	switch {
	case b[4] != 0:
		r.Error, r.Status, r.Device, r.Count = b[3], b[4], b[5], uint16(b[6])
		r.Extend = b[8]&0x80 != 0
		r.LBA = at(9) | at(10)<<8 | at(11)<<16
	case b[9] != 0:
		r.Error, r.Status, r.Device, r.Count = b[8], b[9], b[10], uint16(b[11])
		r.Extend = at(16)&0x80 != 0
		r.LBA = at(17) | at(18)<<8 | at(19)<<16
	default:
		return Registers{}, false
	}
	return r, consistent(b, r)
}

// consistent reports whether a fixed format sense can carry registers at all: those
// bytes mean something else with most sense keys. It is either the information that
// was asked for (01/00/1D), or a command that the drive ended with its error bit set.
func consistent(b []byte, r Registers) bool {
	failed := r.Status&(statusError|statusFault) != 0
	switch b[2] & 0xf {
	case scsi.KeyRecovered:
		return !failed && len(b) >= 14 && b[12] == 0x00 && b[13] == 0x1d
	case scsi.KeyAborted, scsi.KeyMedium, scsi.KeyHardware:
		return failed
	}
	return false
}
