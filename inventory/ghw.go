package inventory

import (
	"fmt"

	"github.com/jaypipes/ghw"
	"github.com/jaypipes/ghw/pkg/block"
	"github.com/jaypipes/ghw/pkg/util"

	"lethe/inventory/sysfs"
)

// hint is what ghw says of a disk. It reads udev's database, which a boot image
// does not have, so most of it is unknown there and all of it is overruled by
// what the drive answers.
type hint struct{ Vendor, Model, Serial, WWN string }

// ghwDisks lists disks as ghw sees them.
func ghwDisks(root sysfs.Root) (map[string]hint, error) {
	info, err := ghw.Block(ghw.WithDisableWarnings(), ghw.WithDisableTools(), ghw.WithChroot(root.Join()))
	if err != nil {
		return nil, fmt.Errorf("list disks by ghw: %w", err)
	}
	out := map[string]hint{}
	for _, d := range info.Disks {
		out[d.Name] = hintOf(d)
	}
	return out, nil
}

func hintOf(d *block.Disk) hint {
	h := hint{Vendor: d.Vendor, Model: d.Model, Serial: d.SerialNumber, WWN: d.WWN}
	for _, s := range []*string{&h.Vendor, &h.Model, &h.Serial, &h.WWN} {
		if *s == util.UNKNOWN {
			*s = ""
		}
	}
	return h
}
