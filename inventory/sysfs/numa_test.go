package sysfs_test

import (
	"slices"
	"testing"

	"lethe/inventory/inventorytest"
	"lethe/inventory/sysfs"
)

// The processors are those of the adapter's own node, on a machine that has more than
// one, and none where that is not known.
//
// mutant: numa.go: if with < 2 { => if with < 1 {
// mutant: numa.go: dir = path.Dir(dir) => dir = "/"
func TestCPUs(t *testing.T) {
	const nvme = "pci0000:80/0000:80:01.0/0000:81:00.0/nvme/nvme0/nvme0n1"
	for _, c := range []struct {
		name, dir, adapter, node string
		nodes                    []string
		want                     []int
	}{
		{"two nodes", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "1", []string{"0-3,8-11", "4-7,12,14"}, []int{4, 5, 6, 7, 12, 14}},
		{"the other", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "0", []string{"0-1", "2-3"}, []int{0, 1}},
		{"NVMe", nvme, "pci0000:80/0000:80:01.0/0000:81:00.0", "1", []string{"0", "1"}, []int{1}},
		{"one node", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "0", []string{"0-3"}, nil},
		{"memory alone on the second", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "0", []string{"0-3", ""}, nil},
		{"not said", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "-1", []string{"0-1", "2-3"}, nil},
		{"no such node", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "7", []string{"0-1", "2-3"}, nil},
		{"no adapter", "virtual/block/loop0", "pci0000:00/0000:00:02.0/0000:03:00.0", "1", []string{"0-1", "2-3"}, nil},
		{"not understood", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "1", []string{"0-1", "3-2"}, nil},
		{"too many", sas, "pci0000:00/0000:00:02.0/0000:03:00.0", "1", []string{"0-1", "0-99999999"}, nil},
	} {
		tr := inventorytest.NewTree(t)
		tr.Add(inventorytest.Disk{Dir: c.dir, Major: 8, Size: 1 << 20})
		tr.File("sys/devices/"+c.adapter+"/numa_node", c.node+"\n")
		tr.File("sys/devices/system/node/online", "0-1\n")
		for i, list := range c.nodes {
			tr.File("sys/devices/system/node/node"+string(rune('0'+i))+"/cpulist", list+"\n")
		}
		r := sysfs.Root(tr.Root)
		b, err := r.Block(r.Disks()[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := r.CPUs(b); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d; want %d", c.name, got, c.want)
		}
	}
}
