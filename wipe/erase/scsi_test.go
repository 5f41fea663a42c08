package erase_test

import (
	"bytes"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/inventory/inventorytest/simscsi"
	"lethe/wipe/erase"
)

// sas is a simulated SAS drive with a fault.
func sas(t testing.TB, medium record.Medium, f simscsi.Faults) victim {
	t.Helper()
	c := simscsi.Config{Vendor: "ACME", Product: "SIMULATED SAS", Revision: "0001", Serial: "SIM-SAS-1", NAA: 0x5000c500aaaa0001,
		Media: sectors * 512, BlockLength: 512, Spare: 4, Overwrite: true, Block: true, Crypto: true, Format: true,
		Takes: 3 * time.Hour, Faults: f}
	if medium == record.MediumFlash {
		c.Rotation = 1
	}
	m := simscsi.Memory(oldData(sectors * 512))
	old := bytes.Clone(m)
	clock := simscsi.NewHands()
	d, err := simscsi.New(c, m, clock)
	if err != nil {
		t.Fatal(err)
	}
	conn := simscsi.Over(d)
	return victim{old: old, limit: time.Minute, medium: func() []byte { return m },
		drive: commanded{&overSCSI{conn, clock, sectors * 512}, erase.Drive{SCSI: conn, Clock: clock}},
		device: record.Device{Identity: record.Identity{Vendor: "ACME", Model: "SIMULATED SAS", Serial: "SIM-SAS-1"},
			Size: sectors * 512, NativeSize: sectors * 512, LogicalSector: 512, PhysicalSector: 512, Medium: medium, Transport: "sas", Node: "sim"}}
}

// scsiFaults are what a SAS drive may do wrong, and the states that may come of it.
var scsiFaults = []struct {
	name  string
	fault simscsi.Faults
}{
	{"rejects", simscsi.Faults{Reject: &simscsi.Sense{Key: 5, ASC: 0x26}}},
	{"fails midway", simscsi.Faults{FailAt: 0.5}},
	{"fails midway, quietly", simscsi.Faults{FailAt: 0.5, Quiet: true}},
	{"stuck", simscsi.Faults{StuckAt: 0.3}},
	{"success, nothing erased", simscsi.Faults{Hollow: true}},
	{"stale success", simscsi.Faults{Ignore: true}},
	{"10 % survive, spread", simscsi.Faults{Survive: 0.1, Spread: true}},
	{"10 % survive, together", simscsi.Faults{Survive: 0.1}},
	{"1 % survive, spread", simscsi.Faults{Survive: 0.01, Spread: true}},
	{"1 % survive, together", simscsi.Faults{Survive: 0.01}},
	{"0.1 % survive, spread", simscsi.Faults{Survive: 0.001, Spread: true}},
	{"0.1 % survive, together", simscsi.Faults{Survive: 0.001}},
	{"changes identity", simscsi.Faults{NewSerial: "SIM-SAS-2"}},
	{"vanishes", simscsi.Faults{VanishAt: 0.5}},
	{"garbage", simscsi.Faults{Garbage: true}},
	{"cache lies, power cut midway", simscsi.Faults{CacheLies: true, CutAt: 0.5, Hollow: true}},
}

// scsiHarmless are oddities with which an erase is an erase all the same.
var scsiHarmless = []struct {
	name  string
	fault simscsi.Faults
}{
	{"honest", simscsi.Faults{}},
	{"tells no progress", simscsi.Faults{NoProgress: true}},
	{"busy", simscsi.Faults{Busy: 3}},
	{"power cut midway, goes on", simscsi.Faults{CutAt: 0.5}},
	{"reset midway", simscsi.Faults{ResetAt: 0.5}},
	{"tells of its work by TEST UNIT READY alone", simscsi.Faults{Quiet: true}},
}

func capability(act record.Act) []record.Capability {
	return []record.Capability{{Technique: act.Technique(), Act: act, Command: string(act), Source: "simulated"}}
}

// No SAS drive that is at fault ends certified, whatever it says.
func TestSCSILiars(t *testing.T) {
	for i, act := range []record.Act{record.SCSISanitizeCrypto, record.SCSISanitizeBlock, record.SCSISanitizeOverwrite, record.SCSIFormatUnit} {
		medium := record.MediumFlash
		if act == record.SCSISanitizeOverwrite {
			medium = record.MediumMagnetic
		}
		try := func(fault simscsi.Faults) func(*testing.T) row {
			return func(t *testing.T) row {
				v := sas(t, medium, fault)
				f, refused := v.run(t, "nist-800-88r2", capability(act), act.Technique())
				return outcome(t, v, act, f, refused)
			}
		}
		for n, c := range scsiHarmless {
			if whole() || n == 0 || n%4 == i {
				cell(t, act, c.name, honest, try(c.fault))
			}
		}
		for n, c := range scsiFaults {
			if whole() || n%4 == i {
				cell(t, act, c.name, liar, try(c.fault))
			}
		}
	}
}
