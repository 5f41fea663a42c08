package tcg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// UID names an object or a method of a TPer.
type UID uint64

// The objects and methods used here.
const (
	sessionManager UID = 0x00000000000000ff
	ThisSP         UID = 0x0000000000000001
	AdminSP        UID = 0x0000020500000001
	AuthoritySID   UID = 0x0000000900000006
	AuthorityPSID  UID = 0x000000090001ff01
	pinMSID        UID = 0x0000000b00008402

	methodProperties   UID = 0x000000000000ff01
	methodStartSession UID = 0x000000000000ff02
	methodSyncSession  UID = 0x000000000000ff03
	methodGet          UID = 0x0000000600000016
	methodRevertSP     UID = 0x0000000600000011
	methodRevert       UID = 0x0000000600000202
	// Enterprise has its own Authenticate, and gives parameters names of text.
	methodEnterpriseAuthenticate UID = 0x000000060000000c
)

func (s Stream) uid(u UID) Stream { return s.Bytes(binary.BigEndian.AppendUint64(nil, uint64(u))) }

// Credential is who asks and the secret that shows it: the PSID as it is printed on
// the label, 32 characters, or the drive's own MSID.
type Credential struct {
	Authority UID
	Secret    []byte
}

// StatusError is a method that the TPer ended with another status than success (Core
// 5.1.5): 01h not authorized, 03h SP busy, 12h authority locked out, 3Fh fail.
type StatusError struct {
	Method string
	Status byte
}

func (e *StatusError) Error() string {
	word := map[byte]string{0x01: "not authorized", 0x03: "SP busy", 0x04: "SP failed", 0x06: "SP frozen",
		0x0c: "invalid parameter", 0x0f: "TPer malfunction", 0x12: "authority locked out", 0x3f: "fail"}[e.Status]
	if word == "" {
		return fmt.Sprintf("%s: TCG status %02Xh", e.Method, e.Status)
	}
	return fmt.Sprintf("%s: TCG status %02Xh (%s)", e.Method, e.Status, word)
}

// ErrSessionEnded says that the TPer ended the session in place of an answer, as it
// does once a revert took its SP away.
var ErrSessionEnded = errors.New("the drive ended the session")

// Session is a session with one SP. Calls come one after another.
type Session struct {
	conn     Conn
	comID    uint16
	tsn, hsn uint32
	pause    time.Duration // between questions whether the answer is there
	patience time.Duration
}

const hostSession = 105 // any number will do

func open(conn Conn, d Discovery) *Session {
	return &Session{conn: conn, comID: d.ComID, pause: 20 * time.Millisecond, patience: ioTimeout}
}

// Start opens a session with an SP that may write. A nil Credential is Anybody.
func Start(ctx context.Context, conn Conn, d Discovery, sp UID, who *Credential) (*Session, error) {
	s := open(conn, d)
	p := Stream{}.Control(startList).Uint(hostSession).uid(sp).Uint(1)
	if who != nil && !d.Enterprise() {
		p = p.Control(startName).Uint(0).Bytes(who.Secret).Control(endName)
		p = p.Control(startName).Uint(3).uid(who.Authority).Control(endName)
	}
	got, err := s.call(ctx, "StartSession", sessionManager, methodStartSession, p.Control(endList))
	if err != nil {
		return nil, err
	}
	// The answer is a call of its own: SyncSession with both numbers.
	if len(got) < 6 || got[0].Control != call || !isUID(got[2], methodSyncSession) || got[4].IsBytes || got[5].IsBytes ||
		got[4].Uint != hostSession {
		return nil, fmt.Errorf("StartSession: no SyncSession in the answer")
	}
	s.hsn, s.tsn = uint32(got[4].Uint), uint32(got[5].Uint)
	if who != nil && d.Enterprise() {
		if err := s.authenticate(ctx, who); err != nil {
			return nil, errors.Join(err, s.End(ctx))
		}
	}
	return s, nil
}

func isUID(t Token, u UID) bool {
	return t.IsBytes && bytes.Equal(t.Bytes, binary.BigEndian.AppendUint64(nil, uint64(u)))
}

// authenticate is how Enterprise shows who asks, in a session under way.
func (s *Session) authenticate(ctx context.Context, who *Credential) error {
	p := Stream{}.Control(startList).uid(who.Authority).
		Control(startName).Bytes([]byte("Challenge")).Bytes(who.Secret).Control(endName, endList)
	got, err := s.call(ctx, "Authenticate", ThisSP, methodEnterpriseAuthenticate, p)
	if err != nil {
		return err
	}
	for _, t := range got {
		if t.Control == 0 && !t.IsBytes && t.Uint == 1 {
			return nil
		}
	}
	return &StatusError{"Authenticate", 0x01}
}

// Revert sets the whole TPer back to its factory state (Opal SSC 5.1.2): every media
// key is replaced. The TPer ends the session with it.
func (s *Session) Revert(ctx context.Context) error {
	return s.revert(ctx, "Revert", AdminSP, methodRevert)
}

// RevertSP sets back the SP of the session alone, by one of its administrators.
func (s *Session) RevertSP(ctx context.Context) error {
	return s.revert(ctx, "RevertSP", ThisSP, methodRevertSP)
}

func (s *Session) revert(ctx context.Context, name string, object, method UID) error {
	_, err := s.call(ctx, name, object, method, Stream{}.Control(startList, endList))
	if errors.Is(err, ErrSessionEnded) {
		return nil
	}
	return err
}

// MSID reads the PIN that the drive left the factory with, as Anybody. It is the
// owner's too until somebody took ownership.
func (s *Session) MSID(ctx context.Context) ([]byte, error) {
	p := Stream{}.Control(startList, startList, startName).Uint(3).Uint(3).Control(endName, startName).Uint(4).Uint(3).
		Control(endName, endList, endList)
	got, err := s.call(ctx, "Get C_PIN_MSID", pinMSID, methodGet, p)
	if err != nil {
		return nil, err
	}
	for i, t := range got {
		if t.Control == 0 && !t.IsBytes && t.Uint == 3 && i+1 < len(got) && got[i+1].IsBytes {
			return got[i+1].Bytes, nil
		}
	}
	return nil, fmt.Errorf("Get C_PIN_MSID: no PIN in the answer")
}

// End closes the session.
func (s *Session) End(ctx context.Context) error {
	_, err := s.exchange(ctx, Stream{}.Control(endOfSession))
	return err
}

// Properties asks what the TPer can take (Core 5.2.2.4), outside of any session.
func Properties(ctx context.Context, conn Conn, d Discovery) (map[string]uint64, error) {
	got, err := open(conn, d).call(ctx, "Properties", sessionManager, methodProperties, Stream{}.Control(startList, endList))
	if err != nil {
		return nil, err
	}
	out := map[string]uint64{}
	for i := 0; i+3 < len(got); i++ {
		if got[i].Control == startName && got[i+1].IsBytes && got[i+2].Control == 0 && !got[i+2].IsBytes {
			out[string(got[i+1].Bytes)] = got[i+2].Uint
		}
	}
	return out, nil
}

func (s *Session) call(ctx context.Context, name string, object, method UID, params Stream) ([]Token, error) {
	p := Stream{}.Control(call).uid(object).uid(method)
	p = append(p, params...).Control(endOfData, startList).Uint(0).Uint(0).Uint(0).Control(endList)
	got, err := s.exchange(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return answer(name, got)
}

// answer splits off the status list at the end of what a method returned.
func answer(name string, ts []Token) ([]Token, error) {
	if len(ts) > 0 && ts[0].Control == endOfSession {
		return nil, fmt.Errorf("%s: %w", name, ErrSessionEnded)
	}
	n := len(ts) - 6
	if n < 0 || ts[n].Control != endOfData || ts[n+1].Control != startList || ts[n+2].Control != 0 || ts[n+2].IsBytes ||
		ts[n+5].Control != endList {
		return nil, fmt.Errorf("%s: no status in the answer", name)
	}
	if s := ts[n+2].Uint; s != 0 {
		return nil, &StatusError{name, byte(min(s, 0xff))}
	}
	return ts[:n], nil
}

// exchange sends tokens and waits for those that answer them.
func (s *Session) exchange(ctx context.Context, payload Stream) ([]Token, error) {
	if err := s.conn.Send(ctx, 1, s.comID, Packet{ComID: s.comID, TSN: s.tsn, HSN: s.hsn, Payload: payload}.Encode()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	size := 4 * block
	for {
		b := make([]byte, size)
		if err := s.conn.Receive(ctx, 1, s.comID, b); err != nil {
			return nil, err
		}
		p, err := ParsePacket(b)
		switch {
		case err != nil:
			return nil, err
		case p.ComID != s.comID:
			return nil, fmt.Errorf("answer from channel %04Xh, asked %04Xh", p.ComID, s.comID)
		case p.Payload != nil:
			return ParseTokens(p.Payload)
		case p.MinTransfer > maxBlocks*block:
			return nil, fmt.Errorf("the answer has %d bytes", p.MinTransfer)
		case p.MinTransfer > uint32(size):
			size = (int(p.MinTransfer) + block - 1) / block * block
		case p.Outstanding == 0:
			return nil, ErrSessionEnded // nothing there, and nothing to come
		}
		if err := wait(ctx, s.pause); err != nil {
			return nil, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
