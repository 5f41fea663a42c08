package nvmetcp

import (
	"context"
	"fmt"
	"net"
	"time"

	"lethe/inventory/nvme"
)

// Host is the other side, for tests without a kernel: one queue over one connection,
// an nvme.Conn for one caller at a time.
type Host struct {
	conn net.Conn
	next uint16
}

// Dial connects queue 0, for admin commands, or another one, for I/O.
func Dial(address, nqn string, queue uint16) (*Host, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	h := &Host{conn: c}
	if err := h.begin(nqn, queue); err != nil {
		c.Close()
		return nil, err
	}
	return h, nil
}

// Close ends the connection.
func (h *Host) Close() error { return h.conn.Close() }

func (h *Host) begin(nqn string, queue uint16) error {
	if _, err := h.conn.Write(pdu{kind: icReq}.encode()); err != nil {
		return err
	}
	if p, err := readPDU(h.conn); err != nil || p.kind != icResp {
		return fmt.Errorf("no answer to the connection request: %w", err)
	}
	data := make([]byte, 1024)
	le.PutUint16(data[16:], 0xffff)
	copy(data[256:], nqn)
	c := &nvme.Command{Name: "CONNECT", Opcode: fabrics, NSID: connect, CDW10: uint32(queue) << 16, CDW11: 31,
		Dir: nvme.ToDevice, Data: data}
	r, err := h.Do(context.Background(), c)
	if err != nil {
		return err
	}
	if err := r.Err(c); err != nil || queue != 0 {
		return err
	}
	enable := &nvme.Command{Name: "PROPERTY SET", Opcode: fabrics, NSID: propertySet, CDW11: propConfiguration, CDW12: 0x460001}
	if _, err := h.Do(context.Background(), enable); err != nil {
		return err
	}
	ready := &nvme.Command{Name: "PROPERTY GET", Opcode: fabrics, NSID: propertyGet, CDW11: propStatus}
	if r, err := h.Do(context.Background(), ready); err != nil || r.Result&1 == 0 {
		return fmt.Errorf("the controller is not ready: %w", err)
	}
	return nil
}

// Do implements nvme.Conn. Up to 4 KiB travel in the capsule, more when asked for.
func (h *Host) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	if err := ctx.Err(); err != nil {
		return nvme.Response{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = h.conn.SetDeadline(time.Now()) })
	defer stop()
	h.next++
	head := make([]byte, cmdHeader)
	e := head[commonHeader:]
	e[0], e[1] = c.Opcode, 0x40 // data by SGL
	le.PutUint16(e[2:], h.next)
	le.PutUint32(e[4:], c.NSID)
	le.PutUint32(e[32:], uint32(len(c.Data)))
	for i, v := range []uint32{c.CDW10, c.CDW11, c.CDW12, c.CDW13, c.CDW14, c.CDW15} {
		le.PutUint32(e[40+4*i:], v)
	}
	p := pdu{kind: capsuleCmd, head: head}
	e[39] = sglTransport
	if c.Dir == nvme.ToDevice && len(c.Data) <= 4096 {
		e[39], p.data = sglOffset, c.Data
	}
	if _, err := h.conn.Write(p.encode()); err != nil {
		return nvme.Response{}, err
	}
	return h.answer(c)
}

func (h *Host) answer(c *nvme.Command) (nvme.Response, error) {
	for {
		p, err := readPDU(h.conn)
		if err != nil {
			return nvme.Response{}, err
		}
		off, n := int64(le.Uint32(p.head[12:])), int64(le.Uint32(p.head[16:]))
		switch {
		case p.kind == capsuleResp && le.Uint16(p.head[20:]) == h.next:
			return nvme.Response{Status: nvme.Status(le.Uint16(p.head[22:]) >> 1), Result: le.Uint32(p.head[8:])}, nil
		case p.kind == ctrlData && off+int64(len(p.data)) <= int64(len(c.Data)) && n == int64(len(p.data)):
			copy(c.Data[off:], p.data)
		case p.kind == readyData && off+n <= int64(len(c.Data)):
			if err := h.give(p, c.Data[off:off+n], int(off)); err != nil {
				return nvme.Response{}, err
			}
		default:
			return nvme.Response{}, fmt.Errorf("answer of type %d", p.kind)
		}
	}
}

// give sends what was asked for, in pieces.
func (h *Host) give(asked pdu, data []byte, off int) error {
	const piece = 32 << 10
	for len(data) > 0 {
		n, flags := min(len(data), piece), byte(0)
		if n == len(data) {
			flags = lastData
		}
		p := dataPDU(hostData, flags, le.Uint16(asked.head[8:]), le.Uint16(asked.head[10:]), off, n, data[:n])
		if _, err := h.conn.Write(p.encode()); err != nil {
			return err
		}
		data, off = data[n:], off+n
	}
	return nil
}
