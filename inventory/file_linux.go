package inventory

import (
	"context"
	"errors"
	"fmt"

	"lethe/inventory/devio"
)

// File describes a regular file, such as the image of a disk, as a Device with
// transport "file", for Open. It is always virtual; on a file system that never
// overwrites in place it has Volume "copy-on-write". What speaks against it
// stands in Holds: a loop device over it, swap, another program that writes to
// it, no size. The last element of path may not be a symbolic link.
//
// The error is for a path that is no regular file (devio.ErrNotFile), a
// partition (ErrPartition), or what cannot be read.
func File(ctx context.Context, path string) (Device, error) {
	p, err := devio.OpenFileProbe(path)
	if err != nil {
		return Device{}, err
	}
	id, err := p.Identify(ctx)
	busy := p.InUse()
	marks := look(p, p.Block())
	if err := errors.Join(err, p.Close()); err != nil {
		return Device{}, err
	}
	o := settings(nil)
	b := p.Block()
	a := answer{asked: true, id: id}
	d := o.compose(b, hint{}, a)
	d.NodePath, d.Contents = b.Path, contents(answer{marks: marks})
	if busy != nil {
		d.Holds = append(d.Holds, Hold{HoldHeld, busy.Error()})
	}
	if id.ReadOnly {
		d.Holds = append(d.Holds, Hold{HoldReadOnly, "its file system is mounted read-only"})
	}
	d.Holds = append(d.Holds, fileSize(id)...)
	return d, nil
}

func fileSize(id devio.Identification) []Hold {
	switch {
	case id.Size == 0:
		return []Hold{{HoldSize, "it is empty"}}
	case id.Size%int64(id.LogicalSector) != 0:
		return []Hold{{HoldSize, fmt.Sprintf("its %d bytes are no whole number of sectors of %d bytes", id.Size, id.LogicalSector)}}
	}
	return nil
}
