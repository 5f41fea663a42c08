package simata_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory/ata"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest/simata"
	"lethe/inventory/sysfs"
)

func config() simata.Config {
	return simata.Config{Model: "SIMULATED SSD", Serial: "SIM-ATA-1", Firmware: "1.0", WWN: 0x5000c50012345678,
		Sectors: 4096, Spare: 16, Rotation: 1, Crypto: true, Block: true, Overwrite: true, AntiFreeze: true,
		Security: true, Enhanced: true, HPA: true, DCO: true, Logs: true, Smart: true, OverridesSecurity: true,
		EraseWord: 30, EnhancedWord: 2, Pending: 3, Uncorrectable: 4, SanitizeTime: 100 * time.Second}
}

// TestIdentified: the product's own survey of the drive, hidden areas included.
func TestIdentified(t *testing.T) {
	c := config()
	d := simata.New(c, simata.Faults{}, simata.NewMemory(c), &simata.Manual{})
	d.Set(func(s *simata.State) { s.Accessible, s.Configured = 2000, 3000 })
	src := devio.Source{Block: sysfs.Block{Name: "sda", Transport: sysfs.SATA}, SCSI: d.Conn()}
	id, err := devio.Identify(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	if id.Identity.Serial != "SIM-ATA-1" || id.Identity.WWN != "5000c50012345678" || id.Identity.Model != "SIMULATED SSD" || id.DriveSize != 2000*512 {
		t.Errorf("%+v, %d bytes", id.Identity, id.DriveSize)
	}
	v := devio.Explore(context.Background(), src, id)
	if !v.NativeAsked || v.NativeMax != 2999 || !v.DCOAsked || v.DCO != 4095 {
		t.Errorf("native max %d, DCO %d", v.NativeMax, v.DCO)
	}
}

// TestThroughCodecs: the codecs of the product and the drive's answers, which are written
// apart from each other, agree.
func TestThroughCodecs(t *testing.T) {
	for _, format := range []simata.SenseFormat{simata.FixedOld, simata.FixedNew, simata.Descriptor} {
		c := config()
		c.Sense = format
		ctx, clock := context.Background(), &simata.Manual{}
		d := simata.New(c, simata.Faults{}, simata.NewMemory(c), clock)
		conn := ata.Over(d.Conn())
		id, err := ata.ReadIdentify(ctx, conn)
		if err != nil {
			t.Fatal(err)
		}
		h, err := ata.ReadHealth(ctx, conn, id)
		known := func(n uint64) ata.Count { return ata.Count{N: n, Known: true} }
		want := ata.Health{Reallocated: known(0), Candidates: known(3), Uncorrectable: known(4), PercentUsed: known(3),
			Attribute5: known(0), Attribute187: known(4), Attribute197: known(3), Attribute198: known(4)}
		if diff := cmp.Diff(want, h); diff != "" || err != nil {
			t.Errorf("health, %v (-want +got):\n%s", err, diff)
		}
		if p, err := ata.ReadSecurityPage(ctx, conn, id); err != nil || !p.OverridesSecurity || p.EncryptsAll {
			t.Errorf("security page %+v, %v", p, err)
		}
		if _, err := conn.Do(ctx, ata.SanitizeFreezeCommand()); err != nil {
			t.Fatal(err)
		}
		_, err = conn.Do(ctx, ata.BlockEraseCommand(false))
		if why, ok := ata.SanitizeAborted(err); !ok || why != ata.SanitizeFrozen {
			t.Errorf("format %d: %v, %v of %v; want frozen", format, why, ok, err)
		}
		d.PowerCycle()
		r, err := conn.Do(ctx, ata.BlockEraseCommand(false))
		var a *ata.AbortError
		if !errors.As(err, &a) || a.Sense.Key != 6 {
			t.Errorf("after a power cycle: %v; want a unit attention", err)
		}
		if r, err = conn.Do(ctx, ata.BlockEraseCommand(false)); err != nil {
			t.Fatal(err)
		}
		if s, err := ata.ParseSanitizeState(r.Registers); err != nil || !s.InProgress || s.Completed {
			t.Errorf("started: %+v, %v", s, err)
		}
	}
}

// TestImpatience: a host that limits SECURITY ERASE UNIT resets the drive and leaves it
// locked.
func TestImpatience(t *testing.T) {
	c := config()
	c.EraseTime = time.Hour
	ctx, clock := context.Background(), &simata.Manual{}
	d := simata.New(c, simata.Faults{}, simata.NewMemory(c), clock)
	conn := ata.Over(d.Conn())
	limited := ata.EraseUnitCommand(ata.ErasePassword, false)
	limited.Timeout = 10 * time.Minute
	for _, cmd := range []*ata.Command{ata.SetPasswordCommand(ata.ErasePassword), ata.ErasePrepareCommand()} {
		if _, err := conn.Do(ctx, cmd); err != nil {
			t.Fatal(err)
		}
	}
	var te *devio.TransportError
	if _, err := conn.Do(ctx, limited); !errors.As(err, &te) || te.Host == 0 {
		t.Errorf("an erase cut short: %v", err)
	}
	id, err := ata.ReadIdentify(ctx, conn)
	if err != nil || !id.Security().Enabled || !id.Security().Locked {
		t.Errorf("%+v, %v; want locked", id.Security(), err)
	}
}
