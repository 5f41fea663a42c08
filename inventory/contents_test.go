package inventory_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// bluestore is what a Ceph OSD's device begins with.
const bluestore = "bluestore block device\n0aa6d3c5-1111-4222-8333-444455556666\n"

// zpool is the first label of a ZFS vdev.
func zpool(name string) []byte {
	b := make([]byte, 256<<10)
	copy(b[128<<10:], "\x0c\xb1\xba\x00")
	copy(b[16<<10:], "\x00\x00\x00\x04name\x00\x00\x00\x09\x00\x00\x00\x01\x00\x00\x00"+string(rune(len(name)))+name)
	return b
}

// drbd is a drive of the tree's size with DRBD metadata at its end.
func drbd() []byte {
	b := make([]byte, mib)
	copy(b[mib-4096+60:], "\x83\x74\x02\x6b")
	return b
}

// TestContents is a safety test: a label alone is only told, and holds as soon
// as there is evidence of use.
//
// mutant: contents.go: case m.Kind == labels.ZFS && imported(root, m.Name): => case false:
// mutant: contents.go: case m.Kind == labels.DRBD && active(root, "drbd"): => case false:
// mutant: contents.go: case m.Kind.Shared() && way != "": => case false:
// mutant: contents.go: if shared { => if false {
func TestContents(t *testing.T) {
	const osd = `Ceph BlueStore device "0aa6d3c5-1111-4222-8333-444455556666" on `
	type probes = map[string]*inventorytest.Probe
	for _, c := range []struct {
		name, node string
		edit       func(*inventorytest.Tree, probes)
		contents   []string
		want       []inventory.Hold
	}{
		{"stale LVM", "sda", func(_ *inventorytest.Tree, p probes) {
			p["sda"].Head = append(make([]byte, 512), "LABELONE\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00LVM2 001"+strings.Repeat("\x00", 4096)...)
		}, []string{"LVM physical volume on sda"}, nil},
		{"on a partition", "sda", func(_ *inventorytest.Tree, p probes) {
			share := mib / 512 / 3 * 512
			p["sda"].Head = append(make([]byte, 2*share), bluestore...)
		}, []string{osd + "sda2"}, nil},
		{"by partition table", "sda", func(_ *inventorytest.Tree, p probes) {
			p["sda"].Head = make([]byte, 4096)
			p["sda"].Head[446+4], p["sda"].Head[510], p["sda"].Head[511] = 0xfb, 0x55, 0xaa
		}, []string{"VMware VMFS volume on sda, by its partition table"}, nil},
		{"stale pool", "sda", func(tr *inventorytest.Tree, p probes) {
			p["sda"].Head = zpool("tank")
			tr.File("proc/spl/kstat/zfs/rpool/state", "ONLINE\n")
			tr.File("proc/spl/kstat/zfs/arcstats", "1\n")
		}, []string{`ZFS member "tank" on sda`}, nil},
		{"imported pool", "sda", func(tr *inventorytest.Tree, p probes) {
			p["sda"].Head = zpool("tank")
			tr.File("proc/spl/kstat/zfs/tank/state", "ONLINE\n")
		}, []string{`ZFS member "tank" on sda`},
			[]inventory.Hold{{Kind: inventory.HoldHeld, Detail: `ZFS member "tank" on sda, and this system has imported that pool`}}},
		{"DRBD of a retired cluster", "sda", func(_ *inventorytest.Tree, p probes) { p["sda"].Head = drbd() },
			[]string{"DRBD device on sda"}, nil},
		{"DRBD in use", "sda", func(tr *inventorytest.Tree, p probes) {
			p["sda"].Head = drbd()
			tr.Add(inventorytest.Disk{Dir: "virtual/block/drbd0", Major: 147, Minor: 0, Size: mib})
		}, []string{"DRBD device on sda"},
			[]inventory.Hold{{Kind: inventory.HoldHeld, Detail: "DRBD device on sda, and this system runs DRBD"}}},
		{"retired OSD", "sdb", func(_ *inventorytest.Tree, p probes) { p["sdb"].Head = []byte(bluestore) },
			[]string{osd + "sdb"}, nil},
		{"OSD that a daemon has open", "sdb", func(tr *inventorytest.Tree, p probes) {
			p["sdb"].Head = append([]byte(bluestore), make([]byte, 4096)...)
			tr.File("proc/77/comm", "ceph-osd\n")
			tr.File("proc/77/fdinfo/9", "pos:\t0\nflags:\t0100000\n")
			tr.Dir("proc/77/fd")
			if err := os.Symlink("/dev/sdb", filepath.Join(tr.Root, "proc/77/fd/9")); err != nil {
				t.Fatal(err)
			}
		}, []string{osd + "sdb"}, []inventory.Hold{
			{Kind: inventory.HoldHeld, Detail: "it carries a cluster's data, and process 77 (ceph-osd) has sdb open"}}},
		{"cluster's label over a network", "nvme0n1", func(tr *inventorytest.Tree, p probes) {
			p["nvme0n1"].Head = append([]byte(bluestore), make([]byte, 4096)...)
			tr.File("sys/class/nvme/nvme0/transport", "tcp\n")
		}, []string{osd + "nvme0n1"}, []inventory.Hold{
			{Kind: inventory.HoldRemote, Detail: "it is attached by NVMe over fabrics (tcp)"},
			{Kind: inventory.HoldShared, Detail: osd + "nvme0n1, which other machines may use, and it is attached by NVMe over fabrics (tcp)"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, p := server(t)
			c.edit(tr, p)
			d := discover(t, tr, p)[c.node]
			if diff := cmp.Diff(c.contents, d.Contents); diff != "" {
				t.Errorf("contents of %s (-want +got):\n%s", c.node, diff)
			}
			if diff := cmp.Diff(c.want, d.Holds); diff != "" {
				t.Errorf("holds of %s (-want +got):\n%s", c.node, diff)
			}
		})
	}
}

// TestSharedBySeveralControllers is a drive with two ports, both in use.
//
// mutant: contents.go: way == "" && n > 1 { => false && n > 1 {
func TestSharedBySeveralControllers(t *testing.T) {
	tr := inventorytest.NewTree(t)
	for _, c := range []string{"nvme0", "nvme1"} {
		tr.File("sys/devices/pci0000:00/0000:03:00.0/nvme/"+c+"/transport", "pcie\n")
		tr.Link("sys/class/nvme/"+c, "sys/devices/pci0000:00/0000:03:00.0/nvme/"+c)
		tr.Link("sys/devices/virtual/nvme-subsystem/nvme-subsys0/"+c, "sys/devices/pci0000:00/0000:03:00.0/nvme/"+c)
	}
	tr.Add(inventorytest.Disk{Dir: "virtual/nvme-subsystem/nvme-subsys0/nvme0n1", Major: 259, Size: mib, Attr: map[string]string{"nsid": "1"}})
	nv := &inventorytest.NVMeDrive{Serial: "S5", Model: "PM9", Namespaces: map[uint32]inventorytest.NVMeNamespace{1: {Blocks: mib / 512, Shift: 9}}}
	d := discover(t, tr, map[string]*inventorytest.Probe{"nvme0n1": {Root: tr.Root, Name: "nvme0n1", NVMe: nv, NSID: 1,
		Head: append([]byte(bluestore), make([]byte, 64)...)}})["nvme0n1"]
	if len(d.Holds) != 1 || d.Holds[0].Kind != inventory.HoldShared || !strings.HasSuffix(d.Holds[0].Detail, "attached by 2 controllers") {
		t.Errorf("holds = %+v; want one of kind shared, by 2 controllers", d.Holds)
	}
}

// slow answers who it is at once and never lets itself be read.
type slow struct {
	*inventorytest.Probe
	stuck chan struct{}
}

func (s slow) ReadAt([]byte, int64) (int, error) { <-s.stuck; return 0, nil }

// TestSlowLabelsHoldNothing holds that a drive with a bad start, which takes
// minutes to read, is listed with all it said and stays eligible.
func TestSlowLabelsHoldNothing(t *testing.T) {
	tr, probes := server(t)
	s := slow{probes["sdb"], make(chan struct{})}
	defer close(s.stuck)
	open := inventory.WithOpener(func(path string) (inventory.Prober, error) {
		if strings.HasSuffix(path, "/sdb") {
			return s, nil
		}
		return probes[path[strings.LastIndex(path, "/")+1:]], nil
	})
	ds, err := inventory.Discover(ctx, inventory.WithRoot(tr.Root), open, inventory.WithTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		if d.Node == "sdb" && (d.Eligible() != nil || d.Identity.Serial != "Z1" || !strings.Contains(fmt.Sprint(d.Contents), "did not answer")) {
			t.Errorf("sdb: %v, serial %s, contents %q", d.Eligible(), d.Identity.Serial, d.Contents)
		}
	}
}

// TestEnclosure lists a drive that sits in a shelf: told, and no hold.
func TestEnclosure(t *testing.T) {
	tr, probes := server(t)
	shelf := "sys/devices/pci0000:00/0000:03:00.0/host1/port-1:0/expander-1:0/target1:0:12/1:0:12:0"
	tr.File(shelf+"/vendor", "ACME    \n")
	tr.File(shelf+"/model", "JBOD24          \n")
	tr.Dir(shelf + "/enclosure/1:0:12:0/Slot 03")
	tr.Link(shelf+"/enclosure/1:0:12:0/device", shelf)
	tr.Link("sys/devices/pci0000:00/0000:03:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/enclosure_device:Slot 03",
		shelf+"/enclosure/1:0:12:0/Slot 03")
	d := discover(t, tr, probes)["sdb"]
	if d.Enclosure != "Slot 03 of enclosure 1:0:12:0 ACME JBOD24" || d.Eligible() != nil {
		t.Errorf("enclosure %q, %v", d.Enclosure, d.Eligible())
	}
}

// TestRealContents reads the label of a swap area that nothing swaps to.
func TestRealContents(t *testing.T) {
	dev := inventorytest.Loop(t, "", 16*mib)
	inventorytest.Run(t, "mkswap", dev)
	d := find(t, dev)
	if err := d.Eligible(); err != nil || len(d.Contents) != 1 || !strings.HasPrefix(d.Contents[0], "swap area on loop") {
		t.Errorf("contents %q, %v", d.Contents, err)
	}
}

// TestRealClusterDaemon has another process that holds a cluster's drive open as
// a daemon may, without a claim.
func TestRealClusterDaemon(t *testing.T) {
	dev := inventorytest.Loop(t, "", mib)
	f, err := os.OpenFile(dev, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(bluestore); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if d := find(t, dev); d.Eligible() != nil || len(d.Contents) != 1 {
		t.Errorf("a retired OSD: contents %q, %v", d.Contents, d.Eligible())
	}
	daemon := exec.Command("sleep", "600")
	daemon.Stdin = f
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	d := find(t, dev)
	if err := daemon.Process.Kill(); err != nil {
		t.Error(err)
	}
	daemon.Wait()
	if err := d.Eligible(); err == nil || !strings.Contains(err.Error(), "(sleep) has "+filepath.Base(dev)+" open") {
		t.Errorf("an OSD that a daemon has open: %v; want a hold that names it", err)
	}
}
