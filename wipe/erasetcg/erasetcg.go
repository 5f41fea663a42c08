// Package erasetcg sets a self-encrypting drive back to its factory state, over any
// tcg.Conn: every media key is replaced, and nobody owns the drive any more. It decides
// no verdict. Each transfer is handed to Tell before the next one; an error of Tell
// vetoes whatever comes next, for good.
//
// In its order:
//
//	e := erasetcg.New(conn, tell)
//	before, err := e.Discover(ctx)                 // level 0 discovery
//	err = erasetcg.Supports(before)                // nil, or why not; pure
//	err = e.Revert(ctx, psid)                      // irreversible; "" tries the drive's own PIN
//	after, err := e.Discover(ctx)                  // Locking().Enabled() must be gone
//
// The PSID is printed on the drive's label; it is an input. Without it a drive that
// somebody owns cannot be reverted: *NeedPSIDError says so, before anything was sent
// that changes the drive. What is sent holds the PSID, so it is not told; what comes
// back is.
package erasetcg

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/inventory/tcg"
)

// Tell takes down one transfer. Its error vetoes every transfer that would follow.
type Tell func(record.Exchange) error

// ErrVetoed says that what was done could not be taken down, so that nothing more is.
var ErrVetoed = errors.New("nobody takes down what is done")

// NeedPSIDError is a drive that cannot be reverted without the PSID on its label.
type NeedPSIDError struct{ Why string }

func (e *NeedPSIDError) Error() string {
	return "PSID needed, printed on the label: " + e.Why
}

// UnsupportedError is a drive that a revert does not erase.
type UnsupportedError struct{ Why string }

func (e *UnsupportedError) Error() string { return "TCG revert: " + e.Why }

// Supports is nil where a revert replaces the keys of all media, else an
// *UnsupportedError. What a drive says of its encryption is no proof of it.
func Supports(d tcg.Discovery) error {
	l := d.Locking()
	switch {
	case d.Class == "":
		return &UnsupportedError{"the drive has no security subsystem that is known"}
	case !l.Supported():
		return &UnsupportedError{fmt.Sprintf("%s drive without a locking SP", d.Class)}
	case strings.HasPrefix(d.Class, "Pyrite"):
		return &UnsupportedError{d.Class + " encrypts nothing: a revert unlocks the drive and need not erase it"}
	case !l.Encrypts():
		return &UnsupportedError{"what is on the media is not encrypted: no key goes"}
	}
	return nil
}

// Unlocks reports that a revert is needed before any other command to erase is taken.
func Unlocks(d tcg.Discovery) bool { return d.Locking().Enabled() }

// PSIDLength is the length of every PSID, in characters.
const PSIDLength = 32

// PSID cleans what was read off a label or scanned: blanks and hyphens go, lower case
// becomes upper. Anything but 32 letters and digits after that is an error.
func PSID(label string) (string, error) {
	s := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\t", "", "\n", "", "\r", "").Replace(label))
	if len(s) != PSIDLength {
		return "", fmt.Errorf("read PSID: %d characters; want %d", len(s), PSIDLength)
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return "", fmt.Errorf("read PSID: %q is neither a letter nor a digit", r)
		}
	}
	return s, nil
}

// Eraser is one drive's, for one caller at a time.
type Eraser struct{ conn *teller }

// New makes an Eraser; nothing is sent.
func New(conn tcg.Conn, tell Tell) *Eraser { return &Eraser{&teller{conn: conn, tell: tell}} }

// Discover reads level 0 discovery.
func (e *Eraser) Discover(ctx context.Context) (tcg.Discovery, error) {
	return tcg.Discover(ctx, e.conn)
}

// Revert gives the command. With a PSID it is the PSID's. With "" it is tried as the
// owner by the PIN that the drive left the factory with, which works while nobody took
// ownership; where somebody did, the error is a *NeedPSIDError.
func (e *Eraser) Revert(ctx context.Context, psid string) error {
	d, err := e.Discover(ctx)
	if err != nil {
		return err
	}
	if d.Class == "" {
		return Supports(d)
	}
	who := &tcg.Credential{Authority: tcg.AuthorityPSID, Secret: []byte(psid)}
	if psid == "" {
		if who, err = e.owner(ctx, d); err != nil {
			return err
		}
	}
	s, err := tcg.Start(ctx, e.conn, d, tcg.AdminSP, who)
	var status *tcg.StatusError
	if psid == "" && errors.As(err, &status) {
		return &NeedPSIDError{"somebody owns the drive: " + status.Error()}
	}
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	return s.Revert(ctx)
}

// owner is the owner by the factory's PIN.
func (e *Eraser) owner(ctx context.Context, d tcg.Discovery) (*tcg.Credential, error) {
	if d.SIDBlocked() {
		return nil, &NeedPSIDError{"the firmware of this machine blocks the owner until the next power cycle"}
	}
	if d.Enterprise() {
		return nil, &NeedPSIDError{"the factory's PIN of an Enterprise drive is not asked for"}
	}
	s, err := tcg.Start(ctx, e.conn, d, tcg.AdminSP, nil)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	pin, err := s.MSID(ctx)
	var status *tcg.StatusError
	if errors.As(err, &status) {
		err = &NeedPSIDError{"the drive does not tell the PIN it left the factory with: " + status.Error()}
	}
	if err := errors.Join(err, s.End(ctx)); err != nil {
		return nil, err
	}
	return &tcg.Credential{Authority: tcg.AuthoritySID, Secret: pin}, nil
}

// teller is a Conn that tells.
type teller struct {
	conn   tcg.Conn
	tell   Tell
	vetoed error
}

func (t *teller) Send(ctx context.Context, protocol byte, id uint16, data []byte) error {
	return t.do("SEND", protocol, id, nil, func() error { return t.conn.Send(ctx, protocol, id, data) })
}

func (t *teller) Receive(ctx context.Context, protocol byte, id uint16, data []byte) error {
	return t.do("RECEIVE", protocol, id, data, func() error { return t.conn.Receive(ctx, protocol, id, data) })
}

func (t *teller) do(way string, protocol byte, id uint16, data []byte, move func() error) error {
	if t.vetoed != nil {
		return t.vetoed
	}
	err := move()
	x := record.Exchange{Name: "TCG " + way, Request: fmt.Sprintf("%02x comid %04x", protocol, id), Status: "ok"}
	if err != nil {
		x.Status = err.Error()
	} else if data != nil {
		x.Response = base64.StdEncoding.EncodeToString(data)
	}
	if terr := t.tell(x); terr != nil {
		t.vetoed = fmt.Errorf("%w: %w", ErrVetoed, terr)
		return errors.Join(err, t.vetoed)
	}
	return err
}
