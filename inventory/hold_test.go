package inventory_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// dm puts a device-mapper or md device in a tree, on top of base.
func dm(tr *inventorytest.Tree, base, name string, minor int, attr map[string]string) {
	tr.Add(inventorytest.Disk{Dir: "virtual/block/" + name, Major: 253, Minor: minor, Size: mib, Attr: attr, Parts: 1})
	tr.Hold(base, name)
}

// TestHolds is the safety test of every hold that can be seen in /sys and /proc.
//
// mutant: chain.go: c.climb(b.Name, b.Dir, number{b.Major, b.Minor}) =>
// mutant: chain.go: c := chain{usage: u, root: root, seen: map[string]bool{}} => c := chain{usage: u, root: root, seen: map[string]bool{}}; b.Partitions = nil
// mutant: chain.go: c.above(h) =>
// mutant: chain.go: if root.Exists(b.Dir, "bcache") { => if false {
// mutant: boot.go: for _, id := range parttable.DiskIDs(table, int(b.LogicalSector)) { => for _, id := range []string(nil) {
// mutant: chain.go: if strings.HasPrefix(c.root.Text("sys/block", h, "dm/uuid"), "mpath-") { => if false {
// mutant: chain.go: if x.boot { => if false {
// mutant: usage.go: } else if n, ok := resolve(root, unescape(g[1])); ok { => } else if n, ok := resolve(root, unescape(g[1])); ok && false {
// mutant: usage.go: if _, dev, ok := strings.Cut(opt, "=/dev/"); ok { => if _, dev, ok := strings.Cut(opt, "=/dev/"); ok && false {
// mutant: usage.go: append([]string{"self"}, root.Names("proc")...) => []string{"self"}
// mutant: usage.go: u.add(n, use{HoldSwap, "in use as swap", false}) => _ = n
// mutant: usage.go: u.readBtrfs(root) =>
// mutant: usage.go: u.readLoops(root) =>
// mutant: compose.go: if b.ReadOnly || a.id.ReadOnly { => if false {
// mutant: compose.go: if b.Remote != "" { => if false {
// mutant: compose.go: return b.Zoned == "host-managed" || => return
// mutant: compose.go: || (id.Inquiry != nil && id.Inquiry.DeviceType == typeZoned) =>
// mutant: compose.go: case !a.id.Identity.Known(): => case false:
// mutant: compose.go: if i != j && confusable(ds[i].Identity, ds[j].Identity) { => if false {
// mutant: compose.go: case !a.asked && b.Size == 0, a.asked && a.err == nil && id.Size == 0: => case false:
// mutant: compose.go: return []Hold{{HoldSize, fmt.Sprintf("the drive says %d bytes, the kernel %d", id.DriveSize, id.Size)}} => return nil
// mutant: boot.go: } else if n, ok := resolve(root, dev); ok { => } else if n, ok := resolve(root, dev); ok && false {
// mutant: boot.go: if why, ok := m.uuids[p.UUID]; ok && p.UUID != "" { => if why, ok := m.uuids[p.UUID]; ok && false {
// mutant: boot.go: for _, id := range ids { => for _, id := range ids[:0] {
func TestHolds(t *testing.T) {
	for _, c := range []struct {
		name, node string
		edit       func(*inventorytest.Tree, map[string]*inventorytest.Probe)
		want       []inventory.Hold
	}{
		{"nothing", "sda", func(*inventorytest.Tree, map[string]*inventorytest.Probe) {}, nil},
		{"mounted whole", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.Mount("8:0", "/mnt/a\\040b", "ext4", "/dev/sda", "rw")
		}, []inventory.Hold{{Kind: inventory.HoldMounted, Detail: "sda is mounted on /mnt/a b"}}},
		{"mounted partition", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.Mount("8:2", "/srv", "ext4", "/dev/sda2", "rw")
		}, []inventory.Hold{{Kind: inventory.HoldMounted, Detail: "sda2 is mounted on /srv"}}},
		{"root", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.Mount("8:1", "/boot/efi", "vfat", "/dev/sda1", "rw")
		}, []inventory.Hold{{Kind: inventory.HoldMounted, Detail: "sda1 is mounted on /boot/efi"},
			{Kind: inventory.HoldBoot, Detail: "this system runs from sda1, mounted on /boot/efi"}}},
		{"btrfs, anonymous number", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.Mount("0:44", "/data", "btrfs", "/dev/sda1", "rw,subvol=/")
		}, []inventory.Hold{{Kind: inventory.HoldMounted, Detail: "sda1 is mounted on /data"}}},
		{"btrfs, second member", "sdb", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.Dir("sys/fs/btrfs/1-2-3/devices/sda1")
			tr.Dir("sys/fs/btrfs/1-2-3/devices/sdb")
		}, []inventory.Hold{{Kind: inventory.HoldHeld, Detail: "sdb is member of the btrfs file system 1-2-3"}}},
		{"xfs log on another drive", "sdb", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.Mount("8:0", "/x", "xfs", "/dev/sda", "rw,logdev=/dev/sdb1,noquota")
		}, []inventory.Hold{{Kind: inventory.HoldMounted, Detail: "sdb1 is part of the file system mounted on /x"}}},
		{"another namespace", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("proc/4242/mountinfo", "9 1 8:1 / /inside rw - ext4 /dev/sda1 rw\n")
		}, []inventory.Hold{{Kind: inventory.HoldMounted, Detail: "sda1 is mounted on /inside"}}},
		{"swap", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
		}, []inventory.Hold{{Kind: inventory.HoldSwap, Detail: "sda2 is in use as swap"}}},
		{"LVM on a partition, mounted", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			dm(tr, "sda2", "dm-1", 1, map[string]string{"dm/name": "vg-root", "dm/uuid": "LVM-abc"})
			tr.Mount("253:1", "/", "ext4", "/dev/mapper/vg-root", "rw")
		}, []inventory.Hold{{Kind: inventory.HoldHeld, Detail: "sda2 is held by LVM volume vg-root"},
			{Kind: inventory.HoldMounted, Detail: "dm-1 is mounted on /"},
			{Kind: inventory.HoldBoot, Detail: "this system runs from dm-1, mounted on /"}}},
		{"md under LUKS under swap", "sdb", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			dm(tr, "sdb", "md5", 5, nil)
			dm(tr, "md5p1", "dm-9", 9, map[string]string{"dm/name": "secret", "dm/uuid": "CRYPT-LUKS2-x"})
			tr.File("proc/swaps", "Filename Type Size Used Priority\n/dev/dm-9 partition 1 0 -2\n")
		}, []inventory.Hold{{Kind: inventory.HoldHeld, Detail: "sdb is held by md array md5"},
			{Kind: inventory.HoldHeld, Detail: "md5p1 is held by encrypted volume secret"},
			{Kind: inventory.HoldSwap, Detail: "dm-9 is in use as swap"}}},
		{"one path of several", "sdb", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			dm(tr, "sdb", "dm-3", 3, map[string]string{"dm/name": "mpatha", "dm/uuid": "mpath-35000"})
		}, []inventory.Hold{{Kind: inventory.HoldMultipath, Detail: "sdb is held by multipath device mpatha"}}},
		{"bcache", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.Dir("sys/block/sda/bcache")
		}, []inventory.Hold{{Kind: inventory.HoldHeld, Detail: "sda belongs to bcache"}}},
		{"loop device over it", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/block/loop0/loop/backing_file", "/dev/sda1\n")
		}, []inventory.Hold{{Kind: inventory.HoldHeld, Detail: "sda1 is used by the loop device loop0"}}},
		{"read-only", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/block/sda/ro", "1\n")
		}, []inventory.Hold{{Kind: inventory.HoldReadOnly, Detail: "the kernel will not write to it"}}},
		{"host managed zones", "sdb", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/block/sdb/queue/zoned", "host-managed\n")
		}, []inventory.Hold{{Kind: inventory.HoldZoned, Detail: "its zones must be written in order, which is not supported yet"}}},
		{"zoned by device type", "sdb", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["sdb"].SCSI.(*inventorytest.SCSIDrive).DeviceType = 0x14
		}, []inventory.Hold{{Kind: inventory.HoldZoned, Detail: "its zones must be written in order, which is not supported yet"}}},
		{"remote", "nvme0n1", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/class/nvme/nvme0/transport", "tcp\n")
		}, []inventory.Hold{{Kind: inventory.HoldRemote, Detail: "it is attached by NVMe over fabrics (tcp)"}}},
		{"registered by other hosts", "sdb", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["sdb"].SCSI.(*inventorytest.SCSIDrive).Reserved = &inventorytest.Reserved{Keys: []uint64{1, 2}}
		}, []inventory.Hold{{Kind: inventory.HoldReserved, Detail: "2 registrations of other hosts"}}},
		{"reserved by another host", "sdb", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["sdb"].SCSI.(*inventorytest.SCSIDrive).Reserved = &inventorytest.Reserved{Keys: []uint64{0xabc}, Type: 5, Names: []uint64{0x5000c50011111111}}
		}, []inventory.Hold{
			{Kind: inventory.HoldReserved, Detail: "another host holds a persistent reservation, write exclusive, registrants only, key 0000000000000abc"},
			{Kind: inventory.HoldReserved, Detail: "1 registration of other hosts (naa.5000c50011111111)"}}},
		{"reserved the old way", "sdb", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["sdb"].SCSI.(*inventorytest.SCSIDrive).Conflict = true
		}, []inventory.Hold{{Kind: inventory.HoldReserved, Detail: "another host has reserved it (RESERVATION CONFLICT)"}}},
		{"a USB bridge is not asked", "sdc", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["sdc"].SCSI.(*inventorytest.SCSIDrive).Conflict = true
		}, nil},
		{"namespace reserved", "nvme0n2", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["nvme0n2"].NVMe.(*inventorytest.NVMeDrive).ONCS = 0x20
			p["nvme0n2"].NVMeIO = &inventorytest.NVMeHosts{Hosts: [][16]byte{{1}, {2}}, Type: 1}
		}, []inventory.Hold{{Kind: inventory.HoldReserved, Detail: "another host holds a reservation, write exclusive"},
			{Kind: inventory.HoldReserved, Detail: "2 registrations of other hosts (0100000000000000, 0200000000000000)"}}},
		{"namespace that cannot be reserved", "nvme0n2", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["nvme0n2"].NVMeIO = &inventorytest.NVMeHosts{Status: 6}
		}, nil},
		{"no answer about reservations", "nvme0n2", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["nvme0n2"].NVMe.(*inventorytest.NVMeDrive).ONCS = 0x20
			p["nvme0n2"].NVMeIO = &inventorytest.NVMeHosts{Status: 6}
		}, []inventory.Hold{{Kind: inventory.HoldUnreadable,
			Detail: "cannot tell whether another host has reserved it: RESERVATION REPORT: NVMe status 0/06h (internal error)"}}},
		{"no identity", "vda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/block/vda/serial", "")
		}, []inventory.Hold{{Kind: inventory.HoldIdentity, Detail: "it reports no serial number and no world-wide name"}}},
		{"duplicate", "sda", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			*p["sdb"].SCSI.(*inventorytest.SCSIDrive) = inventorytest.SCSIDrive{Product: "ACME DISK", Serial: "WD-1", Blocks: mib / 512, BlockLength: 512}
		}, []inventory.Hold{{Kind: inventory.HoldDuplicate, Detail: "sdb reports the same identity: two paths to one drive, or one serial number for two"}}},
		{"no capacity", "sdb", func(tr *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			tr.File("sys/block/sdb/size", "0\n")
		}, []inventory.Hold{{Kind: inventory.HoldSize, Detail: "the kernel can use none of it: no medium, or sectors such as 520 bytes"}}},
		{"kernel and drive disagree", "sdb", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["sdb"].SCSI.(*inventorytest.SCSIDrive).Blocks = 9999
		}, []inventory.Hold{{Kind: inventory.HoldSize, Detail: "the drive says 5119488 bytes, the kernel 1048576"}}},
		{"root= by number", "sdb", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("proc/cmdline", "quiet root=/dev/sdb2 ro\n")
		}, []inventory.Hold{{Kind: inventory.HoldBoot, Detail: "this system was booted from sdb2 (kernel command line, root=/dev/sdb2)"}}},
		{"boot loader's partition, by the kernel", "sdc", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/firmware/efi/efivars/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
				"\x06\x00\x00\x00A\x00B\x00-\x001\x00\x00\x00")
			tr.File("sys/block/sdc/sdc1/uevent", "PARTUUID=ab-1\n")
		}, []inventory.Hold{{Kind: inventory.HoldBoot, Detail: "this system was booted from sdc1 (EFI variable LoaderDevicePartUUID)"}}},
		{"boot loader's partition, by its own table", "sdc", func(tr *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			tr.File("proc/cmdline", "root=PARTUUID=DEADBEEF-01\n")
			head := make([]byte, 4096)
			copy(head[440:], []byte{0xef, 0xbe, 0xad, 0xde})
			head[450], head[510], head[511] = 0x0c, 0x55, 0xaa
			p["sdc"].Head = head
		}, []inventory.Hold{{Kind: inventory.HoldBoot, Detail: "this system was booted from sdc (kernel command line, root=PARTUUID=DEADBEEF-01)"}}},
		{"our own medium, by its MBR", "sdc", func(tr *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			tr.File("proc/cmdline", "quiet lethe.medium=0,deadbeef\n")
			tr.File("sys/block/sdc/sdc1/uevent", "PARTUUID=ab-1\n")
			p["sdc"].Head = signed()
		}, []inventory.Hold{{Kind: inventory.HoldBoot, Detail: "this system was booted from sdc (kernel command line, lethe.medium=0,deadbeef)"}}},
		{"our own medium, by its GPT", "sdc", func(tr *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			tr.File("proc/cmdline", "lethe.medium=04030201-0605-0807-090a-0b0c0d0e0f10\n")
			head := make([]byte, 4096)
			copy(head[512:], "EFI PART")
			for i := range 16 {
				head[512+56+i] = byte(i + 1)
			}
			p["sdc"].Head = head
		}, []inventory.Hold{{Kind: inventory.HoldBoot, Detail: "this system was booted from sdc (kernel command line, lethe.medium=04030201-0605-0807-090a-0b0c0d0e0f10)"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, probes := server(t)
			c.edit(tr, probes)
			d := discover(t, tr, probes)[c.node]
			if diff := cmp.Diff(c.want, d.Holds); diff != "" {
				t.Errorf("holds of %s (-want +got):\n%s", c.node, diff)
			}
			err := d.Eligible()
			var he *inventory.HoldError
			if errors.As(err, &he) != (len(c.want) > 0) || (err == nil) != (len(c.want) == 0) {
				t.Errorf("Eligible = %v", err)
			}
			for _, h := range c.want {
				if !strings.Contains(err.Error(), h.Detail) {
					t.Errorf("Eligible = %v; does not say %q", err, h.Detail)
				}
			}
		})
	}
}

// TestUnknownUseHoldsEverything is a safety test: without a mount table nothing
// may be taken for unused.
//
// mutant: chain.go: if u.err != nil { => if false {
func TestUnknownUseHoldsEverything(t *testing.T) {
	tr, probes := server(t)
	tr.Remove("proc/self/mountinfo")
	ds, err := inventory.Discover(ctx, inventory.WithRoot(tr.Root), opener(probes))
	if err == nil {
		t.Error("Discover without a mount table: no error")
	}
	for _, d := range ds {
		if d.Eligible() == nil {
			t.Errorf("%s is eligible though nobody knows what is mounted", d.Node)
		}
	}
}

// TestZeroDeviceIsHeld is a safety test: the zero value permits nothing.
//
// mutant: hold.go: if d.NodePath == "" || d.Size == 0 { => if false {
// mutant: hold.go: if !d.Identity.Known() && => if false &&
func TestZeroDeviceIsHeld(t *testing.T) {
	var d inventory.Device
	if d.Eligible() == nil {
		t.Error("the zero Device is eligible")
	}
	d.Identity.Serial = "X"
	if d.Eligible() == nil {
		t.Error("a Device without a device file is eligible")
	}
	d = inventory.Device{NodePath: "/dev/sdx"}
	d.Size = mib
	if d.Eligible() == nil {
		t.Error("a Device without an identity is eligible")
	}
}

func TestDuplicates(t *testing.T) {
	ids := []record.Identity{
		0: {Model: "A", Serial: "1"}, 1: {Model: "A", Serial: "2"}, 2: {Model: "A", Serial: "1"},
		3: {Model: "N", Serial: "9", NSID: 1}, 4: {Model: "N", Serial: "9", NSID: 2},
		5: {Model: "D", Serial: "7", WWN: "5001"}, 6: {Model: "D", Serial: "7", WWN: "5002"}, // two actuators
		7: {Model: "E", Serial: "8", WWN: "5003"}, 8: {Model: "F", Serial: "0", WWN: "5003"},
		9: {Backing: "loop:1:2:3:100"}, 10: {Backing: "loop:1:2:3:50@50"}, 11: {Backing: "loop:1:2:4:100"},
		12: {}, 13: {},
		14: {Backing: "loop:block:8:0:100"}, 15: {Backing: "loop:block:8:0:50"},
	}
	ds := make([]inventory.Device, len(ids))
	for i, id := range ids {
		ds[i].Identity = id
	}
	want := [][]int{{0, 2}, {7, 8}, {9, 10}, {14, 15}}
	if d := cmp.Diff(want, inventory.Duplicates(ds)); d != "" {
		t.Errorf("Duplicates (-want +got):\n%s", d)
	}
}

func TestVirtualWhy(t *testing.T) {
	for _, c := range []struct {
		name, node string
		edit       func(*inventorytest.Tree, map[string]*inventorytest.Probe)
		want       string
	}{
		{"model", "sda", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["sda"].SCSI.(*inventorytest.ATADrive).Model = "QEMU HARDDISK"
		}, `model "QEMU HARDDISK"`},
		{"subsystem vendor", "sda", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/bus/pci/devices/0000:00:1f.2/vendor", "0x8086\n")
			tr.File("sys/bus/pci/devices/0000:00:1f.2/subsystem_vendor", "0x1af4\n")
		}, "adapter 0000:00:1f.2 has PCI subsystem vendor 1af4h, Red Hat (virtio)"},
		{"host driver", "sdb", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/class/scsi_host/host1/proc_name", "tcm_loopback\n")
		}, "host adapter is tcm_loop"},
		{"NVMe vendor", "nvme0n1", func(_ *inventorytest.Tree, p map[string]*inventorytest.Probe) {
			p["nvme0n1"].NVMe.(*inventorytest.NVMeDrive).VID = 0x1b36
		}, "NVMe controller of PCI vendor 1b36h, Red Hat (QEMU)"},
		{"USB vendor", "sdc", func(tr *inventorytest.Tree, _ map[string]*inventorytest.Probe) {
			tr.File("sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/idVendor", "46f4\n")
		}, "USB vendor 46f4, QEMU"},
	} {
		tr, probes := server(t)
		c.edit(tr, probes)
		if d := discover(t, tr, probes)[c.node]; !d.Virtual || !cmp.Equal(d.VirtualWhy, []string{c.want}) {
			t.Errorf("%s: virtual %v, %q; want %q", c.name, d.Virtual, d.VirtualWhy, c.want)
		}
	}
}

func TestEvidenceIsKept(t *testing.T) {
	tr, probes := server(t)
	for _, e := range discover(t, tr, probes)["sda"].Evidence {
		if e.Name == "READ NATIVE MAX ADDRESS EXT" && strings.HasPrefix(hex.EncodeToString(e.Response), "7201001d") {
			return
		}
	}
	t.Error("no evidence of READ NATIVE MAX ADDRESS EXT with the sense bytes it came back in")
}

// signed is the head of a drive with an MBR of signature deadbeef.
func signed() []byte {
	head := make([]byte, 4096)
	copy(head[440:], []byte{0xef, 0xbe, 0xad, 0xde})
	head[510], head[511] = 0x55, 0xaa
	return head
}
