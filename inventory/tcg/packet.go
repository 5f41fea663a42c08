package tcg

import (
	"encoding/binary"
	"fmt"
)

// Sizes of the three headers around tokens (Core 3.2.3).
const (
	comPacketHeader = 20
	packetHeader    = 24
	subPacketHeader = 12
	headers         = comPacketHeader + packetHeader + subPacketHeader
)

// Packet is one ComPacket with one packet with one data subpacket, which is all that
// Lethe sends and takes.
type Packet struct {
	ComID       uint16
	TSN, HSN    uint32 // session numbers of the TPer and of the host; 0 outside a session
	Outstanding uint32 // bytes that the TPer still holds
	MinTransfer uint32 // size of the next Receive that would get some of them
	Payload     []byte // tokens
}

// Encode is the packet, padded to whole blocks of 512 bytes.
func (p Packet) Encode() []byte {
	padded := (len(p.Payload) + 3) &^ 3
	b := make([]byte, (headers+padded+block-1)/block*block)
	be := binary.BigEndian
	be.PutUint16(b[4:], p.ComID)
	be.PutUint32(b[8:], p.Outstanding)
	be.PutUint32(b[12:], p.MinTransfer)
	if p.Payload == nil {
		return b
	}
	be.PutUint32(b[16:], uint32(packetHeader+subPacketHeader+padded))
	be.PutUint32(b[20:], p.TSN)
	be.PutUint32(b[24:], p.HSN)
	be.PutUint32(b[40:], uint32(subPacketHeader+padded))
	be.PutUint32(b[52:], uint32(len(p.Payload)))
	copy(b[headers:], p.Payload)
	return b
}

// ParsePacket decodes one. A ComPacket without content, by which a TPer says that it
// is still at work or has nothing, has a nil Payload.
func ParsePacket(b []byte) (Packet, error) {
	if len(b) < comPacketHeader {
		return Packet{}, fmt.Errorf("decode packet: %d bytes", len(b))
	}
	be := binary.BigEndian
	p := Packet{ComID: be.Uint16(b[4:]), Outstanding: be.Uint32(b[8:]), MinTransfer: be.Uint32(b[12:])}
	n := uint64(be.Uint32(b[16:]))
	if n == 0 {
		return p, nil
	}
	if n < packetHeader+subPacketHeader || n > uint64(len(b)-comPacketHeader) {
		return p, fmt.Errorf("decode packet: says %d bytes of %d", n, len(b)-comPacketHeader)
	}
	p.TSN, p.HSN = be.Uint32(b[20:]), be.Uint32(b[24:])
	inner, data := uint64(be.Uint32(b[40:])), uint64(be.Uint32(b[52:]))
	if inner+packetHeader > n || data+subPacketHeader > inner || data == 0 {
		return p, fmt.Errorf("decode packet: lengths %d, %d, %d do not fit", n, inner, data)
	}
	p.Payload = b[headers : headers+data]
	return p, nil
}
