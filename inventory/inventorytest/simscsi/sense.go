package simscsi

import "encoding/binary"

// Sense is sense key, additional sense code and qualifier.
type Sense struct {
	Key  byte `json:"key"`
	ASC  byte `json:"asc"`
	ASCQ byte `json:"ascq"`
}

// The answers a drive of this package gives.
var (
	noSense         = Sense{}
	sanitizing      = Sense{2, 0x04, 0x1b}
	formatting      = Sense{2, 0x04, 0x04}
	readError       = Sense{3, 0x11, 0x00}
	writeFirst      = Sense{3, 0x11, 0x15} // WRITE AFTER SANITIZE REQUIRED
	formatCorrupt   = Sense{3, 0x31, 0x00}
	formatFailed    = Sense{3, 0x31, 0x01}
	sanitizeFailed  = Sense{3, 0x31, 0x03}
	listLength      = Sense{5, 0x1a, 0x00}
	noCommand       = Sense{5, 0x20, 0x00}
	outOfRange      = Sense{5, 0x21, 0x00}
	badField        = Sense{5, 0x24, 0x00}
	badParameter    = Sense{5, 0x26, 0x00}
	powerOn         = Sense{6, 0x29, 0x01}
	wasReset        = Sense{6, 0x29, 0x02}
	capacityChanged = Sense{6, 0x2a, 0x09}
)

// status codes of SAM-6 §5.3.1.
const (
	good           = 0x00
	checkCondition = 0x02
	busy           = 0x08
)

// progress is of 65536; negative is none.
func (s Sense) encode(descriptor bool, progress int) []byte {
	if descriptor {
		b := []byte{0x72, s.Key, s.ASC, s.ASCQ, 0, 0, 0, 0}
		if progress >= 0 {
			b[7] = 8
			b = append(b, 2, 6, 0, 0, 0x80, byte(progress>>8), byte(progress), 0)
		}
		return b
	}
	b := make([]byte, 18)
	b[0], b[2], b[7], b[12], b[13] = 0x70, s.Key, 10, s.ASC, s.ASCQ
	if progress >= 0 {
		b[15] = 0x80
		binary.BigEndian.PutUint16(b[16:], uint16(progress))
	}
	return b
}

// answer is how a command ends.
type answer struct {
	status byte
	sense  []byte
	data   []byte
}

// refuse is CHECK CONDITION.
func (d *Drive) refuse(s Sense) answer { return d.refuseAt(s, -1) }

func (d *Drive) refuseAt(s Sense, progress int) answer {
	b := s.encode(d.s.Config.Descriptor, progress)
	if d.noise() {
		b = garbage()
	}
	return answer{status: checkCondition, sense: b}
}

// noise reports whether the drive's sense data means nothing by now.
func (d *Drive) noise() bool { return d.s.Config.Faults.Garbage && d.s.Begun }

// garbage is sense data of no known format.
func garbage() []byte {
	b := make([]byte, 18)
	for i := range b {
		b[i] = 0x5a ^ byte(i*37)
	}
	return b
}
