package scsi

import (
	"encoding/binary"
	"fmt"
)

// Sense keys of SPC-5 table 51 that Lethe decides on.
const (
	KeyNoSense        = 0x0
	KeyRecovered      = 0x1
	KeyNotReady       = 0x2
	KeyMedium         = 0x3
	KeyHardware       = 0x4
	KeyIllegalRequest = 0x5
	KeyUnitAttention  = 0x6
	KeyDataProtect    = 0x7
	KeyAborted        = 0xB
)

// Sense is decoded sense data, fixed (70h/71h) or descriptor format (72h/73h).
type Sense struct {
	Descriptor  bool // descriptor format
	Deferred    bool // 71h/73h: it belongs to an earlier command
	Key         byte
	ASC, ASCQ   byte
	HasProgress bool
	Progress    uint16 // of 65536, valid when HasProgress (SPC-5 §4.4.2.4.4)
}

// String is key/ASC/ASCQ in hex, as T10 writes them.
func (s Sense) String() string { return fmt.Sprintf("%02X/%02X/%02X", s.Key, s.ASC, s.ASCQ) }

// Is reports whether the additional sense code is asc/ascq.
func (s Sense) Is(asc, ascq byte) bool { return s.ASC == asc && s.ASCQ == ascq }

// Sanitizing reports NOT READY, SANITIZE IN PROGRESS (SBC-4 §4.11.3).
func (s Sense) Sanitizing() bool { return s.Key == KeyNotReady && s.Is(0x04, 0x1b) }

// Formatting reports NOT READY, FORMAT IN PROGRESS (SBC-4 §4.33).
func (s Sense) Formatting() bool { return s.Key == KeyNotReady && s.Is(0x04, 0x04) }

// SanitizeFailed reports MEDIUM ERROR, SANITIZE COMMAND FAILED: the drive is in its
// failure mode and gives up no data until it is erased or let out (SBC-4 §4.11.4).
func (s Sense) SanitizeFailed() bool { return s.Key == KeyMedium && s.Is(0x31, 0x03) }

// FormatCorrupt reports MEDIUM ERROR, MEDIUM FORMAT CORRUPTED: blocks were given
// another length or number, or a format was cut short, and only a FORMAT UNIT that
// runs to its end makes the medium usable (SBC-4 §4.10).
func (s Sense) FormatCorrupt() bool { return s.Key == KeyMedium && s.Is(0x31, 0x00) }

// FormatFailed reports MEDIUM ERROR, FORMAT COMMAND FAILED.
func (s Sense) FormatFailed() bool { return s.Key == KeyMedium && s.Is(0x31, 0x01) }

// Nothing reports that the drive has nothing at all to tell: NO SENSE and no
// additional code. It is not enough to call an erase done: see package erasescsi.
func (s Sense) Nothing() bool { return s.Key == KeyNoSense && s.Is(0, 0) && !s.HasProgress }

// ParseSense decodes sense data of either format (SPC-5 §4.4.2 and §4.4.3).
// Fixed sense is accepted down to 3 bytes: some adapters cut it short.
func ParseSense(b []byte) (Sense, error) {
	if len(b) == 0 {
		return Sense{}, fmt.Errorf("decode sense: empty")
	}
	switch b[0] & 0x7f {
	case 0x70, 0x71:
		return fixedSense(b)
	case 0x72, 0x73:
		return descriptorSense(b)
	}
	return Sense{}, fmt.Errorf("decode sense: response code %02Xh", b[0]&0x7f)
}

func fixedSense(b []byte) (Sense, error) {
	if len(b) < 3 {
		return Sense{}, fmt.Errorf("decode fixed sense: %d bytes; want at least 3", len(b))
	}
	s := Sense{Deferred: b[0]&1 == 1, Key: b[2] & 0xf}
	// Byte 7 counts the bytes that follow it; anything beyond is stale buffer.
	end := len(b)
	if len(b) > 7 && 8+int(b[7]) < end {
		end = 8 + int(b[7])
	}
	if end > 12 {
		s.ASC = b[12]
	}
	if end > 13 {
		s.ASCQ = b[13]
	}
	if end > 17 && b[15]&0x80 != 0 && (s.Key == KeyNoSense || s.Key == KeyNotReady) {
		s.HasProgress, s.Progress = true, binary.BigEndian.Uint16(b[16:])
	}
	return s, nil
}

func descriptorSense(b []byte) (Sense, error) {
	if len(b) < 4 {
		return Sense{}, fmt.Errorf("decode descriptor sense: %d bytes; want at least 4", len(b))
	}
	s := Sense{Descriptor: true, Deferred: b[0]&1 == 1, Key: b[1] & 0xf, ASC: b[2], ASCQ: b[3]}
	if d := SenseDescriptor(b, 0x02); len(d) >= 8 && d[4]&0x80 != 0 &&
		(s.Key == KeyNoSense || s.Key == KeyNotReady) {
		s.HasProgress, s.Progress = true, binary.BigEndian.Uint16(d[5:])
	}
	return s, nil
}

// SenseDescriptor returns the first descriptor of type typ, header included, or
// nil (SPC-5 §4.4.2.1). A descriptor that runs past the data is not returned.
func SenseDescriptor(b []byte, typ byte) []byte {
	if len(b) < 8 || b[0]&0x7f < 0x72 || b[0]&0x7f > 0x73 {
		return nil
	}
	if end := 8 + int(b[7]); end < len(b) {
		b = b[:end]
	}
	for d := b[8:]; len(d) >= 2; {
		n := 2 + int(d[1])
		if n > len(d) {
			return nil
		}
		if d[0] == typ {
			return d[:n]
		}
		d = d[n:]
	}
	return nil
}
