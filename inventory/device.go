package inventory

import (
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/devio"
)

// Device is one drive, for NVMe one namespace, as Discover found it.
type Device struct {
	record.Device
	NodePath   string           `json:"nodePath"` // device file, /dev/sda; never an identity
	Major      uint32           `json:"major"`
	Minor      uint32           `json:"minor"`
	Partitions []Partition      `json:"partitions,omitempty"`
	Holds      []Hold           `json:"holds,omitempty"`
	Contents   []string         `json:"contents,omitempty"`  // what it was used for, by its labels: no hold in itself
	Enclosure  string           `json:"enclosure,omitempty"` // slot and enclosure, where one says so
	Evidence   []devio.Evidence `json:"evidence,omitempty"`
}

// Partition is one part of a drive as the kernel sees it, sizes in bytes.
type Partition struct {
	Name  string      `json:"name"`
	Major uint32      `json:"major"`
	Minor uint32      `json:"minor"`
	Start record.Size `json:"start"`
	Size  record.Size `json:"size"`
}

// Duplicates returns the drives that cannot be told from one another, as groups
// of indices into ds: a drive is in the group of every one it may be. Two paths to
// one drive look so, and so does a bridge that gives every drive the same serial
// number.
func Duplicates(ds []Device) [][]int {
	group := make([]int, len(ds))
	for i := range ds {
		group[i] = i
		for j := range i {
			if group[i] != group[j] && confusable(ds[i].Identity, ds[j].Identity) {
				merge(group, group[i], group[j])
			}
		}
	}
	byFirst := map[int][]int{}
	for i, g := range group {
		byFirst[g] = append(byFirst[g], i)
	}
	var out [][]int
	for i := range ds {
		if g := byFirst[i]; len(g) > 1 {
			out = append(out, g)
		}
	}
	return out
}

func merge(group []int, a, b int) {
	for i := range group {
		if group[i] == max(a, b) {
			group[i] = min(a, b)
		}
	}
}

// confusable reports whether two identities may be one drive: a common
// world-wide name, or the same backing storage, or the same model and serial
// with nothing that tells them apart. Two loop devices over one file count even
// where their sizes or offsets differ: they may overlap.
func confusable(a, b record.Identity) bool {
	if !a.Known() || !b.Known() {
		return false
	}
	if same(a.NGUID, b.NGUID) || same(a.EUI64, b.EUI64) || same(a.WWN, b.WWN) {
		return a.NSID == b.NSID
	}
	if a.Backing != "" || b.Backing != "" {
		return storage(a.Backing) == storage(b.Backing)
	}
	if a.Serial == "" || a.Serial != b.Serial || a.Model != b.Model {
		return false
	}
	return a.NSID == b.NSID && !differ(a.WWN, b.WWN) && !differ(a.NGUID, b.NGUID) && !differ(a.EUI64, b.EUI64)
}

func same(a, b string) bool   { return a != "" && a == b }
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// storage is the backing of a file or loop device without the size and offset
// of its view: a loop device over a file is that file.
func storage(backing string) string {
	var major, minor, inode uint64
	if n, _ := fmt.Sscanf(backing, "file:%d:%d:%d:", &major, &minor, &inode); n == 3 {
		return fmt.Sprint(major, minor, inode)
	}
	if n, _ := fmt.Sscanf(backing, "loop:%d:%d:%d:", &major, &minor, &inode); n == 3 {
		return fmt.Sprint(major, minor, inode)
	}
	if n, _ := fmt.Sscanf(backing, "loop:block:%d:%d:", &major, &minor); n == 2 {
		return fmt.Sprint("block", major, minor)
	}
	return backing
}
