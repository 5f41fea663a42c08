package scsi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Service actions of PERSISTENT RESERVE IN (SPC-5 §6.16). All of them only read.
const (
	ReserveKeys   = 0x00 // READ KEYS
	ReserveHolder = 0x01 // READ RESERVATION
	ReserveStatus = 0x03 // READ FULL STATUS
)

// reserveLen bounds every answer: 1023 registered keys.
const reserveLen = 8 << 10

// ReserveCommand is PERSISTENT RESERVE IN (5Eh).
func ReserveCommand(action byte) *Command {
	word := map[byte]string{ReserveKeys: "READ KEYS", ReserveHolder: "READ RESERVATION", ReserveStatus: "READ FULL STATUS"}[action]
	return &Command{
		Name: "PERSISTENT RESERVE IN, " + word,
		CDB:  []byte{0x5e, action, 0, 0, 0, 0, 0, reserveLen >> 8, reserveLen & 0xff, 0},
		Dir:  FromDevice, Data: make([]byte, reserveLen),
	}
}

// Reservation is who else has a claim on a logical unit. The zero value is
// nobody. Lethe never registers, so that every key is another's.
type Reservation struct {
	Keys     []uint64 // registered, one for every path of every host
	More     bool     // there are more than fit the answer
	Held     bool     // by a persistent reservation of Type, in the name of Key
	Key      uint64
	Type     byte     // SPC-5 table 65
	Names    []string // transport identifiers of the registered hosts, where the device tells
	Conflict bool     // the device answered RESERVATION CONFLICT: reserved the old way (SPC-2 RESERVE)
}

// Any reports whether anyone has a claim.
func (r Reservation) Any() bool { return r.Held || r.Conflict || r.More || len(r.Keys) > 0 }

// TypeWord names the type of a persistent reservation.
func (r Reservation) TypeWord() string {
	w := map[byte]string{1: "write exclusive", 3: "exclusive access", 5: "write exclusive, registrants only",
		6: "exclusive access, registrants only", 7: "write exclusive, all registrants", 8: "exclusive access, all registrants"}[r.Type]
	if w == "" {
		return fmt.Sprintf("type %Xh", r.Type)
	}
	return w
}

// body checks the header of parameter data (generation, additional length) and
// returns what follows. cut says that the device has more than arrived.
func body(what string, b []byte) (data []byte, cut bool, err error) {
	if len(b) < 8 {
		return nil, false, fmt.Errorf("decode %s: %d bytes; want at least 8", what, len(b))
	}
	n := uint64(binary.BigEndian.Uint32(b[4:]))
	b = b[8:]
	if n > uint64(len(b)) {
		return b, true, nil
	}
	return b[:n], false, nil
}

// ParseKeys decodes READ KEYS (SPC-5 §6.16.2). An answer cut short by the length
// of the buffer gives the keys that arrived, and more.
func ParseKeys(b []byte) (keys []uint64, more bool, err error) {
	b, more, err = body("READ KEYS", b)
	for ; len(b) >= 8; b = b[8:] {
		keys = append(keys, binary.BigEndian.Uint64(b))
	}
	return keys, more, err
}

// ParseHolder decodes READ RESERVATION (SPC-5 §6.16.3).
func ParseHolder(b []byte) (key uint64, typ byte, held bool, err error) {
	b, cut, err := body("READ RESERVATION", b)
	switch {
	case err != nil:
		return 0, 0, false, err
	case len(b) == 0 && !cut:
		return 0, 0, false, nil
	case len(b) < 16:
		return 0, 0, false, fmt.Errorf("decode READ RESERVATION: descriptor of %d bytes; want 16", len(b))
	}
	return binary.BigEndian.Uint64(b), b[13] & 0xf, true, nil
}

// ParseStatus decodes the transport identifiers of READ FULL STATUS (SPC-5
// §6.16.5), each once, in words such as "naa.5000c50012345678".
func ParseStatus(b []byte) ([]string, error) {
	b, _, err := body("READ FULL STATUS", b)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	for len(b) >= 24 {
		n := uint64(binary.BigEndian.Uint32(b[20:]))
		if n > uint64(len(b)-24) {
			break
		}
		if s := transportID(b[24 : 24+n]); s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
		b = b[24+n:]
	}
	return out, nil
}

// transportID spells a TransportID (SPC-5 §7.6.4), "" for what it does not know.
func transportID(b []byte) string {
	switch {
	case len(b) < 24:
		return ""
	case b[0]&0xf == 0: // Fibre Channel: N_Port name at 8
		return fmt.Sprintf("naa.%x", b[8:16])
	case b[0]&0xf == 4: // SRP: initiator port identifier at 8
		return fmt.Sprintf("0x%x", b[8:24])
	case b[0]&0xf == 6: // SAS: address at 4
		return fmt.Sprintf("naa.%x", b[4:12])
	case b[0]&0xf == 5: // iSCSI: name at 4, length at 2
		n := min(int(binary.BigEndian.Uint16(b[2:])), len(b)-4)
		return printable(b[4 : 4+n])
	}
	return ""
}

// printable is a name up to its first byte that is no letter, digit or mark.
func printable(b []byte) string {
	for i, c := range b {
		if c <= ' ' || c > '~' {
			return string(b[:i])
		}
	}
	return string(b)
}

// ReadReservation asks for registrations and reservations. A device without the
// command has none; an old one that is reserved by RESERVE answers every other
// command with a conflict, which is why TEST UNIT READY is asked then.
func ReadReservation(ctx context.Context, conn Conn) (Reservation, error) {
	var r Reservation
	b, err := read(ctx, conn, ReserveCommand(ReserveKeys))
	if unsupported(err) {
		_, err := read(ctx, conn, &Command{Name: "TEST UNIT READY", CDB: make([]byte, 6)})
		r.Conflict = conflict(err)
		return r, unlessStatus(err)
	}
	if r.Conflict = conflict(err); r.Conflict {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if r.Keys, r.More, err = ParseKeys(b); err != nil {
		return r, err
	}
	if b, err = read(ctx, conn, ReserveCommand(ReserveHolder)); err != nil {
		return r, unlessRefused(err)
	}
	if r.Key, r.Type, r.Held, err = ParseHolder(b); err != nil || !r.Any() {
		return r, err
	}
	// Names are a help for people, and optional.
	if b, err = read(ctx, conn, ReserveCommand(ReserveStatus)); err == nil {
		r.Names, _ = ParseStatus(b)
	}
	return r, unlessStatus(err)
}

func status(err error) *StatusError {
	var s *StatusError
	errors.As(err, &s)
	return s
}

func conflict(err error) bool { s := status(err); return s != nil && s.Status == StatusConflict }

// unsupported reports ILLEGAL REQUEST: the device has no such command.
func unsupported(err error) bool {
	s := status(err)
	return s != nil && s.Status == StatusCheckCondition && s.Sense.Key == KeyIllegalRequest
}

func unlessRefused(err error) error {
	if unsupported(err) {
		return nil
	}
	return err
}

// unlessStatus keeps an error that means the way to the device is broken.
func unlessStatus(err error) error {
	if status(err) != nil {
		return nil
	}
	return err
}
