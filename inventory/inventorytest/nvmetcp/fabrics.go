package nvmetcp

import (
	"bytes"
	"fmt"

	"lethe/inventory/inventorytest/simnvme"
)

// fabrics is the opcode of commands that only exist over a fabric; their type is in
// byte 4.
const (
	fabrics     = 0x7f
	propertySet = 0x00
	connect     = 0x01
	propertyGet = 0x04
)

// Properties of a controller, by offset.
const (
	propCapabilities  = 0x00
	propVersion       = 0x08
	propConfiguration = 0x14
	propStatus        = 0x1c
)

// connectInvalid is CONNECT INVALID PARAMETERS, command specific.
const connectInvalid = 0x4182

func (q *queue) fabric(e *simnvme.Entry, data []byte) error {
	if e[4] != connect && !q.connected {
		return fmt.Errorf("Fabrics command %02Xh before connect", e[4])
	}
	switch e[4] {
	case connect:
		return q.connect(e, data)
	case propertyGet:
		return q.complete(e, q.property(le.Uint32(e[44:])), 0)
	case propertySet:
		if le.Uint32(e[44:]) == propConfiguration {
			q.t.configure(le.Uint32(e[48:]))
		}
		return q.complete(e, 0, 0)
	}
	return q.complete(e, 0, invalidOpcode)
}

// connect makes the connection a queue (data: host identifier, controller at 16,
// subsystem at 256, host at 512). Any controller is asked for by FFFFh.
func (q *queue) connect(e *simnvme.Entry, data []byte) error {
	if q.connected || len(data) != 1024 {
		return q.complete(e, 0, connectInvalid)
	}
	nqn, _, _ := bytes.Cut(data[256:512], []byte{0})
	id := le.Uint16(data[16:])
	if string(nqn) != q.t.nqn || id != 0xffff && id != q.t.controller {
		return q.complete(e, 0, connectInvalid)
	}
	q.connected, q.id, q.size = true, le.Uint16(e[42:]), le.Uint16(e[44:])+1
	return q.complete(e, uint64(q.t.controller), 0)
}

func (q *queue) property(offset uint32) uint64 {
	cc := q.t.configuration()
	switch offset {
	case propCapabilities: // queues of 128 entries, contiguous; 10 s to get ready; NVM command set
		return 127 | 1<<16 | 20<<24 | 1<<37
	case propVersion:
		return 0x10300
	case propConfiguration:
		return uint64(cc)
	case propStatus:
		ready := uint64(cc & 1)
		if cc>>14&3 != 0 {
			ready |= 2 << 2 // shut down
		}
		return ready
	}
	return 0
}
