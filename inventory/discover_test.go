package inventory_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/inventory"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

var ctx = context.Background()

const mib = 1 << 20

// server is a machine with a drive on every bus. Each drive has 1 MiB.
//
//	sda SATA disk, frozen security, host protected area   sdb SAS flash with SANITIZE
//	sdc USB stick                                          nvme0n1+nvme0n2 one NVMe subsystem
//	vda virtio-blk   mmcblk0 eMMC   loop0 loop device      sr0 zram0 dm-0 md0: no drives
func server(t *testing.T) (*inventorytest.Tree, map[string]*inventorytest.Probe) {
	tr := inventorytest.NewTree(t)
	add := func(dir string, major, minor int, attr map[string]string) {
		tr.Add(inventorytest.Disk{Dir: dir, Major: major, Minor: minor, Size: mib, Attr: attr, Parts: 2})
	}
	add("pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", 8, 0, map[string]string{"queue/rotational": "1"})
	add("pci0000:00/0000:03:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/block/sdb", 8, 16, nil)
	add("pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host7/target7:0:0/7:0:0:0/block/sdc", 8, 32, map[string]string{"removable": "1", "queue/rotational": "1"})
	add("pci0000:00/0000:04:00.0/nvme/nvme0/nvme0n1", 259, 0, map[string]string{"nsid": "1"})
	add("pci0000:00/0000:04:00.0/nvme/nvme0/nvme0n2", 259, 8, map[string]string{"nsid": "2"})
	add("pci0000:00/0000:04:00.0/nvme/nvme0/nvme0c0n1", 259, 16, map[string]string{"hidden": "1"})
	add("pci0000:00/0000:05:00.0/virtio1/block/vda", 254, 0, map[string]string{"serial": "VBLK-3"})
	add("pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0", 179, 0, nil)
	add("pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0boot0", 179, 8, nil)
	tr.File("sys/devices/pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/serial", "0x1234\n")
	tr.File("sys/devices/pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/name", "EMMC64\n")
	add("virtual/block/loop0", 7, 0, map[string]string{"loop/backing_file": "/srv/a.img"})
	add("virtual/block/loop1", 7, 16, nil)
	for i, n := range []string{"sr0", "zram0", "dm-0", "md0", "ram0", "nbd0", "fd0"} {
		add("virtual/block/"+n, 100+i, 0, nil)
	}
	ctrl := "sys/devices/pci0000:00/0000:04:00.0/nvme/nvme0"
	tr.Link("sys/class/nvme/nvme0", ctrl)
	for k, v := range map[string]string{"transport": "pcie", "model": "PM9", "serial": "S5", "subsysnqn": "nqn.x", "cntlid": "6"} {
		tr.File(ctrl+"/"+k, v+"\n")
	}
	tr.File("sys/class/scsi_host/host0/proc_name", "ahci\n")
	nv := &inventorytest.NVMeDrive{VID: 0x144d, Serial: "S5", Model: "PM9", Firmware: "GDC7", NQN: "nqn.x", CNTLID: 6, OACS: 0xa,
		Sanicap: 3, FNA: 4, RPMBS: 1, Unused: 4096, Detached: []uint32{7}, Namespaces: map[uint32]inventorytest.NVMeNamespace{
			1: {Blocks: mib / 512, Shift: 9, EUI64: [8]byte{7: 1}}, 2: {Blocks: mib / 4096, Shift: 12, EUI64: [8]byte{7: 2}}}}
	probes := map[string]*inventorytest.Probe{
		"sda": {SCSI: &inventorytest.ATADrive{Serial: "WD-1", Model: "ACME DISK", Firmware: "81.A", Sectors: mib / 512,
			NativeMax: mib/512 + 7, Words: map[int]uint16{82: 0x402, 89: 60, 128: 0x0009, 217: 7200}}},
		"sdb": {SCSI: &inventorytest.SCSIDrive{Vendor: "ACME", Product: "SSD", Revision: "2", Serial: "Z1", Blocks: mib / 512,
			BlockLength: 512, Rotation: 1, Commands: map[uint16]byte{0x4802: 3}, NAA: []byte{0x50, 0, 0, 0, 0, 0, 0, 1}}},
		"sdc": {SCSI: &inventorytest.SCSIDrive{Vendor: "STICK", Product: "2.0", Serial: "U1", Blocks: mib / 512, BlockLength: 512,
			Removable: true, Rotation: 0}},
		"nvme0n1": {NVMe: nv, NSID: 1}, "nvme0n2": {NVMe: nv, NSID: 2},
		"vda": {}, "mmcblk0": {},
		"loop0": {Loop: &devio.LoopStatus{Major: 8, Minor: 1, Inode: 77, Volume: "copy-on-write"}},
	}
	for n, p := range probes {
		p.Root, p.Name = tr.Root, n
	}
	return tr, probes
}

// opener opens the probes of a tree, by device file.
func opener(probes map[string]*inventorytest.Probe) inventory.Option {
	return inventory.WithOpener(func(path string) (inventory.Prober, error) {
		p, ok := probes[path[strings.LastIndex(path, "/")+1:]]
		if !ok {
			return nil, errors.New("open " + path + ": no such drive")
		}
		return p, nil
	})
}

func discover(t *testing.T, tr *inventorytest.Tree, probes map[string]*inventorytest.Probe) map[string]inventory.Device {
	t.Helper()
	ds, err := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(probes))
	if err != nil {
		t.Errorf("Discover: %v", err)
	}
	out := map[string]inventory.Device{}
	for _, d := range ds {
		out[d.Node] = d
	}
	return out
}

func TestDiscoverFindsEveryDrive(t *testing.T) {
	tr, probes := server(t)
	ds, err := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(probes))
	if err != nil {
		t.Fatal(err)
	}
	var nodes []string
	for _, d := range ds {
		nodes = append(nodes, d.Node)
		if err := d.Eligible(); err != nil {
			t.Errorf("%v", err)
		}
		if probes[d.Node].Closes != 1 {
			t.Errorf("%s was closed %d times", d.Node, probes[d.Node].Closes)
		}
		if len(d.Partitions) != 2 || d.NodePath != tr.Root+"/dev/"+d.Node {
			t.Errorf("%s: node %s, %d partitions", d.Node, d.NodePath, len(d.Partitions))
		}
	}
	want := []string{"loop0", "mmcblk0", "nvme0n1", "nvme0n2", "sda", "sdb", "sdc", "vda"}
	if d := cmp.Diff(want, nodes); d != "" {
		t.Errorf("drives (-want +got):\n%s", d)
	}
	if ds, _ := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(probes), inventory.WithLoop(false)); len(ds) != 7 {
		t.Errorf("without loop devices: %d drives; want 7", len(ds))
	}
}

func TestDiscoverFields(t *testing.T) {
	tr, probes := server(t)
	ds := discover(t, tr, probes)
	a := ds["sda"]
	a.Evidence, a.Partitions, a.Holds = nil, nil, nil
	want := record.Device{
		Identity: record.Identity{Model: "ACME DISK", Serial: "WD-1"}, Firmware: "81.A",
		Size: mib, NativeSize: mib + 8*512, LogicalSector: 512, PhysicalSector: 512, Medium: record.MediumMagnetic,
		RotationRPM: 7200, Transport: "sata", Path: "0000:00:1f.2/ata1", Node: "sda",
		Controller: &record.Controller{Driver: "ahci"},
		Capabilities: []record.Capability{{Technique: record.SecurityErase, Command: "ATA SECURITY ERASE UNIT",
			Source: "IDENTIFY DEVICE word 128 = 0009h", Minutes: 120, Act: record.ATASecurityNormal,
			Blocked: "it is frozen: a power cycle, or suspending the machine, may thaw it"}},
		Hidden: []record.HiddenArea{{Kind: "HPA", Bytes: 8 * 512, State: "present"},
			{Kind: "AMAX", State: "none: not supported (word 119 bit 8)"},
			{Kind: "DCO", State: "none: not supported (word 83 bit 11)"}},
	}
	if d := cmp.Diff(want, a.Device); d != "" {
		t.Errorf("sda (-want +got):\n%s", d)
	}
	for _, c := range []struct {
		node      string
		id        record.Identity
		medium    record.Medium
		transport string
		virtual   bool
		volume    string
	}{
		{"sdb", record.Identity{Vendor: "ACME", Model: "SSD", Serial: "Z1", WWN: "5000000000000001"}, record.MediumFlash, "sas", false, ""},
		{"sdc", record.Identity{Vendor: "STICK", Model: "2.0", Serial: "U1"}, record.MediumCard, "usb", false, ""},
		{"nvme0n2", record.Identity{Model: "PM9", Serial: "S5", NSID: 2, EUI64: "0000000000000002"}, record.MediumFlash, "nvme", false, ""},
		{"vda", record.Identity{Model: "virtio-blk", Serial: "VBLK-3"}, record.MediumVirtual, "virtio", true, ""},
		{"mmcblk0", record.Identity{Model: "EMMC64", Serial: "0x1234"}, record.MediumCard, "mmc", false, ""},
		{"loop0", record.Identity{Model: "loop device", Backing: "loop:8:1:77:1048576"}, record.MediumVirtual, "loop", true, "copy-on-write"},
	} {
		d := ds[c.node]
		if d.Identity != c.id || d.Medium != c.medium || d.Transport != c.transport || d.Virtual != c.virtual || d.Volume != c.volume {
			t.Errorf("%s = %+v %s %s virtual %v %q; want %+v", c.node, d.Identity, d.Medium, d.Transport, d.Virtual, d.Volume, c)
		}
		if d.Virtual != (len(d.VirtualWhy) > 0) {
			t.Errorf("%s: virtual %v because %q", c.node, d.Virtual, d.VirtualWhy)
		}
	}
}

func TestDiscoverNVMe(t *testing.T) {
	tr, probes := server(t)
	n := discover(t, tr, probes)["nvme0n1"]
	if !cmp.Equal(n.Siblings, []string{"nvme0n2"}) || n.Controller == nil || n.Controller.ID != 6 || n.Controller.NQN != "nqn.x" {
		t.Errorf("siblings %v, controller %+v", n.Siblings, n.Controller)
	}
	var caps, areas []string
	for _, c := range n.Capabilities {
		caps = append(caps, c.Command)
	}
	for _, h := range n.Hidden {
		areas = append(areas, h.Kind+" "+h.State)
	}
	if want := []string{"NVMe Sanitize, block erase", "NVMe Sanitize, crypto erase",
		"NVMe Format NVM, SES 2 cryptographic erase", "NVMe Format NVM, SES 1 user data erase"}; !cmp.Equal(caps, want) {
		t.Errorf("capabilities %q; want %q", caps, want)
	}
	want := []string{"boot-partition not readable: the kernel does not show the controller's CAP.BPS", "RPMB present",
		"unallocated present: in no namespace", "unallocated present: namespaces not attached to this controller: 7",
		"spare not readable: flash keeps reserve and retired blocks outside its addresses"}
	if d := cmp.Diff(want, areas); d != "" {
		t.Errorf("hidden areas (-want +got):\n%s", d)
	}
}

// TestDiscoverNeverWaits is a safety test (law 6).
//
// mutant: discover.go: return answer{asked: true, err: fmt.Errorf("ask %s: no answer: %w", b.Name, ctx.Err())} => return answer{}
func TestDiscoverNeverWaits(t *testing.T) {
	tr, probes := server(t)
	hang := make(chan struct{})
	defer close(hang)
	probes["sda"].Hang = hang
	start := time.Now()
	ds, err := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(probes), inventory.WithTimeout(time.Second))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Discover took %v", took)
	}
	if err == nil || len(ds) != 8 {
		t.Errorf("Discover = %d drives, %v; want 8 and an error for sda", len(ds), err)
	}
	for _, d := range ds {
		if held := d.Eligible() != nil; held != (d.Node == "sda") {
			t.Errorf("%s: %v", d.Node, d.Eligible())
		}
	}
}

func TestDiscoverKeepsWhatCannotBeOpened(t *testing.T) {
	tr, probes := server(t)
	delete(probes, "sdb")
	ds, err := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(probes))
	if err == nil || !strings.Contains(err.Error(), "sdb") || len(ds) != 8 {
		t.Errorf("Discover = %d drives, %v; want 8 and an error that names sdb", len(ds), err)
	}
}

func TestDiscoverWithoutSys(t *testing.T) {
	if ds, err := inventory.Discover(ctx, inventory.WithRoot(t.TempDir())); err == nil || len(ds) != 0 {
		t.Errorf("Discover of nothing = %d drives, %v; want an error", len(ds), err)
	}
}

// TestDiscoverConfiguration is a safety test (law 5): blocks that a device
// configuration overlay hides are known, and a drive that keeps it to itself says
// so.
//
// mutant: hidden.go: size = max(size, record.Size((v.DCO+1)*sector)) =>
// mutant: hidden.go: area("DCO", v.DCOAsked, v.DCO, v.DCOErr, => area("DCO", v.DCOAsked, v.NativeMax, v.NativeMaxErr,
func TestDiscoverConfiguration(t *testing.T) {
	tr, probes := server(t)
	a := probes["sda"].SCSI.(*inventorytest.ATADrive)
	a.NativeMax, a.Words[83] = 0, 0x4c00
	for _, c := range []struct {
		last   uint64
		native record.Size
		want   record.HiddenArea
	}{
		{mib/512 + 99, mib + 100*512, record.HiddenArea{Kind: "DCO", Bytes: 100 * 512, State: "present"}},
		{mib/512 - 1, mib, record.HiddenArea{Kind: "DCO", State: "none"}},
		{0, mib, record.HiddenArea{Kind: "DCO", State: "not readable: DEVICE CONFIGURATION IDENTIFY: aborted by the drive, status 41h error 04h"}},
	} {
		a.Configured = c.last
		d := discover(t, tr, probes)["sda"]
		got := d.Hidden[2]
		got.State, _, _ = strings.Cut(got.State, " (")
		if diff := cmp.Diff(c.want, got); diff != "" || d.NativeSize != c.native {
			t.Errorf("last block %d: native size %d; hidden (-want +got):\n%s", c.last, d.NativeSize, diff)
		}
	}
}
