// Package lldp reads what a switch says of itself on a port (IEEE 802.1AB, Link
// Layer Discovery Protocol): which switch it is and which port. It answers nothing
// and prints nothing.
package lldp

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// EtherType of LLDP.
const EtherType = 0x88cc

// ErrFrame says that bytes are no LLDP frame. What is cut off or out of order is
// refused as a whole.
var ErrFrame = errors.New("not an LLDP frame")

// Neighbour is who is at the other end of the cable. The texts are printable and
// of at most 255 bytes; they are the sender's claim, nothing more.
type Neighbour struct {
	Chassis  string // MAC address, network address or text
	Port     string
	PortText string // description of the port; optional
	System   string // name of the system; optional
	VLAN     int    // port VLAN id (IEEE 802.1 TLV); 0 where it says none
}

// TLV types of clause 8.4.
const (
	tlvEnd      = 0
	tlvChassis  = 1
	tlvPort     = 2
	tlvTTL      = 3
	tlvPortText = 4
	tlvSystem   = 5
	tlvOrg      = 127
)

// Parse reads an Ethernet frame from its destination address on; an 802.1Q tag may
// stand before the EtherType.
func Parse(frame []byte) (Neighbour, error) {
	if len(frame) < 14 {
		return Neighbour{}, fmt.Errorf("%w: %d bytes", ErrFrame, len(frame))
	}
	at := 12
	if binary.BigEndian.Uint16(frame[at:]) == 0x8100 {
		at += 4
	}
	if len(frame) < at+2 || binary.BigEndian.Uint16(frame[at:]) != EtherType {
		return Neighbour{}, fmt.Errorf("%w: another protocol", ErrFrame)
	}
	return parseUnit(frame[at+2:])
}

// parseUnit reads the TLVs: chassis, port and time to live come first, in this
// order (clause 8.2); the rest may come or not.
func parseUnit(b []byte) (Neighbour, error) {
	var n Neighbour
	for i := 0; ; i++ {
		if len(b) < 2 {
			if i > tlvTTL-1 {
				return n, nil // the end mark is optional since 802.1AB-2016
			}
			return Neighbour{}, fmt.Errorf("%w: cut off", ErrFrame)
		}
		head := binary.BigEndian.Uint16(b)
		kind, size := int(head>>9), int(head&0x1ff)
		if len(b) < 2+size {
			return Neighbour{}, fmt.Errorf("%w: TLV %d of %d bytes, %d are left", ErrFrame, kind, size, len(b)-2)
		}
		value := b[2 : 2+size]
		b = b[2+size:]
		if i < tlvTTL && kind != i+1 {
			return Neighbour{}, fmt.Errorf("%w: TLV %d at place %d", ErrFrame, kind, i+1)
		}
		if kind == tlvEnd {
			return n, nil
		}
		if err := n.set(kind, value); err != nil {
			return Neighbour{}, err
		}
	}
}

func (n *Neighbour) set(kind int, v []byte) (err error) {
	switch kind {
	case tlvChassis:
		n.Chassis, err = identifier(v, 4, 5)
	case tlvPort:
		n.Port, err = identifier(v, 3, 4)
	case tlvTTL:
		if len(v) < 2 {
			return fmt.Errorf("%w: time to live", ErrFrame)
		}
	case tlvPortText:
		n.PortText = text(v)
	case tlvSystem:
		n.System = text(v)
	case tlvOrg:
		// 00-80-C2 subtype 1: port VLAN id (802.1Q annex D).
		if len(v) == 6 && v[0] == 0 && v[1] == 0x80 && v[2] == 0xc2 && v[3] == 1 {
			n.VLAN = int(binary.BigEndian.Uint16(v[4:])) & 0xfff
		}
	}
	return err
}

// identifier reads a chassis or port id: a subtype and a value (clauses 8.5.2 and
// 8.5.3); mac and addr are the subtypes of addresses.
func identifier(v []byte, mac, addr byte) (string, error) {
	if len(v) < 2 || len(v) > 256 {
		return "", fmt.Errorf("%w: identifier of %d bytes", ErrFrame, len(v))
	}
	sub, v := v[0], v[1:]
	switch {
	case sub == mac && len(v) == 6:
		return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", v[0], v[1], v[2], v[3], v[4], v[5]), nil
	case sub == addr:
		// IANA address family: 1 IPv4, 2 IPv6
		if a, ok := netip.AddrFromSlice(v[1:]); ok && (v[0] == 1 && a.Is4() || v[0] == 2 && a.Is6()) {
			return a.String(), nil
		}
		return hex.EncodeToString(v), nil
	}
	return text(v), nil
}

// text keeps what can be printed on one line; the rest becomes hexadecimal. A
// switch must not be able to write onto the screen or the paper as it likes.
func text(v []byte) string {
	v = v[:min(len(v), 255)]
	s := strings.TrimSpace(strings.TrimRight(string(v), "\x00"))
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return hex.EncodeToString(v[:min(len(v), 127)])
	}
	return s
}
