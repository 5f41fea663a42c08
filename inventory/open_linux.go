package inventory

import (
	"context"
	"errors"
	"fmt"

	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
)

// ErrPartition says that a path is a partition; the *sysfs.PartitionError
// around it names the whole drive.
var ErrPartition = sysfs.ErrPartition

// openProbe is the Opener of the running system. It opens read-only.
func openProbe(path string) (Prober, error) { return devio.OpenProbe(path) }

// IdentityError says that the drive behind a device file is not the one that was
// listed.
type IdentityError struct {
	Listed Device
	Now    devio.Identification
}

func (e *IdentityError) Error() string {
	return fmt.Sprintf("%s was %s of %d bytes, is %s of %d bytes",
		e.Listed.NodePath, e.Listed.Identity, e.Listed.Size, e.Now.Identity, e.Now.Size)
}

// Open claims a listed drive for erasing: it refuses a held one with *HoldError,
// takes the exclusive handle, reads the identity on that handle, and looks again
// for uses and for claims of other hosts now that nothing can take the drive any
// more. Anything that differs from the listing closes it again with an
// *IdentityError. A device of transport "file" is opened as the file it is; its
// uses are looked at by devio.OpenFile.
func Open(ctx context.Context, d Device, opts ...Option) (*devio.Handle, devio.Identification, error) {
	if err := d.Eligible(); err != nil {
		return nil, devio.Identification{}, err
	}
	claim := devio.Open
	if d.Transport == sysfs.File {
		claim = devio.OpenFile
	}
	h, err := claim(d.NodePath)
	if err != nil {
		return nil, devio.Identification{}, err
	}
	id, err := recheck(ctx, h, d, settings(opts))
	if err != nil {
		return nil, id, errors.Join(err, h.Close())
	}
	return h, id, nil
}

// claimed is a drive on its exclusive handle. *devio.Handle is one.
type claimed interface {
	Identify(ctx context.Context) (devio.Identification, error)
	Claims(ctx context.Context, id devio.Identification) devio.Claims
	Block() sysfs.Block
}

func recheck(ctx context.Context, h claimed, d Device, o options) (devio.Identification, error) {
	id, err := h.Identify(ctx)
	if err != nil {
		return id, err
	}
	if !id.Identity.Same(d.Identity) || id.Size != int64(d.Size) || int64(id.LogicalSector) != d.LogicalSector {
		return id, &IdentityError{Listed: d, Now: id}
	}
	if d.Transport == sysfs.File {
		return id, nil // OpenFile has looked
	}
	holds := usageHolds(readUsage(o.root), o.root, h.Block())
	holds = append(holds, backingHolds(id)...)
	holds = append(holds, claimHolds(h.Claims(ctx, id))...)
	if len(holds) > 0 {
		return id, &HoldError{Node: d.NodePath, Holds: holds}
	}
	return id, nil
}
