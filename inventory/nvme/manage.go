package nvme

import (
	"context"
	"encoding/binary"
	"fmt"
)

const (
	cnsAttached    = 0x12 // controllers that a namespace is attached to
	cnsControllers = 0x13 // controllers of the subsystem
	maxControllers = 2047 // of a controller list (Base Specification figure 274)
)

// CreateNamespaceCommand is Namespace Management (0Dh), create: blocks blocks by the
// format that FLBAS names, without protection, shared by no controllers. The answer's
// dword 0 is its identifier.
func CreateNamespaceCommand(blocks uint64, flbas byte) *Command {
	b := make([]byte, identifyLen)
	binary.LittleEndian.PutUint64(b, blocks)
	binary.LittleEndian.PutUint64(b[8:], blocks)
	b[26] = flbas
	return &Command{Name: "NAMESPACE MANAGEMENT, create", Opcode: 0x0d, Dir: ToDevice, Data: b}
}

// DeleteNamespaceCommand is Namespace Management, delete; AllNamespaces deletes all.
func DeleteNamespaceCommand(nsid uint32) *Command {
	return &Command{Name: "NAMESPACE MANAGEMENT, delete", Opcode: 0x0d, NSID: nsid, CDW10: 1}
}

// AttachCommand is Namespace Attachment (15h): attaches a namespace to controllers, or
// detaches it. There may be 2,047 of them at most.
func AttachCommand(nsid uint32, attach bool, controllers []uint16) (*Command, error) {
	if len(controllers) == 0 || len(controllers) > maxControllers {
		return nil, fmt.Errorf("encode namespace attachment: %d controllers", len(controllers))
	}
	b := make([]byte, identifyLen)
	binary.LittleEndian.PutUint16(b, uint16(len(controllers)))
	for i, id := range controllers {
		binary.LittleEndian.PutUint16(b[2+2*i:], id)
	}
	c := &Command{Name: "NAMESPACE ATTACHMENT, attach", Opcode: 0x15, NSID: nsid, Dir: ToDevice, Data: b}
	if !attach {
		c.Name, c.CDW10 = "NAMESPACE ATTACHMENT, detach", 1
	}
	return c, nil
}

// ParseControllers decodes a controller list: how many, then ascending identifiers.
func ParseControllers(b []byte) ([]uint16, error) {
	if len(b) != identifyLen {
		return nil, fmt.Errorf("decode controller list: %d bytes; want %d", len(b), identifyLen)
	}
	n := int(binary.LittleEndian.Uint16(b))
	if n > maxControllers {
		return nil, fmt.Errorf("decode controller list: %d controllers", n)
	}
	out := make([]uint16, 0, n)
	for i := range n {
		id := binary.LittleEndian.Uint16(b[2+2*i:])
		if i > 0 && id <= out[i-1] {
			return out, fmt.Errorf("decode controller list: %d after %d", id, out[i-1])
		}
		out = append(out, id)
	}
	return out, nil
}

// ReadControllers lists the controllers of the subsystem.
func ReadControllers(ctx context.Context, conn Conn) ([]uint16, error) {
	return readControllers(ctx, conn, cnsControllers, 0)
}

// ReadAttached lists the controllers that a namespace is attached to.
func ReadAttached(ctx context.Context, conn Conn, nsid uint32) ([]uint16, error) {
	return readControllers(ctx, conn, cnsAttached, nsid)
}

func readControllers(ctx context.Context, conn Conn, cns byte, nsid uint32) ([]uint16, error) {
	b, err := identify(ctx, conn, cns, nsid)
	if err != nil {
		return nil, err
	}
	return ParseControllers(b)
}
