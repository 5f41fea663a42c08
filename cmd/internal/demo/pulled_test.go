package demo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"lethe/certs/record"
	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

// slow are four drives on four buses that take long enough to be met half done.
func slow() []demo.Plug {
	const rate = 6 << 20
	return []demo.Plug{
		{Name: "usb", Bus: boottest.USB, Serial: "SLOW-USB", Rate: rate},
		{Name: "scsi", Bus: boottest.SCSI, Serial: "SLOW-SCSI", Rate: rate},
		{Name: "sata", Bus: boottest.SATA, Serial: "SLOW-SATA", Rate: rate},
		{Name: "nvme", Bus: boottest.NVMe, Serial: "SLOW-NVME", Rate: rate},
	}
}

// A drive is pulled between 10 % and 90 %: it gets a notice that says Incomplete,
// and its neighbours their certificates.
func TestUnplug(t *testing.T) {
	r := chance(t)
	for _, bus := range unpluggedBuses {
		for range unplugs {
			part := 10 + r.IntN(80)
			t.Run(fmt.Sprintf("%s at %d %%", bus, part), func(t *testing.T) { unplug(t, bus, part) })
		}
	}
}

func unplug(t *testing.T, bus string, part int) {
	o := options(t, image(t, "bin/lethe"), 64<<20)
	o.Drives, o.Live = slow(), true
	pulled := map[string]int{"usb": 0, "scsi": 1}[bus]
	o.During = func(ctx context.Context, m *demo.Running) error {
		seen, err := m.Until(ctx, o.Drives[pulled].Serial, part)
		if err != nil {
			return err
		}
		t.Logf("%s is pulled at %d %%", bus, seen)
		if err := m.Unplug(ctx, pulled); err != nil {
			return err
		}
		return m.Wait(ctx)
	}
	res := run(t, o)
	for i, d := range res.Drives {
		if i != pulled {
			certified(t, d)
			continue
		}
		notice(t, d, record.Incomplete)
		if p := d.Paper; p != nil && p.Record != nil {
			t.Logf("%s: %v; %v", d.Name, p.Record.Verdict.Reasons, d.Remains)
		}
	}
}

var deliveredPaper = regexp.MustCompile(`depot: (LTH-\S+) delivered, receipt checked`)

// The whole machine loses its power at a random point: no certificate speaks of a
// drive that the host does not find gone, and what the depot gave a receipt for is
// there.
func TestPowerCut(t *testing.T) {
	r := chance(t)
	for n := range kills {
		at, part := r.IntN(4), 5+r.IntN(94)
		rates := [4]int64{}
		for i := range rates {
			rates[i] = (3 + r.Int64N(12)) << 20
		}
		if n%2 == 0 { // when others have their papers
			part = 50 + r.IntN(49)
			for i := range rates {
				rates[i] = (12 + r.Int64N(12)) << 20
			}
			rates[at] = 3 << 20
		}
		t.Run(fmt.Sprintf("drive %d at %d %%", at, part), func(t *testing.T) { powerCut(t, at, part, rates) })
	}
}

func powerCut(t *testing.T, at, part int, rates [4]int64) {
	o := options(t, image(t, "bin/lethe"), 64<<20)
	o.Drives, o.Live = slow(), true
	for i := range o.Drives {
		o.Drives[i].Rate = rates[i]
	}
	o.During = func(ctx context.Context, m *demo.Running) error {
		seen, err := m.Until(ctx, o.Drives[at].Serial, part)
		t.Logf("the plug is pulled with %s at %d %%", o.Drives[at].Serial, seen)
		return err // the machine is killed as During returns
	}
	res := run(t, o)
	papers := 0
	for i, d := range res.Drives {
		switch {
		case d.Paper == nil:
		case d.Paper.Kind == record.KindCertificate:
			papers++
			certified(t, d)
		default:
			t.Errorf("%s: %+v, want a certificate or nothing", d.Name, d.Paper)
		}
		if i == at && d.Paper != nil {
			t.Errorf("%s was at %d %% and has a paper: %+v", d.Name, part, d.Paper)
		}
	}
	receipts := deliveredPaper.FindAllStringSubmatch(res.Console, -1)
	for _, m := range receipts {
		if _, err := os.Stat(filepath.Join(o.Out, m[1])); err != nil {
			t.Errorf("the depot gave a receipt for %s: %v", m[1], err)
		}
	}
	t.Logf("%d certificates, %d receipts seen", papers, len(receipts))
}
