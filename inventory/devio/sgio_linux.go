package devio

import (
	"context"
	"errors"
	"os"
	"runtime"
	"time"
	"unsafe"

	"lethe/inventory/scsi"
)

// defaultTimeout bounds a command that names no time of its own. Only commands
// that read ask for it: an erase brings its own, many times its estimate.
const defaultTimeout = 20 * time.Second

// sgHeader is struct sg_io_hdr (include/uapi: scsi/sg.h), 88 bytes.
type sgHeader struct {
	InterfaceID int32 // 'S'
	Direction   int32
	CmdLen      uint8
	MaxSenseLen uint8
	IovecCount  uint16
	DataLen     uint32
	Data        uintptr
	Cmd         uintptr
	Sense       uintptr
	Timeout     uint32 // milliseconds
	Flags       uint32
	PackID      int32
	_           [4]byte
	UserPtr     uintptr
	Status      uint8
	MaskedSt    uint8
	MsgSt       uint8
	SenseLen    uint8
	Host        uint16
	Driver      uint16
	Resid       int32
	Duration    uint32
	Info        uint32
}

// Values of sgHeader.Direction.
const (
	sgNone       = -1
	sgToDevice   = -2
	sgFromDevice = -3
)

const senseLen = 64

// driverSense is driver_status when the kernel passes sense data on.
const driverSense = 8

// sgConn is a scsi.Conn over SG_IO on an open block device. SG_IO cannot be
// interrupted: the context is looked at before the command, and its deadline
// shortens the command's own.
type sgConn struct{ f *os.File }

func (s sgConn) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	ms, err := timeoutMS(ctx, c.Timeout)
	if err != nil {
		return scsi.Response{}, &TransportError{Name: c.Name, Err: err}
	}
	if len(c.CDB) == 0 || len(c.CDB) > 255 {
		return scsi.Response{}, &TransportError{Name: c.Name, Err: errors.New("no command bytes")}
	}
	sense := make([]byte, senseLen)
	h := sgHeader{
		InterfaceID: 'S', Direction: sgNone, CmdLen: uint8(len(c.CDB)), MaxSenseLen: senseLen, Timeout: ms,
	}
	// The header carries addresses as plain numbers, which the garbage collector
	// does not see: pin what they point at.
	var pin runtime.Pinner
	defer pin.Unpin()
	h.Cmd, h.Sense = pinned(&pin, c.CDB), pinned(&pin, sense)
	if len(c.Data) > 0 && c.Dir != scsi.NoData {
		h.Direction = sgToDevice
		if c.Dir == scsi.FromDevice {
			h.Direction = sgFromDevice
		}
		h.DataLen, h.Data = uint32(len(c.Data)), pinned(&pin, c.Data)
	}
	if _, err := ioctl(s.f, sgIO, unsafe.Pointer(&h)); err != nil {
		return scsi.Response{}, &TransportError{Name: c.Name, Err: err}
	}
	return h.response(c, sense)
}

// response judges the completion. The ioctl's own success means nothing: the
// adapter and the kernel each have a status of their own.
func (h *sgHeader) response(c *scsi.Command, sense []byte) (scsi.Response, error) {
	if h.Host != 0 || (h.Driver != 0 && h.Driver != driverSense) {
		return scsi.Response{}, &TransportError{Name: c.Name, Host: h.Host, Driver: h.Driver}
	}
	r := scsi.Response{Status: h.Status, Sense: sense[:min(int(h.SenseLen), len(sense))]}
	if n := int64(h.DataLen) - int64(h.Resid); n >= 0 && n <= int64(h.DataLen) {
		r.Received = int(n)
	}
	return r, nil
}

func pinned(p *runtime.Pinner, b []byte) uintptr {
	p.Pin(&b[0])
	return uintptr(unsafe.Pointer(&b[0]))
}

// timeoutMS is a command's time limit in milliseconds, no later than the
// context's deadline and never 0, which would mean the kernel's own default.
func timeoutMS(ctx context.Context, d time.Duration) (uint32, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if d <= 0 {
		d = defaultTimeout
	}
	if t, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(t))
	}
	ms := max(d.Milliseconds(), 1)
	return uint32(min(ms, 1<<32-1)), nil
}
