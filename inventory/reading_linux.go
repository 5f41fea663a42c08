package inventory

import (
	"context"
	"errors"
	"slices"

	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
)

// Readable is nil when nothing forbids reading the whole drive in quiet, else a
// *HoldError with every reason: those of Eligible, but that the kernel will not write
// to it. A mount counts although it may be read-only: it changes what is read.
func (d Device) Readable() error {
	d.Holds = slices.DeleteFunc(slices.Clone(d.Holds), func(h Hold) bool { return h.Kind == HoldReadOnly })
	return d.Eligible()
}

// OpenReading claims a listed drive for reading only. It refuses a drive by the
// reasons of Readable and, as Open does, one that is not the listed one.
func OpenReading(ctx context.Context, d Device, opts ...Option) (*devio.Reading, devio.Identification, error) {
	if err := d.Readable(); err != nil {
		return nil, devio.Identification{}, err
	}
	claim := devio.OpenReading
	if d.Transport == sysfs.File {
		claim = devio.OpenFileReading
	}
	r, err := claim(d.NodePath)
	if err != nil {
		return nil, devio.Identification{}, err
	}
	id, err := recheck(ctx, r, d, settings(opts))
	if err != nil {
		return nil, id, errors.Join(err, r.Close())
	}
	return r, id, nil
}
