package devio

import (
	"context"
	"errors"

	"lethe/inventory/ata"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// ErrNoLimit says that a drive states no temperature that it must not pass, or not how
// hot it is.
var ErrNoLimit = errors.New("the drive states no limit to its temperature")

// coolBy is how far below its limit a drive must be where it states no second one, in
// degrees.
const coolBy = 5

// kelvin is 0 °C.
const kelvin = 273

// Heat is how hot a drive is and what it bears by its own word, in degrees Celsius. At
// Limit and above it should rest until it is below Resume.
type Heat struct {
	Now, Limit, Resume int
	Source             string // the command that told
}

// Heat asks the drive. ErrNoLimit, or an error of the command: it need not be asked
// again.
func (h *Handle) Heat(ctx context.Context) (Heat, error) {
	switch h.t.src.Block.Transport {
	case sysfs.NVMe:
		c, err := h.NVMe()
		if err != nil {
			return Heat{}, err
		}
		return HeatNVMe(ctx, c)
	case sysfs.SATA, sysfs.SAS:
		if h.t.src.SCSI != nil {
			return HeatSCSI(ctx, h.t.src.SCSI)
		}
	}
	return Heat{}, ErrNoLimit
}

// HeatNVMe asks a controller: its critical composite temperature is the limit, its
// warning one where it may go on.
func HeatNVMe(ctx context.Context, conn nvme.Conn) (Heat, error) {
	c, err := nvme.ReadController(ctx, conn)
	if err != nil {
		return Heat{}, err
	}
	now, err := nvme.ReadKelvin(ctx, conn)
	switch {
	case err != nil:
		return Heat{}, err
	case c.CCTemp == 0 || now == 0:
		return Heat{}, ErrNoLimit
	}
	limit := int(c.CCTemp) - kelvin
	resume := limit - coolBy
	if c.WCTemp != 0 && c.WCTemp < c.CCTemp {
		resume = int(c.WCTemp) - kelvin
	}
	return Heat{int(now) - kelvin, limit, resume, "NVMe SMART log"}, nil
}

// HeatSCSI asks a drive behind a SCSI transport, first in the words of ATA.
func HeatSCSI(ctx context.Context, conn scsi.Conn) (Heat, error) {
	a, err := ata.ReadTemperature(ctx, ata.Over(conn))
	if err == nil {
		if !a.HasNow || !a.HasMax {
			return Heat{}, ErrNoLimit
		}
		return Heat{a.Now, a.Max, a.Max - coolBy, "ATA temperature statistics"}, nil
	}
	s, err := scsi.ReadTemperature(ctx, conn)
	switch {
	case err != nil:
		return Heat{}, err
	case s.Now < 0 || s.Reference < 0:
		return Heat{}, ErrNoLimit
	}
	return Heat{s.Now, s.Reference, s.Reference - coolBy, "SCSI log page 0Dh"}, nil
}
