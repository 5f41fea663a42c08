package simscsi

import (
	"context"

	"lethe/inventory/scsi"
)

// Target is anything that takes raw commands as a Drive does.
type Target interface {
	Do(ctx context.Context, cdb, out []byte, in int) (status byte, sense, data []byte, err error)
}

// Over is the channel to a target, as SG_IO is the one to a kernel's disk.
func Over(t Target) scsi.Conn { return conn{t} }

type conn struct{ Target }

// Do carries out one command.
func (c conn) Do(ctx context.Context, cmd *scsi.Command) (scsi.Response, error) {
	var out []byte
	in := 0
	switch cmd.Dir {
	case scsi.ToDevice:
		out = cmd.Data
	case scsi.FromDevice:
		in = len(cmd.Data)
	}
	status, sense, data, err := c.Target.Do(ctx, cmd.CDB, out, in)
	if err != nil {
		return scsi.Response{}, err
	}
	return scsi.Response{Status: status, Sense: sense, Received: copy(cmd.Data[:in], data)}, nil
}
