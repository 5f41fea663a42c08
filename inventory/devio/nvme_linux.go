package devio

import (
	"context"
	"os"
	"runtime"
	"unsafe"

	"lethe/inventory/nvme"
)

// nvmePassthru is struct nvme_passthru_cmd (linux/nvme_ioctl.h), 72 bytes.
type nvmePassthru struct {
	Opcode      uint8
	Flags       uint8 // must be 0
	_           uint16
	NSID        uint32
	CDW2, CDW3  uint32
	Metadata    uint64
	Data        uint64
	MetadataLen uint32
	DataLen     uint32
	CDW10       uint32
	CDW11       uint32
	CDW12       uint32
	CDW13       uint32
	CDW14       uint32
	CDW15       uint32
	Timeout     uint32 // milliseconds
	Result      uint32
}

// nvmeConn is an nvme.Conn over NVME_IOCTL_ADMIN_CMD. The file is a controller's
// character device, or a namespace's block device: the kernel takes admin
// commands on both, and on the latter they go to the controller that serves it.
type nvmeConn struct{ f *os.File }

// nvmeIO is an nvme.Conn over NVME_IOCTL_IO_CMD, for I/O commands, on a
// namespace's block device.
type nvmeIO struct{ f *os.File }

func (n nvmeIO) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	return passthru(ctx, n.f, nvmeIoctlIO, c)
}

func (n nvmeConn) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	return passthru(ctx, n.f, nvmeIoctlAdmin, c)
}

func passthru(ctx context.Context, f *os.File, req uint, c *nvme.Command) (nvme.Response, error) {
	ms, err := timeoutMS(ctx, c.Timeout)
	if err != nil {
		return nvme.Response{}, &TransportError{Name: c.Name, Err: err}
	}
	p := nvmePassthru{
		Opcode: c.Opcode, NSID: c.NSID, CDW10: c.CDW10, CDW11: c.CDW11, CDW12: c.CDW12,
		CDW13: c.CDW13, CDW14: c.CDW14, CDW15: c.CDW15, Timeout: ms,
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	if len(c.Data) > 0 && c.Dir != nvme.NoData {
		p.Data, p.DataLen = uint64(pinned(&pin, c.Data)), uint32(len(c.Data))
	}
	status, err := ioctl(f, req, unsafe.Pointer(&p))
	if err != nil {
		return nvme.Response{}, &TransportError{Name: c.Name, Err: err}
	}
	return nvme.Response{Status: nvme.Status(status), Result: p.Result}, nil
}

// nsid asks the kernel which namespace a block device is (NVME_IOCTL_ID).
func nsid(f *os.File) (uint32, error) {
	n, err := ioctl(f, nvmeIoctlID, nil)
	if err != nil {
		return 0, &TransportError{Name: "NVME_IOCTL_ID", Err: err}
	}
	return uint32(n), nil
}
