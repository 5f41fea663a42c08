package devio_test

import (
	"context"
	"errors"
	"testing"

	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
)

// Each drive is held to its own words; one that leaves any of them out has no limit.
//
// mutant: ../ata/temperature.go: if !id.Logs() { => if !id.Logs() && false {
// mutant: heat.go: limit := int(c.CCTemp) - kelvin => limit := int(c.WCTemp) - kelvin
// mutant: heat.go: case c.CCTemp == 0 || now == 0: => case now == 0:
// mutant: heat.go: if !a.HasNow || !a.HasMax { => if !a.HasNow {
// mutant: heat.go: case s.Now < 0 || s.Reference < 0: => case s.Now < 0:
func TestHeat(t *testing.T) {
	nv := func(w, c, k uint16) nvme.Conn {
		return &inventorytest.NVMeDrive{Serial: "S", WCTemp: w, CCTemp: c, Kelvin: k}
	}
	at := func(m map[int]int8) scsi.Conn { return &inventorytest.ATADrive{Sectors: 100, Serial: "S", Celsius: m} }
	// QEMU's drive: asked for a log, it aborts what is queued beside it.
	unlogged := &inventorytest.ATADrive{Sectors: 100, Serial: "S", Celsius: map[int]int8{8: 41, 0x58: 60}, Words: map[int]uint16{84: 0x4000}}
	sas := func(b ...byte) scsi.Conn { return &inventorytest.SCSIDrive{Blocks: 100, BlockLength: 512, Heat: b} }
	for name, c := range map[string]struct {
		nvme nvme.Conn
		scsi scsi.Conn
		want devio.Heat // zero: no limit, or not asked again
	}{
		"NVMe":                   {nvme: nv(343, 353, 313), want: devio.Heat{Now: 40, Limit: 80, Resume: 70, Source: "NVMe SMART log"}},
		"NVMe, critical only":    {nvme: nv(0, 353, 313), want: devio.Heat{Now: 40, Limit: 80, Resume: 75, Source: "NVMe SMART log"}},
		"NVMe, warning is above": {nvme: nv(360, 353, 313), want: devio.Heat{Now: 40, Limit: 80, Resume: 75, Source: "NVMe SMART log"}},
		"NVMe, warning only":     {nvme: nv(343, 0, 313)},
		"NVMe, no thermometer":   {nvme: nv(343, 353, 0)},
		"ATA":                    {scsi: at(map[int]int8{8: 41, 0x58: 60}), want: devio.Heat{Now: 41, Limit: 60, Resume: 55, Source: "ATA temperature statistics"}},
		"ATA, frost":             {scsi: at(map[int]int8{8: -5, 0x58: 60}), want: devio.Heat{Now: -5, Limit: 60, Resume: 55, Source: "ATA temperature statistics"}},
		"ATA, no maximum":        {scsi: at(map[int]int8{8: 41})},
		"ATA, no log":            {scsi: at(nil)},
		"ATA, no log, not asked": {scsi: unlogged},
		"SAS":                    {scsi: sas(33, 65), want: devio.Heat{Now: 33, Limit: 65, Resume: 60, Source: "SCSI log page 0Dh"}},
		"SAS, no reference":      {scsi: sas(33, 0xff)},
		"SAS, no page":           {scsi: sas()},
	} {
		thermometer := devio.Thermometer{NVMe: c.nvme}
		if c.nvme == nil {
			thermometer.SCSI = c.scsi
		}
		got, err := thermometer.Read(context.Background())
		if got != c.want || (c.want == devio.Heat{}) != (err != nil) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	// A loop device has no thermometer.
	h, err := devio.Open(inventorytest.Loop(t, t.TempDir(), 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Heat(context.Background()); !errors.Is(err, devio.ErrNoLimit) {
		t.Errorf("loop device: %v", err)
	}
}

// asked counts the commands of a drive.
type asked struct {
	scsi.Conn
	n int
}

func (a *asked) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	a.n++
	return a.Conn.Do(ctx, c)
}

type askedNVMe struct {
	nvme.Conn
	n int
}

func (a *askedNVMe) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	a.n++
	return a.Conn.Do(ctx, c)
}

// A drive is asked who it is, and which words it knows, the first time only; from then
// on each question is one command, and its answer is the drive's of now.
//
// mutant: heat.go: t.ask = t.ata =>
// mutant: heat.go: t.ask = t.scsi =>
// mutant: heat.go: t.controller = &c => defer func() { t.controller = nil }(); t.controller = &c
func TestHeatIsOneCommand(t *testing.T) {
	sata := &inventorytest.ATADrive{Sectors: 100, Serial: "S", Celsius: map[int]int8{8: 41, 0x58: 60}}
	sas := &inventorytest.SCSIDrive{Blocks: 100, BlockLength: 512, Heat: []byte{33, 65}}
	nv := &inventorytest.NVMeDrive{Serial: "S", CCTemp: 353, Kelvin: 313}
	for name, c := range map[string]struct {
		drive scsi.Conn
		warm  func()
		now   int
	}{
		"ATA":  {sata, func() { sata.Celsius[8] = 59 }, 59},
		"SAS":  {sas, func() { sas.Heat[0] = 60 }, 60},
		"NVMe": {nil, func() { nv.Kelvin = 350 }, 77},
	} {
		behind, queue := &asked{Conn: c.drive}, &askedNVMe{Conn: nv}
		th := devio.Thermometer{SCSI: behind}
		if c.drive == nil {
			th = devio.Thermometer{NVMe: queue}
		}
		if _, err := th.Read(context.Background()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.warm()
		before := behind.n + queue.n
		for range 3 {
			h, err := th.Read(context.Background())
			if err != nil || h.Now != c.now {
				t.Errorf("%s: %+v, %v; want %d now", name, h, err, c.now)
			}
		}
		if n := behind.n + queue.n - before; n != 3 {
			t.Errorf("%s: %d commands for 3 questions", name, n)
		}
	}
}
