// Package simtcg simulates the security side of a self-encrypting drive: a TPer that
// answers level 0 discovery, sessions, the MSID and reverts. It is a tcg.Conn and is
// used by tests only.
package simtcg

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"lethe/inventory/tcg"
)

// Faults are what a TPer does wrong, all at will. The zero value is honest.
type Faults struct {
	Silent      bool // Revert succeeds and changes nothing
	LockedOut   bool // the PSID's authority takes no more tries
	Busy        int  // so many empty answers before each real one
	EndsSession bool // answers a revert by ending the session
	Garbage     bool // answers with bytes of no meaning
	Vanish      bool // every transfer fails
}

// TPer is one drive's. All fields may be set before it is used; it is for one caller at
// a time.
type TPer struct {
	Class      uint16 // feature code of its class, tcg.FeatureOpal2 when 0
	Owned      bool   // the locking SP is active and a range locked
	Encrypts   bool
	SIDBlocked bool
	PSID, MSID string
	SID        string // the owner's PIN; MSID until somebody took ownership
	Faults     Faults
	Reverted   func() // called when media keys were replaced; may be nil
	Reverts    int    // so often it was reverted

	answer  []byte
	left    int
	tsn     uint32
	granted tcg.UID
}

const comID = 0x07fe

// ErrGone is every transfer of a TPer that vanished.
var ErrGone = errors.New("simulated: no such device")

// Send implements tcg.Conn.
func (t *TPer) Send(_ context.Context, protocol byte, channel uint16, data []byte) error {
	if t.Faults.Vanish {
		return ErrGone
	}
	p, err := tcg.ParsePacket(data)
	if err != nil || protocol != 1 || channel != comID {
		return errors.New("simulated: not for the TPer")
	}
	ts, err := tcg.ParseTokens(p.Payload)
	if err != nil {
		return err
	}
	out := t.do(p, ts)
	t.answer = tcg.Packet{ComID: comID, TSN: p.TSN, HSN: p.HSN, Payload: out}.Encode()
	t.left = t.Faults.Busy
	return nil
}

// Receive implements tcg.Conn.
func (t *TPer) Receive(_ context.Context, protocol byte, channel uint16, data []byte) error {
	switch {
	case t.Faults.Vanish:
		return ErrGone
	case t.Faults.Garbage:
		for i := range data {
			data[i] = byte(i * 7)
		}
	case protocol == 1 && channel == 1:
		copy(data, t.discovery())
	case t.left > 0:
		t.left--
		copy(data, tcg.Packet{ComID: comID, Outstanding: 1}.Encode())
	default:
		copy(data, t.answer)
		t.answer = tcg.Packet{ComID: comID}.Encode()
	}
	return nil
}

func (t *TPer) discovery() []byte {
	class := t.Class
	if class == 0 {
		class = tcg.FeatureOpal2
	}
	locking := byte(1)
	if t.Owned {
		locking |= 6
	}
	if t.Encrypts {
		locking |= 8
	}
	b := make([]byte, 48)
	feature := func(code uint16, data ...byte) {
		b = append(binary.BigEndian.AppendUint16(b, code), append([]byte{0x10, byte(len(data))}, data...)...)
	}
	feature(tcg.FeatureTPer, append([]byte{0x11}, make([]byte, 11)...)...)
	feature(tcg.FeatureLocking, append([]byte{locking}, make([]byte, 11)...)...)
	feature(class, append([]byte{comID >> 8, comID & 0xff, 0, 1}, make([]byte, 12)...)...)
	if t.SIDBlocked {
		feature(tcg.FeatureBlockSID, append([]byte{2}, make([]byte, 11)...)...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// Status codes of methods.
const (
	success       = 0x00
	notAuthorized = 0x01
	invalid       = 0x0c
	lockedOut     = 0x12
)

func status(s tcg.Stream, code uint64) tcg.Stream {
	return s.Control(0xf9, 0xf0).Uint(code).Uint(0).Uint(0).Control(0xf1)
}

// do carries out one method: Call, object, method, parameters.
func (t *TPer) do(p tcg.Packet, ts []tcg.Token) tcg.Stream {
	if len(ts) > 0 && ts[0].Control == 0xfa {
		t.tsn, t.granted = 0, 0
		return tcg.Stream{0xfa}
	}
	if len(ts) < 4 || ts[0].Control != 0xf8 {
		return status(nil, invalid)
	}
	object, method := uid(ts[1]), uid(ts[2])
	switch {
	case method == 0xff01:
		return status(tcg.Stream{}.Control(0xf0, 0xf0, 0xf2).Bytes([]byte("MaxComPacketSize")).Uint(2048).Control(0xf3, 0xf1, 0xf1), success)
	case method == 0xff02:
		return t.start(ts)
	case t.tsn == 0 || p.TSN != t.tsn:
		return status(nil, invalid)
	case method == 0x06_0000000c:
		return t.enterprise(ts)
	case method == 0x06_00000016 && object == 0x0b_00008402:
		return status(tcg.Stream{}.Control(0xf0, 0xf0, 0xf2).Uint(3).Bytes([]byte(t.MSID)).Control(0xf3, 0xf1, 0xf1), success)
	case method == 0x06_00000202 || method == 0x06_00000011:
		return t.revert()
	}
	return status(nil, invalid)
}

func (t *TPer) start(ts []tcg.Token) tcg.Stream {
	var secret []byte
	var who tcg.UID
	for i, x := range ts {
		if x.Control == 0xf2 && i+2 < len(ts) && !ts[i+1].IsBytes {
			switch ts[i+1].Uint {
			case 0:
				secret = ts[i+2].Bytes
			case 3:
				who = uid(ts[i+2])
			}
		}
	}
	if code := t.login(who, secret); code != success {
		return status(tcg.Stream{}.Control(0xf0, 0xf1), code)
	}
	t.tsn = 0x1001
	b := tcg.Stream{}.Control(0xf8).Bytes([]byte{0, 0, 0, 0, 0, 0, 0, 0xff}).Bytes([]byte{0, 0, 0, 0, 0, 0, 0xff, 3})
	return status(b.Control(0xf0).Uint(ts[4].Uint).Uint(uint64(t.tsn)).Control(0xf1), success)
}

func (t *TPer) enterprise(ts []tcg.Token) tcg.Stream {
	i := slices.IndexFunc(ts, func(x tcg.Token) bool { return string(x.Bytes) == "Challenge" })
	ok := uint64(0)
	if i >= 0 && t.login(uid(ts[4]), ts[i+1].Bytes) == success {
		ok = 1
	}
	return status(tcg.Stream{}.Control(0xf0).Uint(ok).Control(0xf1), success)
}

func (t *TPer) login(who tcg.UID, secret []byte) uint64 {
	want := map[tcg.UID]string{tcg.AuthorityPSID: t.PSID, tcg.AuthoritySID: t.SID}[who]
	switch {
	case who == 0:
	case who == tcg.AuthorityPSID && t.Faults.LockedOut:
		return lockedOut
	case who == tcg.AuthoritySID && t.SIDBlocked, want == "" || want != string(secret):
		return notAuthorized
	}
	t.granted = who
	return success
}

func (t *TPer) revert() tcg.Stream {
	if t.granted == 0 {
		return status(tcg.Stream{}.Control(0xf0, 0xf1), notAuthorized)
	}
	t.tsn, t.granted = 0, 0
	if !t.Faults.Silent {
		t.Owned, t.SID = false, t.MSID
		t.Reverts++
		if t.Encrypts && t.Reverted != nil {
			t.Reverted()
		}
	}
	if t.Faults.EndsSession {
		return tcg.Stream{0xfa}
	}
	return status(tcg.Stream{}.Control(0xf0, 0xf1), success)
}

func uid(t tcg.Token) tcg.UID {
	if len(t.Bytes) != 8 {
		return 0
	}
	return tcg.UID(binary.BigEndian.Uint64(t.Bytes))
}
