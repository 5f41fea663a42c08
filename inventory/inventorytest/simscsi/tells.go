package simscsi

import (
	"encoding/binary"
	"time"
)

// The commands there are beside those that erase.
var commands = map[byte]bool{0x00: true, 0x03: true, 0x08: true, 0x0a: true, 0x12: true, 0x15: true, 0x1a: true, 0x1b: true,
	0x25: true, 0x28: true, 0x2a: true, 0x35: true, 0x4d: true, 0x55: true, 0x5a: true, 0x88: true, 0x8a: true, 0x91: true,
	0xa0: true, 0xb7: true}

// actions are the service actions of the commands that have some.
var actions = map[byte]byte{0x9e: 0x10, 0x5e: 0x00, 0xa3: 0x0c}

// opcodes is REPORT SUPPORTED OPERATION CODES (SPC-5 §6.34) for one command.
func (d *Drive) opcodes(cdb []byte) answer {
	c := d.s.Config
	op, action := cdb[3], cdb[5]
	option := cdb[2] & 7
	switch {
	case cdb[1]&0x1f != 0x0c || c.Faults.Opcodes == AnswersNone:
		return d.refuse(noCommand)
	case option == 0 || option > 3:
		return d.refuse(badField)
	}
	erases := op == 0x48 || op == 0x04
	there := commands[op]
	if sa, ok := actions[op]; ok {
		there = action == sa
	}
	switch op {
	case 0x48:
		there = c.has(action)
	case 0x04:
		there = c.Format
	}
	support := byte(1)
	if there {
		support = 3
	}
	if erases && c.Faults.Opcodes == AnswersNo {
		support = 1
	}
	if erases && c.Faults.Opcodes == AnswersNothing {
		support = 0
	}
	if support != 3 {
		return answer{data: []byte{0, support, 0, 0}}
	}
	return answer{data: d.usage(op, action, cdb[2]&0x80 != 0)}
}

// usage is the answer for a command that is there.
func (d *Drive) usage(op, action byte, times bool) []byte {
	b := []byte{0, 3, 0, 6}
	switch op {
	case 0x48:
		b = append(b, op, 0xa0|action, 0, 0, 0, 0, 0, 0xff, 0xff, 0)
	case 0x04:
		b = append(b, op, 0xd8, 0, 0, 3, 0)
	default:
		b = append(b, op, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		if op>>5 == 0 {
			b = b[:10]
		}
	}
	b[3] = byte(len(b) - 4)
	if times {
		b[1] |= 0x80
		b = append(b, 0, 10, 0, 0)
		b = binary.BigEndian.AppendUint32(b, 1)
		b = binary.BigEndian.AppendUint32(b, uint32(d.s.Config.Takes/time.Second)+60)
	}
	return b
}

// logSense is LOG SENSE: error counters, informational exceptions, temperature.
func (d *Drive) logSense(cdb []byte) answer {
	code := cdb[2] & 0x3f
	var body []byte
	counter := func(parameter byte, v uint32) {
		body = append(body, 0, parameter, 3, 4)
		body = binary.BigEndian.AppendUint32(body, v)
	}
	switch {
	case cdb[3] != 0:
		return d.refuse(badField)
	case code == 0x00:
		body = []byte{0x00, 0x02, 0x03, 0x0d, 0x2f}
	case code == 0x02 || code == 0x03:
		counter(3, 0)
		counter(6, 0)
	case code == 0x0d:
		body = []byte{0, 0, 3, 2, 0, 30, 0, 1, 3, 2, 0, 65}
	case code == 0x2f:
		body = []byte{0, 0, 3, 4, 0, 0, 30, 0}
	default:
		return d.refuse(badField)
	}
	return answer{data: append([]byte{code, 0, byte(len(body) >> 8), byte(len(body))}, body...)}
}

// defects is READ DEFECT DATA(10) and (12): the header of the grown list.
func (d *Drive) defects(cdb []byte) answer {
	if cdb[0] == 0x37 {
		return d.refuse(noCommand)
	}
	b := make([]byte, 8)
	b[1] = cdb[1] & 0x1f
	if cdb[1]&0x08 != 0 {
		binary.BigEndian.PutUint32(b[4:], uint32(8*d.s.Config.Grown))
	}
	return answer{data: b}
}
