package nvme

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ONCS is Optional NVM Command Support.
type ONCS uint16

// Reservations reports the reservation commands.
func (o ONCS) Reservations() bool { return o>>5&1 != 0 }

// Reservation is who else has a claim on a namespace. The zero value is nobody.
// Lethe never registers, so that every registrant is another.
type Reservation struct {
	Registrants int      // controllers of hosts that have registered
	Holders     int      // of them, those that hold the reservation
	Type        byte     // 0 none, else figure 410
	Hosts       []string // host identifiers in hex, each once, as many as the answer held
}

// Any reports whether anyone has a claim.
func (r Reservation) Any() bool { return r.Registrants > 0 || r.Holders > 0 || r.Type != 0 }

// TypeWord names the type of the reservation.
func (r Reservation) TypeWord() string {
	w := map[byte]string{1: "write exclusive", 2: "exclusive access", 3: "write exclusive, registrants only",
		4: "exclusive access, registrants only", 5: "write exclusive, all registrants", 6: "exclusive access, all registrants"}[r.Type]
	if w == "" {
		return fmt.Sprintf("type %Xh", r.Type)
	}
	return w
}

// reportLen bounds the answer: 62 registrants in the long form.
const reportLen = 4096

// ReportCommand is Reservation Report (0Eh), an I/O command that only reads.
// long asks for host identifiers of 128 bits.
func ReportCommand(nsid uint32, long bool) *Command {
	c := &Command{Name: "RESERVATION REPORT", Opcode: 0x0e, NSID: nsid, CDW10: reportLen/4 - 1,
		Dir: FromDevice, Data: make([]byte, reportLen)}
	if long {
		c.CDW11 = 1
	}
	return c
}

// ParseReport decodes the reservation status data structure (Base Specification
// 2.0c figure 412, long form figure 413). More registrants than the answer holds
// count, but are not named.
func ParseReport(b []byte, long bool) (Reservation, error) {
	size := 24 // of the header, and of each entry
	if long {
		size = 64
	}
	if len(b) < size {
		return Reservation{}, fmt.Errorf("decode reservation report: %d bytes; want at least %d", len(b), size)
	}
	r := Reservation{Type: b[4], Registrants: int(binary.LittleEndian.Uint16(b[5:]))}
	b = b[size:]
	for i := 0; i < r.Registrants && len(b) >= size; i++ {
		host := b[8:16]
		if long {
			host = b[16:32]
		}
		if b[2]&1 != 0 {
			r.Holders++
		}
		if s := fmt.Sprintf("%x", host); !slices.Contains(r.Hosts, s) {
			r.Hosts = append(r.Hosts, s)
		}
		b = b[size:]
	}
	return r, nil
}

// inconsistent is Host Identifier Inconsistent Format: the controller wants the
// other form of the report.
const inconsistent = 0x18

// ReadReservation asks who has registered with a namespace. conn carries I/O
// commands, not admin commands. Ask only a controller whose ONCS has the
// commands; one that refuses the opcode or field all the same has none.
func ReadReservation(ctx context.Context, conn Conn, nsid uint32) (Reservation, error) {
	for _, long := range []bool{false, true} {
		c := ReportCommand(nsid, long)
		r, err := conn.Do(ctx, c)
		if err == nil {
			err = r.Err(c)
		}
		var s *StatusError
		switch {
		case err == nil:
			return ParseReport(c.Data, long)
		case !errors.As(err, &s) || s.Status.Type() != 0:
			return Reservation{}, err
		case s.Status.Code() == inconsistent && !long:
			continue
		case s.Status.Code() == 0x01 || s.Status.Code() == 0x02: // invalid opcode, invalid field
			return Reservation{}, nil
		default:
			return Reservation{}, err
		}
	}
	return Reservation{}, nil
}
