package erase_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/inventorytest/simata"
	"lethe/wipe/erase"
)

// hands are the clock of a simulated SATA drive: what its eraser waits, the drive has.
type hands struct{ *simata.Manual }

func (h hands) Sleep(ctx context.Context, d time.Duration) error {
	h.Manual.Sleep(d)
	return ctx.Err()
}

// overATA is a SATA drive behind its translator.
type overATA struct{ overSCSI }

func (d *overATA) State(ctx context.Context) (record.Opened, error) {
	id, err := ata.ReadIdentify(ctx, ata.Over(d.conn))
	if err != nil {
		return record.Opened{}, err
	}
	return record.Opened{Exclusive: true, Direct: true, Size: record.Size(d.size), LogicalSector: 512,
		Identity: record.Identity{Model: id.Model(), Serial: id.Serial()}}, nil
}

// sata is a simulated SATA drive with a fault.
func sata(t testing.TB, medium record.Medium, f simata.Faults) victim {
	t.Helper()
	c := simata.Config{Model: "SIMULATED SATA", Serial: "SIM-ATA-1", Firmware: "1.0", Sectors: sectors, Spare: 16, Rotation: 7200,
		Crypto: true, Block: true, Overwrite: true, Security: true, Enhanced: true, Logs: true, Smart: true,
		SanitizeTime: 2 * time.Hour, EraseTime: 10 * time.Hour, EnhancedTime: 10 * time.Hour, EraseWord: 0x8000 | 300, EnhancedWord: 0x8000 | 300}
	if medium == record.MediumFlash {
		c.Rotation = 1
	}
	store := simata.NewMemory(c)
	copy(store, oldData(len(store)))
	old := bytes.Clone(store[:sectors*512])
	clock := hands{&simata.Manual{}}
	d := simata.New(c, f, store, clock.Manual)
	conn := d.Conn()
	return victim{old: old, limit: time.Minute, medium: func() []byte { return store[:sectors*512] },
		drive: commanded{&overATA{overSCSI{conn, clock, sectors * 512}}, erase.Drive{SCSI: conn, ATA: ata.Over(conn), Clock: clock}},
		device: record.Device{Identity: record.Identity{Model: "SIMULATED SATA", Serial: "SIM-ATA-1"},
			Size: sectors * 512, NativeSize: sectors * 512, LogicalSector: 512, PhysicalSector: 512, Medium: medium, Transport: "sata", Node: "sim"}}
}

var ataHarmless = []struct {
	name  string
	fault simata.Faults
}{
	{"honest", simata.Faults{}},
	{"loses registers, twice", simata.Faults{LoseRegisters: 2}},
	{"power cut midway, goes on", simata.Faults{PowerCutAt: 50}},
	{"reset midway", simata.Faults{ResetsAt: 50}},
}

var ataFaults = []struct {
	name  string
	fault simata.Faults
}{
	{"unsupported", simata.Faults{Unsupported: true}},
	{"rejects", simata.Faults{Rejects: true}},
	{"frozen", simata.Faults{FrozenSecurity: true, FrozenSanitize: true}},
	{"locked", simata.Faults{Locked: true}},
	{"fails midway", simata.Faults{FailsAt: 50}},
	{"stuck", simata.Faults{StuckAt: 30}},
	{"success, nothing erased", simata.Faults{ErasesNothing: true}},
	{"stale success", simata.Faults{StaleSuccess: true}},
	{"10 % survive, spread", simata.Faults{SurvivePPM: 100_000}},
	{"10 % survive, together", simata.Faults{SurvivePPM: 100_000, Contiguous: true}},
	{"1 % survive, spread", simata.Faults{SurvivePPM: 10_000}},
	{"1 % survive, together", simata.Faults{SurvivePPM: 10_000, Contiguous: true}},
	{"0.1 % survive, spread", simata.Faults{SurvivePPM: 1_000}},
	{"0.1 % survive, together", simata.Faults{SurvivePPM: 1_000, Contiguous: true}},
	{"changes identity", simata.Faults{ChangesIdentity: true}},
	{"vanishes", simata.Faults{VanishesAt: 50}},
	{"garbage registers", simata.Faults{GarbageRegisters: true}},
	{"all registers zero", simata.Faults{ZeroRegisters: true}},
	{"cache lies, power cut midway", simata.Faults{CacheLies: true, PowerCutAt: 50, ErasesNothing: true}},
	{"reset midway, nothing erased", simata.Faults{ResetsAt: 50, ErasesNothing: true}},
}

// withoutRegisters are the faults that SECURITY ERASE UNIT does not meet: its evidence is
// in what IDENTIFY DEVICE says.
var withoutRegisters = map[string]bool{"garbage registers": true, "all registers zero": true}

// No SATA drive that is at fault ends certified, whatever it says.
func TestATALiars(t *testing.T) {
	for i, act := range []record.Act{record.ATASanitizeCrypto, record.ATASanitizeBlock, record.ATASanitizeOverwrite, record.ATASecurityEnhanced, record.ATASecurityNormal} {
		medium := record.MediumMagnetic
		if act == record.ATASanitizeBlock {
			medium = record.MediumFlash
		}
		try := func(fault simata.Faults) func(*testing.T) row {
			return func(t *testing.T) row {
				v := sata(t, medium, fault)
				f, refused := v.run(t, "nist-800-88r2", capability(act), act.Technique())
				return outcome(t, v, act, f, refused)
			}
		}
		for n, c := range ataHarmless {
			if whole() || n == 0 || n%5 == i {
				cell(t, act, c.name, honest, try(c.fault))
			}
		}
		for n, c := range ataFaults {
			want := liar
			if act.Family() == "ata-security" && withoutRegisters[c.name] {
				want = honest
			}
			if whole() || n%5 == i {
				cell(t, act, c.name, want, try(c.fault))
			}
		}
	}
}
