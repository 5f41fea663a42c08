package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lethe/inventory"
	"lethe/inventory/devio"
)

// errNotAsked leaves a drive alone that cannot be the stick come back.
var errNotAsked = errors.New("not asked: it was here before")

// instance names a block device so that the next one of that name is another:
// the kernel numbers disks in the order they come (sysfs diskseq, Linux 5.15).
func instance(node string) string {
	name := filepath.Base(node)
	seq, err := os.ReadFile(filepath.Join("/sys/block", name, "diskseq"))
	if err != nil {
		return name
	}
	return name + " " + string(bytes.TrimSpace(seq))
}

// seen are the drives that are planned with; the held stick is not among them.
func seen(ds []inventory.Device) map[string]bool {
	out := map[string]bool{}
	for _, d := range ds {
		if !(&inventory.HoldError{Holds: d.Holds}).Has(holdStick) {
			out[instance(d.NodePath)] = true
		}
	}
	return out
}

// lookAgain lists the drives for the stick to be found among them. Drives that
// were here before may be at work: they are not opened, let alone asked.
func lookAgain(ctx context.Context, before map[string]bool, opts ...inventory.Option) []inventory.Device {
	open := func(path string) (inventory.Prober, error) {
		if before[instance(path)] {
			return nil, errNotAsked
		}
		return devio.OpenProbe(path)
	}
	// What could not be looked at is no stick; the error has nothing to add.
	opts = append([]inventory.Option{inventory.WithLoop(false), inventory.WithTimeout(5 * time.Second), inventory.WithOpener(open)}, opts...)
	ds, _ := inventory.Discover(ctx, opts...)
	// /sys alone may know a serial number, too.
	return slices.DeleteFunc(ds, func(d inventory.Device) bool { return before[instance(d.NodePath)] })
}
