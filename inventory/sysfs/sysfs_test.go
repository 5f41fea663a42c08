package sysfs_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"lethe/inventory/inventorytest"
	"lethe/inventory/sysfs"
)

const (
	ahci = "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	sas  = "pci0000:00/0000:00:02.0/0000:03:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/block/sdb"
)

func TestTransportAndPath(t *testing.T) {
	for _, c := range []struct {
		name, dir        string
		more             func(*inventorytest.Tree)
		kind, remote, at string
	}{
		{name: "SATA", dir: ahci, kind: "sata", at: "0000:00:1f.2/ata3",
			more: func(tr *inventorytest.Tree) { tr.File("sys/class/ata_port/ata1/port_no", "3\n") }},
		{name: "SAS", dir: sas, kind: "sas", at: "0000:03:00.0/sas-5000c50012345671",
			more: func(tr *inventorytest.Tree) {
				tr.File("sys/devices/pci0000:00/0000:00:02.0/0000:03:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/sas_address", "0x5000c50012345671\n")
			}},
		{name: "virtio-scsi", dir: "pci0000:00/0000:00:04.0/virtio0/host6/target6:0:1/6:0:1:0/block/sdc", kind: "scsi",
			at: "0000:00:04.0/scsi-0:1:0"},
		{name: "USB", dir: "pci0000:00/0000:00:14.0/usb2/2-1/2-1.4/2-1.4:1.0/host7/target7:0:0/7:0:0:0/block/sdd", kind: "usb",
			at: "0000:00:14.0/usb-1.4"},
		{name: "iSCSI", dir: "platform/host9/session1/target9:0:0/9:0:0:1/block/sde", kind: "scsi", remote: "iSCSI",
			at: "platform/host9/session1/target9:0:0/9:0:0:1/block/sde"},
		{name: "iSCSI by driver alone", dir: "pci0000:00/0000:05:00.0/host8/target8:0:0/8:0:0:1/block/sdf", kind: "scsi", remote: "iSCSI",
			at:   "0000:05:00.0/scsi-0:0:1",
			more: func(tr *inventorytest.Tree) { tr.File("sys/class/scsi_host/host8/proc_name", "qedi\n") }},
		{name: "Fibre Channel", dir: "pci0000:00/0000:06:00.0/host2/rport-2:0-1/target2:0:1/2:0:1:0/block/sdg", kind: "scsi",
			remote: "Fibre Channel or SRP", at: "0000:06:00.0/scsi-0:1:0"},
		{name: "virtio-blk", dir: "pci0000:00/0000:00:02.0/virtio1/block/vda", kind: "virtio", at: "0000:00:02.0"},
		{name: "MMC", dir: "pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0", kind: "mmc", at: "0000:00:1a.0"},
		{name: "loop", dir: "virtual/block/loop4", kind: "loop", at: "loop4"},
		{name: "something else", dir: "ndbus0/region0/block/pmem0", kind: "unknown", at: "ndbus0/region0/block/pmem0"},
	} {
		tr := inventorytest.NewTree(t)
		if c.more != nil {
			c.more(tr)
		}
		tr.Add(inventorytest.Disk{Dir: c.dir, Major: 8, Minor: 0, Size: 1 << 20})
		r := sysfs.Root(tr.Root)
		b, err := r.Block(r.Disks()[0])
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if b.Transport != c.kind || b.Remote != c.remote || b.Path != c.at {
			t.Errorf("%s: %s, remote %q, at %s; want %s, %q, %s", c.name, b.Transport, b.Remote, b.Path, c.kind, c.remote, c.at)
		}
	}
}

// nvmeTree has a controller of transport kind with namespace 2, as a kernel
// without multipath shows it.
func nvmeTree(t *testing.T, kind string) sysfs.Root {
	tr := inventorytest.NewTree(t)
	ctrl := "sys/devices/pci0000:00/0000:03:00.0/nvme/nvme0"
	tr.Add(inventorytest.Disk{Dir: "pci0000:00/0000:03:00.0/nvme/nvme0/nvme0n2", Major: 259, Minor: 1, Size: 1 << 20,
		Attr: map[string]string{"nsid": "2"}})
	tr.File(ctrl+"/transport", kind+"\n")
	tr.Link("sys/class/nvme/nvme0", ctrl)
	return sysfs.Root(tr.Root)
}

// What the kernel says of a drive's actuators is taken if it makes up the drive, else not.
//
// mutant: block.go: first != next => false
// mutant: block.go: if next*sectorUnit != b.Size { => if false {
func TestLanes(t *testing.T) {
	for name, c := range map[string]struct {
		ranges [][2]string
		want   []int64
	}{
		"one actuator":   {nil, nil},
		"one range":      {[][2]string{{"0", "2048"}}, nil},
		"two":            {[][2]string{{"0", "1024"}, {"1024", "1024"}}, []int64{1024 * 512}},
		"three":          {[][2]string{{"0", "8"}, {"8", "1016"}, {"1024", "1024"}}, []int64{8 * 512, 1024 * 512}},
		"a hole":         {[][2]string{{"0", "1000"}, {"1024", "1024"}}, nil},
		"overlap":        {[][2]string{{"0", "1032"}, {"1024", "1024"}}, nil},
		"short":          {[][2]string{{"0", "1024"}, {"1024", "1016"}}, nil},
		"beyond":         {[][2]string{{"0", "1024"}, {"1024", "1032"}}, nil},
		"wraps":          {[][2]string{{"0", "1024"}, {"1024", "18446744073709551615"}}, nil},
		"parts of 4096":  {[][2]string{{"0", "1023"}, {"1023", "1025"}}, nil},
		"empty":          {[][2]string{{"0", "0"}, {"0", "2048"}}, nil},
		"not understood": {[][2]string{{"0", "1024"}, {"x", "1024"}}, nil},
	} {
		tr := inventorytest.NewTree(t)
		tr.Add(inventorytest.Disk{Dir: sas, Major: 8, Size: 1 << 20, Sector: 4096})
		for i, r := range c.ranges {
			at := fmt.Sprintf("sys/devices/%s/queue/independent_access_ranges/%d/", sas, i)
			tr.File(at+"sector", r[0]+"\n")
			tr.File(at+"nr_sectors", r[1]+"\n")
		}
		r := sysfs.Root(tr.Root)
		b, err := r.Block("sdb")
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Lanes(b); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d; want %d", name, got, c.want)
		}
	}
}

// TestNVMeRemote is a safety test: a namespace over a network is remote, and so
// is one whose transport is not stated.
//
// mutant: transport.go: return "NVMe over fabrics (" + or(t, "transport not stated") + ")" => return ""
func TestNVMeRemote(t *testing.T) {
	for kind, remote := range map[string]bool{"pcie": false, "tcp": true, "rdma": true, "fc": true, "loop": true, "": true} {
		b, err := nvmeTree(t, kind).Block("nvme0n2")
		if err != nil || (b.Remote != "") != remote || b.Transport != "nvme" {
			t.Errorf("transport %q: %s, remote %q, %v; want remote %v", kind, b.Transport, b.Remote, err, remote)
		}
		if b.Path != "0000:03:00.0/ns2" {
			t.Errorf("path %q; want 0000:03:00.0/ns2", b.Path)
		}
	}
}

// Where a namespace is, as a signed order has to spell it; this machine's own end of the
// way is left out, and controllers at different places have no one address.
func TestNVMeAddress(t *testing.T) {
	tr := inventorytest.NewTree(t)
	ctrl := "sys/devices/virtual/nvme-fabrics/ctl/nvme0"
	tr.Add(inventorytest.Disk{Dir: "virtual/nvme-fabrics/ctl/nvme0/nvme0n1", Major: 259, Minor: 1, Size: 1 << 20, Attr: map[string]string{"nsid": "1"}})
	tr.File(ctrl+"/transport", "tcp\n")
	tr.Link("sys/class/nvme/nvme0", ctrl)
	for address, want := range map[string]string{
		"traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.7\n": "tcp traddr=192.0.2.1,trsvcid=4420",
		"": "",
	} {
		tr.File(ctrl+"/address", address)
		b, err := sysfs.Root(tr.Root).Block("nvme0n1")
		if err != nil || b.RemoteAt != want || b.Remote == "" {
			t.Errorf("%q: %q, %q, %v", address, b.RemoteAt, b.Remote, err)
		}
	}
}

func TestNVMeMultipathHead(t *testing.T) {
	tr := inventorytest.NewTree(t)
	ctrl := "sys/devices/pci0000:00/0000:03:00.0/nvme/nvme0"
	tr.File(ctrl+"/transport", "pcie\n")
	tr.Link("sys/class/nvme/nvme0", ctrl)
	tr.Add(inventorytest.Disk{Dir: "pci0000:00/0000:03:00.0/nvme/nvme0/nvme0c0n1", Major: 259, Minor: 0, Size: 1 << 20,
		Attr: map[string]string{"hidden": "1"}})
	tr.Add(inventorytest.Disk{Dir: "virtual/nvme-subsystem/nvme-subsys0/nvme0n1", Major: 259, Minor: 1, Size: 1 << 20,
		Attr: map[string]string{"nsid": "1"}})
	tr.Link("sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0", ctrl)
	r := sysfs.Root(tr.Root)
	b, err := r.Block("nvme0n1")
	if err != nil || b.Transport != "nvme" || b.Remote != "" || b.Path != "0000:03:00.0/ns1" || b.Hidden {
		t.Errorf("head = %+v, %v", b, err)
	}
	if p, err := r.Block("nvme0c0n1"); err != nil || !p.Hidden {
		t.Errorf("path = %+v, %v; want it hidden", p, err)
	}
}

func TestBlock(t *testing.T) {
	tr := inventorytest.NewTree(t)
	tr.Add(inventorytest.Disk{Dir: ahci, Major: 8, Minor: 0, Size: 9 << 20, Sector: 4096, Parts: 2,
		Attr: map[string]string{"ro": "1", "removable": "1", "queue/rotational": "1", "queue/zoned": "host-managed", "diskseq": "7"}})
	tr.File("sys/devices/"+ahci+"/sda2/uevent", "DEVTYPE=partition\nPARTUUID=ABCD-02\n")
	r := sysfs.Root(tr.Root)
	b, err := r.ByNumber(8, 0)
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "sda" || b.Size != 9<<20 || b.LogicalSector != 4096 || !b.ReadOnly || !b.Removable ||
		!b.Rotational || b.Zoned != "host-managed" || b.DiskSeq != 7 {
		t.Errorf("Block = %+v", b)
	}
	if len(b.Partitions) != 2 || b.Partitions[1] != (sysfs.Partition{Name: "sda2", Major: 8, Minor: 2, Start: 6 << 20, Size: 3 << 20, UUID: "abcd-02"}) {
		t.Errorf("Partitions = %+v", b.Partitions)
	}
	if _, err := r.ByNumber(8, 1); !errors.Is(err, sysfs.ErrPartition) {
		t.Errorf("ByNumber of a partition: %v; want ErrPartition", err)
	}
	if _, err := r.ByNumber(99, 0); err == nil {
		t.Error("ByNumber of nothing is no error")
	}
	if got := sysfs.Node("cciss!c0d0"); got != "/dev/cciss/c0d0" {
		t.Errorf("Node = %q", got)
	}
}
