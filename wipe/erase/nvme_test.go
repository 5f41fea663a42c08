package erase_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simnvme"
	"lethe/inventory/nvme"
	"lethe/wipe/erase"
)

// moved is the clock of a simulated NVMe drive.
type moved struct{ *simnvme.Manual }

func (m moved) Sleep(ctx context.Context, d time.Duration) error {
	m.Add(d)
	return ctx.Err()
}

// overNVMe is a namespace whose blocks are read and written by NVMe commands.
type overNVMe struct {
	admin, io nvme.Conn
	size      int64
}

func (d *overNVMe) Size() int64        { return d.size }
func (d *overNVMe) LogicalSector() int { return 512 }
func (d *overNVMe) Close() error       { return nil }

func (d *overNVMe) move(op byte, dir nvme.Direction, p []byte, off int64) (int, error) {
	lba := uint64(off / 512)
	c := &nvme.Command{Name: "transfer", Opcode: op, NSID: 1, CDW10: uint32(lba), CDW11: uint32(lba >> 32),
		CDW12: uint32(len(p)/512 - 1), Dir: dir, Data: p}
	r, err := d.io.Do(context.Background(), c)
	if err == nil {
		err = r.Err(c)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (d *overNVMe) ReadAt(p []byte, off int64) (int, error) {
	return d.move(0x02, nvme.FromDevice, p, off)
}
func (d *overNVMe) WriteAt(p []byte, off int64) (int, error) {
	return d.move(0x01, nvme.ToDevice, p, off)
}

func (d *overNVMe) Flush(ctx context.Context) error {
	c := &nvme.Command{Name: "FLUSH", NSID: 1}
	r, err := d.io.Do(ctx, c)
	if err != nil {
		return err
	}
	return r.Err(c)
}

func (d *overNVMe) State(ctx context.Context) (record.Opened, error) {
	c, err := nvme.ReadController(ctx, d.admin)
	if err != nil {
		return record.Opened{}, err
	}
	return record.Opened{Exclusive: true, Direct: true, Size: record.Size(d.size), LogicalSector: 512,
		Identity: record.Identity{Model: c.Model, Serial: c.Serial, NSID: 1}}, nil
}

// ssd is a simulated NVMe drive with a fault, its one namespace all of the medium but
// the last eighth, which no namespace has.
func ssd(t testing.TB, f simnvme.Faults) victim {
	t.Helper()
	const size = sectors * 512
	m := make(simnvme.Memory, size+size/8/4096*4096)
	copy(m, oldData(len(m)))
	old := bytes.Clone(m[:size])
	clock := moved{simnvme.NewManual()}
	d := simnvme.New(simnvme.Config{Model: "SIMULATED NVME", Serial: "SIM-NVME-1", Firmware: "1", NQN: "nqn.2026-01.test:1",
		Sanicap: 7, OACS: 1 << 1, FNA: 4, DLFEAT: 1, Capacity: int64(len(m)), Estimates: true,
		Takes: simnvme.Durations{Block: 100 * time.Second, Crypto: 4 * time.Second, Overwrite: 1000 * time.Second}},
		[]simnvme.Namespace{{ID: 1, Size: size, NGUID: [16]byte{1}, Attached: []uint16{1}}}, m, clock)
	d.SetFaults(f)
	admin, limit := d.AdminConn(1), time.Minute
	if f.StuckAt != 0 {
		limit = 5 * time.Second // a Format NVM that never ends is one command that never comes back
	}
	return victim{old: old, limit: limit, medium: func() []byte { return m[:size] },
		drive: commanded{&overNVMe{admin, d.IOConn(1), size}, erase.Drive{NVMe: admin, NSID: 1, Clock: clock}},
		device: record.Device{Identity: record.Identity{Model: "SIMULATED NVME", Serial: "SIM-NVME-1", NSID: 1},
			Size: size, NativeSize: size, LogicalSector: 512, PhysicalSector: 512, Medium: record.MediumFlash, Transport: "nvme", Node: "sim"}}
}

var nvmeHarmless = []struct {
	name  string
	fault simnvme.Faults
}{
	{"honest", simnvme.Faults{}},
	{"power cut midway, goes on", simnvme.Faults{PowerCutAt: 50}},
	{"reset midway", simnvme.Faults{ResetAt: 50}},
	{"deallocates against its word", simnvme.Faults{Forced: true}},
}

var nvmeFaults = []struct {
	name  string
	fault simnvme.Faults
}{
	{"unsupported", simnvme.Faults{Unsupported: true}},
	{"rejects", simnvme.Faults{Reject: 0x4002}},
	{"locked", simnvme.Faults{AccessDenied: true}},
	{"fails midway", simnvme.Faults{FailAt: 50}},
	{"stuck", simnvme.Faults{StuckAt: 655}},
	{"success, nothing erased", simnvme.Faults{NothingErased: true}},
	{"stale success, the very same command", simnvme.Faults{Stale: true}},
	{"stale success, another command", simnvme.Faults{Stale: true, StaleDword: 4}},
	{"10 % survive, spread", simnvme.Faults{Survives: 100}},
	{"10 % survive, together", simnvme.Faults{Survives: 100, Contiguous: true}},
	{"1 % survive, spread", simnvme.Faults{Survives: 10}},
	{"1 % survive, together", simnvme.Faults{Survives: 10, Contiguous: true}},
	{"0.1 % survive, spread", simnvme.Faults{Survives: 1}},
	{"0.1 % survive, together", simnvme.Faults{Survives: 1, Contiguous: true}},
	{"all erased is always said", simnvme.Faults{ErasedStuck: true}},
	{"changes identity", simnvme.Faults{ChangesIdentity: true}},
	{"vanishes", simnvme.Faults{VanishAt: 50}},
	{"garbage", simnvme.Faults{Garbage: true}},
	{"power cut midway, nothing erased", simnvme.Faults{PowerCutAt: 50, NothingErased: true}},
	{"reset midway, nothing erased", simnvme.Faults{ResetAt: 50, NothingErased: true}},
}

// formatOutlasts are the faults that Format NVM does not meet: it has no log page.
var formatOutlasts = map[string]bool{"all erased is always said": true, "garbage": true}

// No NVMe drive that is at fault ends certified, whatever it says.
func TestNVMeLiars(t *testing.T) {
	for i, act := range []record.Act{record.NVMeSanitizeCrypto, record.NVMeSanitizeBlock, record.NVMeSanitizeOverwrite, record.NVMeFormatCrypto, record.NVMeFormatUser} {
		try := func(fault simnvme.Faults) func(*testing.T) row {
			return func(t *testing.T) row {
				v := ssd(t, fault)
				f, refused := v.run(t, "nist-800-88r2", capability(act), act.Technique())
				return outcome(t, v, act, f, refused)
			}
		}
		for n, c := range nvmeHarmless {
			if whole() || n == 0 || n%5 == i {
				cell(t, act, c.name, honest, try(c.fault))
			}
		}
		for n, c := range nvmeFaults {
			want := liar
			if act.Family() == "nvme-format" && formatOutlasts[c.name] {
				want = honest
			}
			if whole() || n%5 == i {
				cell(t, act, c.name, want, try(c.fault))
			}
		}
	}
}
