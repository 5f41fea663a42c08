package simnvme

import (
	"context"

	"lethe/inventory/nvme"
)

type conn struct {
	d          *Subsystem
	controller uint16
	io         bool
}

// AdminConn is the admin channel of a controller, as /dev/nvmeN is.
func (d *Subsystem) AdminConn(controller uint16) nvme.Conn { return conn{d, controller, false} }

// IOConn is the I/O channel of a controller, as a namespace's block device is.
func (d *Subsystem) IOConn(controller uint16) nvme.Conn { return conn{d, controller, true} }

// Do carries out one command.
func (c conn) Do(ctx context.Context, cmd *nvme.Command) (nvme.Response, error) {
	var e Entry
	e[0] = cmd.Opcode
	le.PutUint32(e[4:], cmd.NSID)
	for i, v := range []uint32{cmd.CDW10, cmd.CDW11, cmd.CDW12, cmd.CDW13, cmd.CDW14, cmd.CDW15} {
		le.PutUint32(e[40+4*i:], v)
	}
	run := c.d.Admin
	if c.io {
		run = c.d.IO
	}
	status, result, err := run(ctx, c.controller, e, cmd.Data)
	return nvme.Response{Status: nvme.Status(status), Result: result}, err
}
