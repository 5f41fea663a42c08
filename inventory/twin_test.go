package inventory_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// TestSilentTwin is a safety test: of two paths to one drive the mounted one does
// not answer. The other must not look like a drive of its own.
//
// mutant: compose.go: id.WWN = name =>
func TestSilentTwin(t *testing.T) {
	tr, p := server(t)
	dir := "pci0000:00/0000:03:00.0/host1/port-1:1/end_device-1:1/target1:0:1/1:0:1:0"
	tr.Add(inventorytest.Disk{Dir: dir + "/block/sdd", Major: 8, Minor: 48, Size: mib, Parts: 1})
	answering := *p["sdb"].SCSI.(*inventorytest.SCSIDrive)
	ds, _ := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(p))
	tr.File("sys/devices/"+dir+"/wwid", "naa."+node(t, ds, "sdb").Identity.WWN+"\n")
	silent := answering
	silent.Err = errors.New("timed out")
	p["sdd"] = &inventorytest.Probe{Root: tr.Root, Name: "sdd", SCSI: &silent}
	tr.Mount("8:49", "/srv", "ext4", "/dev/sdd1", "rw")
	ds, _ = inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(p))
	for _, n := range []string{"sdb", "sdd"} {
		var he *inventory.HoldError
		if err := node(t, ds, n).Eligible(); !errors.As(err, &he) || !he.Has(inventory.HoldDuplicate) {
			t.Errorf("%s: %v, want a hold as a duplicate", n, err)
		}
	}
}

func node(t *testing.T, ds []inventory.Device, name string) inventory.Device {
	t.Helper()
	for _, d := range ds {
		if d.Node == name {
			return d
		}
	}
	t.Fatalf("%s is not listed", name)
	return inventory.Device{}
}

// TestDuplicatesThroughAThird is a safety test: a drive that may be either of two
// others makes a group of all three.
//
// mutant: device.go: group[i] = min(a, b) =>
func TestDuplicatesThroughAThird(t *testing.T) {
	ds := make([]inventory.Device, 3)
	for i, wwn := range []string{"5001", "5002", ""} {
		ds[i].Identity = record.Identity{Model: "M", Serial: "S", WWN: wwn}
	}
	if d := cmp.Diff([][]int{{0, 1, 2}}, inventory.Duplicates(ds)); d != "" {
		t.Errorf("groups (-want +got):\n%s", d)
	}
}

// TestServedToOthers is a safety test: this machine serves a partition to others.
//
// mutant: usage.go: u.readExports(root) =>
func TestServedToOthers(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"NVMe": {"nvmet/subsystems/nqn.y/namespaces/1/device_path": "/dev/sdb1\n", "nvmet/subsystems/nqn.y/namespaces/1/enable": "1\n"},
		"SCSI": {"target/core/fileio_0/x/udev_path": "/dev/sdb\n", "target/core/fileio_0/x/enable": "1\n"},
	} {
		tr, p := server(t)
		for f, text := range files {
			tr.File("sys/kernel/config/"+f, text)
		}
		ds, _ := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(p))
		var he *inventory.HoldError
		if err := node(t, ds, "sdb").Eligible(); !errors.As(err, &he) || !he.Has(inventory.HoldShared) {
			t.Errorf("%s: %v, want a hold as shared", name, err)
		}
	}
}
