package nvmetcp

import (
	"encoding/binary"
	"fmt"
	"io"
)

var le = binary.LittleEndian

// Types of a PDU.
const (
	icReq       = 0
	icResp      = 1
	hostTerm    = 2
	capsuleCmd  = 4
	capsuleResp = 5
	hostData    = 6
	ctrlData    = 7
	readyData   = 9
)

const (
	commonHeader = 8
	cmdHeader    = commonHeader + 64
	dataHeader   = 24
	icHeader     = 128
	// maxData is the longest transfer, 128 KiB as MDTS tells, with some room.
	maxData   = 256 << 10
	inCapsule = 8192
	lastData  = 1 << 2 // flag: no more of this transfer follows
)

// pdu is one unit of the transport: head is the whole header, data what follows it.
type pdu struct {
	kind  byte
	flags byte
	head  []byte
	data  []byte
}

var headerOf = map[byte]int{icReq: icHeader, icResp: icHeader, hostTerm: dataHeader, capsuleCmd: cmdHeader,
	capsuleResp: dataHeader, hostData: dataHeader, ctrlData: dataHeader, readyData: dataHeader}

// readPDU reads one. Lengths that do not fit are an error, since nothing after them
// can be found.
func readPDU(r io.Reader) (pdu, error) {
	var h [commonHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return pdu{}, err
	}
	p := pdu{kind: h[0], flags: h[1]}
	head, at, total := int(h[2]), int(h[3]), int64(le.Uint32(h[4:]))
	if want, known := headerOf[p.kind]; !known || head != want {
		return p, fmt.Errorf("PDU of type %d with a header of %d bytes", p.kind, head)
	}
	if total < int64(head) || total > maxData+icHeader || at != 0 && (at < head || int64(at) > total) {
		return p, fmt.Errorf("PDU of type %d: %d bytes, data at %d", p.kind, total, at)
	}
	b := make([]byte, total)
	copy(b, h[:])
	if _, err := io.ReadFull(r, b[commonHeader:]); err != nil {
		return p, err
	}
	p.head = b[:head]
	if at != 0 {
		p.data = b[at:]
	}
	return p, nil
}

// encode is the PDU with its common header filled in.
func (p pdu) encode() []byte {
	b := make([]byte, headerOf[p.kind], headerOf[p.kind]+len(p.data))
	copy(b, p.head)
	b[0], b[1], b[2], b[3] = p.kind, p.flags, byte(len(b)), 0
	if len(p.data) > 0 {
		b[3] = byte(len(b))
	}
	le.PutUint32(b[4:], uint32(len(b)+len(p.data)))
	return append(b, p.data...)
}

// dataPDU is a PDU whose header names a command, and a stretch of its transfer.
func dataPDU(kind, flags byte, id, tag uint16, off, size int, data []byte) pdu {
	h := make([]byte, dataHeader)
	le.PutUint16(h[8:], id)
	le.PutUint16(h[10:], tag)
	le.PutUint32(h[12:], uint32(off))
	le.PutUint32(h[16:], uint32(size))
	return pdu{kind: kind, flags: flags, head: h, data: data}
}
