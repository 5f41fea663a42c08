package inventory_test

import (
	"strings"
	"testing"

	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// TestRemoteTransports is a safety test: every way out of the machine holds.
//
// mutant: compose.go: if b.Remote != "" { => if false {
func TestRemoteTransports(t *testing.T) {
	const pci = "pci0000:00/0000:05:00.0/host8/"
	scsi := func(t *testing.T, dir, driver string) inventory.Device {
		tr := inventorytest.NewTree(t)
		tr.Add(inventorytest.Disk{Dir: dir, Major: 8, Size: mib})
		if driver != "" {
			tr.File("sys/class/scsi_host/host8/proc_name", driver+"\n")
		}
		return discover(t, tr, map[string]*inventorytest.Probe{"sda": {Root: tr.Root, Name: "sda",
			SCSI: &inventorytest.SCSIDrive{Vendor: "ACME", Product: "LUN", Serial: "1", Blocks: mib / 512, BlockLength: 512}}})["sda"]
	}
	nvme := func(t *testing.T, kind string) inventory.Device {
		tr, probes := server(t)
		tr.File("sys/class/nvme/nvme0/transport", kind)
		return discover(t, tr, probes)["nvme0n1"]
	}
	const lun = "target8:0:0/8:0:0:1/block/sda"
	for _, c := range []struct {
		name, words string
		make        func(t *testing.T) inventory.Device
	}{
		{"iSCSI, software", "iSCSI", func(t *testing.T) inventory.Device {
			return scsi(t, "platform/host8/session1/"+lun, "iscsi_tcp")
		}},
		{"iSCSI by session alone", "iSCSI", func(t *testing.T) inventory.Device { return scsi(t, "platform/host8/session1/"+lun, "") }},
		{"iSCSI, adapter", "iSCSI", func(t *testing.T) inventory.Device { return scsi(t, pci+lun, "qla4xxx") }},
		{"iSER", "iSCSI (iSER)", func(t *testing.T) inventory.Device { return scsi(t, "platform/host8/session1/"+lun, "ib_iser") }},
		{"Fibre Channel", "Fibre Channel", func(t *testing.T) inventory.Device { return scsi(t, pci+"rport-8:0-1/"+lun, "qla2xxx") }},
		{"Fibre Channel by driver alone", "Fibre Channel", func(t *testing.T) inventory.Device { return scsi(t, pci+lun, "lpfc") }},
		{"FCoE", "FCoE", func(t *testing.T) inventory.Device { return scsi(t, pci+"rport-8:0-1/"+lun, "bnx2fc") }},
		{"SRP", "SRP", func(t *testing.T) inventory.Device { return scsi(t, pci+"rport-8:1/"+lun, "ib_srp") }},
		{"NVMe/TCP", "tcp", func(t *testing.T) inventory.Device { return nvme(t, "tcp") }},
		{"NVMe/RDMA", "rdma", func(t *testing.T) inventory.Device { return nvme(t, "rdma") }},
		{"NVMe/FC", "fc", func(t *testing.T) inventory.Device { return nvme(t, "fc") }},
		{"NVMe loop target", "loop", func(t *testing.T) inventory.Device { return nvme(t, "loop") }},
		{"NVMe, not stated", "not stated", func(t *testing.T) inventory.Device { return nvme(t, "") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.make(t)
			if len(d.Holds) != 1 || d.Holds[0].Kind != inventory.HoldRemote || !strings.Contains(d.Holds[0].Detail, c.words) || !d.Remote {
				t.Errorf("holds %+v, remote %v; want remote by %s", d.Holds, d.Remote, c.words)
			}
		})
	}
}
