package sysfs

import (
	"path"
	"strconv"
	"strings"
)

// CPUs are the processors of the memory node that a drive's host adapter hangs on: who
// runs there need not reach across the machine for each of its bytes. Nothing where
// the machine has one such node, or nobody knows which is the adapter's.
//
// numa_node is an attribute of a PCI function, -1 where the firmware does not say
// (Documentation/ABI/testing/sysfs-bus-pci); node*/cpulist is a list such as 0-3,8-11.
func (r Root) CPUs(b Block) []int {
	const nodes = "sys/devices/system/node"
	with := 0
	for _, n := range r.Names(nodes) {
		if id, ok := strings.CutPrefix(n, "node"); ok && strings.Trim(id, "0123456789") == "" && r.Text(nodes, n, "cpulist") != "" {
			with++
		}
	}
	if with < 2 {
		return nil
	}
	id, ok := r.Number(r.adapterDir(b), "numa_node") // -1 is no such number
	if !ok {
		return nil
	}
	return cpuList(r.Text(nodes, "node"+strconv.FormatUint(id, 10), "cpulist"))
}

// adapterDir is the nearest directory above a drive that says on which node it is.
func (r Root) adapterDir(b Block) string {
	dir := b.Dir
	if cs := r.Controllers(b); nvmeName.MatchString(b.Name) && len(cs) > 0 {
		if d, err := r.Resolve("sys/class/nvme", cs[0]); err == nil { // its head may be virtual
			dir = d
		}
	}
	for ; dir != "/" && dir != "."; dir = path.Dir(dir) {
		if pciAddr.MatchString(path.Base(dir)) && r.Exists(dir, "numa_node") {
			return dir
		}
	}
	return dir
}

// maxCPU bounds what is believed of a list: Linux is built for 8192 processors at most.
const maxCPU = 8192

// cpuList reads a list of processors; nothing where it is not understood.
func cpuList(s string) (out []int) {
	for _, part := range strings.Split(s, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		a, err := strconv.Atoi(first)
		b := a
		if ranged && err == nil {
			b, err = strconv.Atoi(last)
		}
		if err != nil || a < 0 || b < a || b >= maxCPU {
			return nil
		}
		for ; a <= b; a++ {
			out = append(out, a)
		}
	}
	return out
}
