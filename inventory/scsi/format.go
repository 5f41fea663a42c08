package scsi

import "fmt"

// opFormat is FORMAT UNIT.
const opFormat = 0x04

// Format is one FORMAT UNIT command (04h, SBC-4 §5.4). Every defect the drive has
// found so far stays out of use: DCRT, STPF and the defect lists are left to it.
type Format struct {
	// Protection is FMTPINFO: 0 formats without protection information.
	Protection byte
	// Fast is FFMT: 0 writes the medium, 1 and 2 leave what the blocks hold. An erase
	// needs 0.
	Fast byte
	// Wait holds the command until the format has ended (IMMED 0).
	Wait bool
	// Secure sets SI in an initialization pattern: the drive shall write every block,
	// those it has reassigned too. Drives that do not know it refuse the command.
	Secure bool
}

// Command spells it. Data is sent even where it says nothing, since a drive without
// parameter data waits (IMMED is in it) and formats by a default of its own.
func (f Format) Command() (*Command, error) {
	if f.Protection > 3 || f.Fast > 2 {
		return nil, fmt.Errorf("encode FORMAT UNIT: FMTPINFO %d, FFMT %d", f.Protection, f.Fast)
	}
	c := &Command{Name: "FORMAT UNIT", Dir: ToDevice, Timeout: startTimeout,
		CDB:  []byte{opFormat, f.Protection<<6 | 0x10, 0, 0, f.Fast, 0}, // FMTDATA
		Data: make([]byte, 4)}
	if !f.Wait {
		c.Data[1] |= 0x02
	}
	if f.Secure {
		// FOV says that the bits beside it count, IP that a pattern descriptor
		// follows: SI, pattern type 0 (the drive's own), length 0.
		c.Data[1] |= 0x88
		c.Data = append(c.Data, 0x20, 0, 0, 0)
	}
	return c, nil
}
