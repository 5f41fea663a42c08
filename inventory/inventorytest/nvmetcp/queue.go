package nvmetcp

import (
	"errors"
	"fmt"
	"net"

	"lethe/inventory/inventorytest/simnvme"
)

// queue is one connection: a submission and a completion queue.
type queue struct {
	t         *Target
	conn      net.Conn
	connected bool
	id        uint16 // 0 is the admin queue
	size      uint16
	head      uint16
	transfers map[uint16]*transfer
}

// transfer is a command whose data are on their way from the host.
type transfer struct {
	entry simnvme.Entry
	data  []byte
	got   int
}

var errDrive = errors.New("the drive did not answer")

func (q *queue) run() error {
	p, err := readPDU(q.conn)
	if err != nil || p.kind != icReq {
		return fmt.Errorf("no connection request: %w", err)
	}
	if err := q.send(icResponse()); err != nil {
		return err
	}
	for {
		p, err := readPDU(q.conn)
		if err != nil {
			return err
		}
		switch p.kind {
		case capsuleCmd:
			err = q.capsule(p)
		case hostData:
			err = q.arrived(p)
		default:
			err = fmt.Errorf("PDU of type %d", p.kind)
		}
		if err != nil {
			return err
		}
	}
}

// icResponse takes no digests and lets the host send 128 KiB at a time.
func icResponse() pdu {
	h := make([]byte, icHeader)
	le.PutUint32(h[12:], 128<<10)
	return pdu{kind: icResp, head: h}
}

func (q *queue) send(ps ...pdu) error {
	var b []byte
	for _, p := range ps {
		b = append(b, p.encode()...)
	}
	_, err := q.conn.Write(b)
	return err
}

// Kinds of a command's data pointer (byte 39): in the capsule, or moved by the
// transport.
const (
	sglOffset    = 0x01
	sglTransport = 0x5a
)

func commandID(e *simnvme.Entry) uint16 { return le.Uint16(e[2:]) }

// toDrive reports a command whose data the host sends: bits 1:0 of the opcode, or of
// the type of a Fabrics command.
func toDrive(e *simnvme.Entry) bool {
	op := e[0]
	if op == fabrics {
		op = e[4]
	}
	return op&3 == 1
}

// capsule takes a command. Data that are not in the capsule are asked for.
func (q *queue) capsule(p pdu) error {
	var e simnvme.Entry
	copy(e[:], p.head[commonHeader:])
	n := int64(le.Uint32(e[32:]))
	if n > maxData {
		return q.complete(&e, 0, invalidField)
	}
	switch {
	case !toDrive(&e) || n == 0:
		return q.execute(&e, make([]byte, n))
	case e[39] == sglOffset && int64(len(p.data)) == n:
		return q.execute(&e, p.data)
	case e[39] != sglTransport:
		return q.complete(&e, 0, invalidField)
	}
	id := commandID(&e)
	if len(q.transfers) > int(q.size) || q.transfers[id] != nil {
		return fmt.Errorf("command %d is under way already", id)
	}
	q.transfers[id] = &transfer{entry: e, data: make([]byte, n)}
	return q.send(dataPDU(readyData, 0, id, id, 0, int(n), nil))
}

// arrived takes data of a command that asked for them.
func (q *queue) arrived(p pdu) error {
	id, off := le.Uint16(p.head[8:]), int64(le.Uint32(p.head[12:]))
	x := q.transfers[id]
	if x == nil || off != int64(x.got) || off+int64(len(p.data)) > int64(len(x.data)) {
		return fmt.Errorf("data of command %d at %d", id, off)
	}
	x.got += copy(x.data[off:], p.data)
	if x.got < len(x.data) {
		return nil
	}
	delete(q.transfers, id)
	return q.execute(&x.entry, x.data)
}

const (
	invalidOpcode = 0x4001
	invalidField  = 0x4002
	asyncEvent    = 0x0c
	setFeatures   = 0x09
	queueCount    = 0x07
)

// execute hands a command to the drive and answers.
func (q *queue) execute(e *simnvme.Entry, data []byte) error {
	admin := q.id == 0
	switch {
	case e[0] == fabrics:
		return q.fabric(e, data)
	case !q.connected:
		return fmt.Errorf("command %02Xh before connect", e[0])
	case admin && e[0] == asyncEvent: // answered when something happens, which it never does
		return nil
	case admin && e[0] == setFeatures && e[40] == queueCount: // one of each, counted from 0
		return q.complete(e, 0, 0)
	}
	run := q.t.sub.IO
	if admin {
		run = q.t.sub.Admin
	}
	status, result, err := run(q.t.ctx, q.t.controller, *e, data)
	if err != nil {
		return fmt.Errorf("%w: %w", errDrive, err)
	}
	if status == 0 && !toDrive(e) && len(data) > 0 {
		answer := dataPDU(ctrlData, lastData, commandID(e), 0, 0, len(data), data)
		return q.send(answer, q.completion(e, uint64(result), status))
	}
	return q.complete(e, uint64(result), status)
}

func (q *queue) complete(e *simnvme.Entry, result uint64, status uint16) error {
	return q.send(q.completion(e, result, status))
}

// completion is a response capsule: the completion queue entry after the header.
func (q *queue) completion(e *simnvme.Entry, result uint64, status uint16) pdu {
	h := make([]byte, dataHeader)
	le.PutUint64(h[8:], result)
	if q.head++; q.size > 0 {
		q.head %= q.size
	}
	le.PutUint16(h[16:], q.head)
	le.PutUint16(h[20:], commandID(e))
	le.PutUint16(h[22:], status<<1)
	return pdu{kind: capsuleResp, head: h}
}
