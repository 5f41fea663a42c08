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

// Thermometer asks one drive how hot it is, again and again, through NVMe where that is
// set, else through SCSI. What a drive is and which words it knows is asked once: every
// command beside the log is one more that its queue waits for.
type Thermometer struct {
	NVMe nvme.Conn
	SCSI scsi.Conn

	controller *nvme.Controller // what it said of its limits
	ask        func(ctx context.Context) (Heat, error)
}

// Heat asks the drive. ErrNoLimit, or an error of the command: it need not be asked
// again. It is not for concurrent use.
func (h *Handle) Heat(ctx context.Context) (Heat, error) {
	if h.heat != nil {
		return h.heat.Read(ctx)
	}
	t := &Thermometer{}
	switch h.t.src.Block.Transport {
	case sysfs.NVMe:
		c, err := h.NVMe()
		if err != nil {
			return Heat{}, err
		}
		t.NVMe = c
	case sysfs.SATA, sysfs.SAS:
		t.SCSI = h.t.src.SCSI
	}
	h.heat = t
	return t.Read(ctx)
}

// Read asks the drive.
func (t *Thermometer) Read(ctx context.Context) (Heat, error) {
	switch {
	case t.ask != nil:
		return t.ask(ctx)
	case t.NVMe != nil:
		return t.nvme(ctx)
	case t.SCSI != nil:
		return t.first(ctx)
	}
	return Heat{}, ErrNoLimit
}

// nvme asks a controller: its critical composite temperature is the limit, its warning
// one where it may go on.
func (t *Thermometer) nvme(ctx context.Context) (Heat, error) {
	if t.controller == nil {
		c, err := nvme.ReadController(ctx, t.NVMe)
		if err != nil {
			return Heat{}, err
		}
		t.controller = &c
	}
	c := t.controller
	now, err := nvme.ReadKelvin(ctx, t.NVMe)
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

// first asks a drive behind a SCSI transport, in the words of ATA before those of SCSI,
// and keeps to those that it knows.
func (t *Thermometer) first(ctx context.Context) (Heat, error) {
	a, err := ata.ReadTemperature(ctx, ata.Over(t.SCSI))
	if err != nil {
		h, err := t.scsi(ctx)
		if err == nil {
			t.ask = t.scsi
		}
		return h, err
	}
	t.ask = t.ata
	return byATA(a)
}

func (t *Thermometer) ata(ctx context.Context) (Heat, error) {
	a, err := ata.ReadTemperatureLog(ctx, ata.Over(t.SCSI))
	if err != nil {
		return Heat{}, err
	}
	return byATA(a)
}

func byATA(a ata.Temperature) (Heat, error) {
	if !a.HasNow || !a.HasMax {
		return Heat{}, ErrNoLimit
	}
	return Heat{a.Now, a.Max, a.Max - coolBy, "ATA temperature statistics"}, nil
}

func (t *Thermometer) scsi(ctx context.Context) (Heat, error) {
	s, err := scsi.ReadTemperature(ctx, t.SCSI)
	switch {
	case err != nil:
		return Heat{}, err
	case s.Now < 0 || s.Reference < 0:
		return Heat{}, ErrNoLimit
	}
	return Heat{s.Now, s.Reference, s.Reference - coolBy, "SCSI log page 0Dh"}, nil
}
