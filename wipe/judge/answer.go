package judge

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"lethe/certs/record"
)

// answer is one exchange with a drive as this judge reads it: from its raw bytes, by its
// own decoding. It shares none with the code that gave the command, so that one slip
// cannot deceive both.
type answer struct {
	cdb  []byte // SCSI and ATA: the command block
	nvme *nvmeAsked
	sent []byte
	data []byte // what came back: data, or where there was none sense
	ok   bool
	word string // status, for people
}

// nvmeAsked is the command of an NVMe exchange.
type nvmeAsked struct {
	opcode byte
	nsid   uint32
	cdw    [6]uint32 // 10 to 15
}

// read takes an exchange apart. What is spelled in any way but the one it is written in
// is no command and no answer.
func read(x record.Exchange) answer {
	a := answer{ok: x.Status == "ok", word: x.Status, data: raw(x.Response), sent: raw(x.Sent)}
	var n nvmeAsked
	const form = "%02x nsid %08x cdw10-15 %08x %08x %08x %08x %08x %08x"
	if k, err := fmt.Sscanf(x.Request, form, &n.opcode, &n.nsid,
		&n.cdw[0], &n.cdw[1], &n.cdw[2], &n.cdw[3], &n.cdw[4], &n.cdw[5]); k == 8 && err == nil {
		if fmt.Sprintf(form, n.opcode, n.nsid, n.cdw[0], n.cdw[1], n.cdw[2], n.cdw[3], n.cdw[4], n.cdw[5]) == x.Request {
			a.nvme = &n
		}
		return a
	}
	if b, err := hex.DecodeString(x.Request); err == nil && hex.EncodeToString(b) == x.Request {
		a.cdb = b
	}
	return a
}

// raw is what canonical base64 spells, nil for anything else.
func raw(s string) []byte {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil
	}
	return b
}

// ata reports whether this is ATA PASS-THROUGH(16) of a command with a feature (SAT-4
// 12.2.2).
func (a answer) ata(opcode byte, feature uint16) bool {
	return a.ataOpcode(opcode) && binary.BigEndian.Uint16(a.cdb[3:]) == feature
}

func (a answer) ataOpcode(opcode byte) bool {
	return len(a.cdb) == 16 && a.cdb[0] == 0x85 && a.cdb[14] == opcode
}

// scsi reports whether this is a SCSI command with this operation code.
func (a answer) scsi(opcode byte) bool { return len(a.cdb) >= 6 && a.cdb[0] == opcode }

// registers are what the drive left in its registers, read from the ATA Status Return
// descriptor (SAT-4 12.2.6). A status of zero is no drive's, nor one that is busy: the rest means nothing then.
func (a answer) registers() (count uint16, lba uint64, status, fault byte, ok bool) {
	d := a.data
	if len(d) < 8 || d[0]&0x7f != 0x72 {
		return 0, 0, 0, 0, false
	}
	for d = d[8:]; len(d) >= 2; {
		n := int(d[1]) + 2
		if n > len(d) {
			break
		}
		if d[0] == 0x09 && n == 14 && d[2]&1 == 1 && d[13]&0xc0 == 0x40 { // EXTEND; ready and not busy
			lba = uint64(d[7]) | uint64(d[9])<<8 | uint64(d[11])<<16 | uint64(d[6])<<24 | uint64(d[8])<<32 | uint64(d[10])<<40
			return binary.BigEndian.Uint16(d[4:]), lba, d[13], d[3], true
		}
		d = d[n:]
	}
	return 0, 0, 0, 0, false
}

// sense is key, code and qualifier of sense data in either format (SPC-5 4.5).
func sense(d []byte) (key byte, code uint16, ok bool) {
	if len(d) == 0 {
		return 0, 0, false
	}
	switch d[0] & 0x7f {
	case 0x70, 0x71:
		if len(d) >= 14 {
			return d[2] & 0xf, binary.BigEndian.Uint16(d[12:]), true
		}
	case 0x72, 0x73:
		if len(d) >= 8 {
			return d[1] & 0xf, binary.BigEndian.Uint16(d[2:]), true
		}
	}
	return 0, 0, false
}

// The additional sense codes and qualifiers that are met here.
const (
	senseFormatting = 0x0404 // LOGICAL UNIT NOT READY, FORMAT IN PROGRESS
	senseSanitizing = 0x041b // LOGICAL UNIT NOT READY, SANITIZE IN PROGRESS
	senseSanitize   = 0x3103 // SANITIZE COMMAND FAILED
	senseFormat     = 0x3101 // FORMAT COMMAND FAILED
	senseCorrupt    = 0x3100 // MEDIUM FORMAT CORRUPTED
)

// reset reports whether an answer says that the drive was reset since the last one: UNIT
// ATTENTION, POWER ON, RESET, OR BUS DEVICE RESET OCCURRED and its kin (29h).
func (a answer) reset() bool {
	if a.nvme != nil {
		return false
	}
	key, code, ok := sense(a.data)
	return ok && key == 6 && code>>8 == 0x29
}

// last is the last answer of those that f takes.
func last(as []answer, f func(answer) bool) (answer, bool) {
	for i := len(as) - 1; i >= 0; i-- {
		if f(as[i]) {
			return as[i], true
		}
	}
	return answer{}, false
}

// all are the answers that f takes.
func all(as []answer, f func(answer) bool) (out []answer) {
	for _, a := range as {
		if f(a) {
			out = append(out, a)
		}
	}
	return out
}
