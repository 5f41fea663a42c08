package sysfs

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Block is one entry of /sys/block. Fields name the attribute they come from.
type Block struct {
	Name           string // kernel name
	Dir            string // real directory, /sys/devices/...
	Major, Minor   uint32 // dev
	Size           uint64 // size, in bytes
	LogicalSector  int64  // queue/logical_block_size
	PhysicalSector int64  // queue/physical_block_size
	Rotational     bool   // queue/rotational; 1 also where nobody knows
	ReadOnly       bool   // ro
	Removable      bool   // removable
	Hidden         bool   // hidden: a path of a multipath NVMe namespace; nothing else is filled in then
	Zoned          string // queue/zoned: none, host-aware, host-managed
	DiskSeq        uint64 // diskseq: never used twice while the machine runs
	Transport      string // see transport
	Remote         string // "" or the words for a transport that leaves the machine
	RemoteAt       string // of an NVMe namespace over one fabric: transport and address of its controllers, as the kernel spells them
	Path           string // adapter path: PCI address and port
	Partitions     []Partition
}

// Partition is a subdivision the kernel made of a disk.
type Partition struct {
	Name         string
	Major, Minor uint32
	Start, Size  uint64 // bytes
	UUID         string // PARTUUID of uevent, "" on kernels that do not say
}

// Node is the device file devtmpfs makes for a kernel name: "!" stands for "/".
func Node(name string) string { return "/dev/" + strings.ReplaceAll(name, "!", "/") }

// ErrPartition says that a device number is a partition, not a whole disk.
var ErrPartition = errors.New("is a partition, not a whole drive")

// PartitionError is ErrPartition with the names of the two, as device files.
type PartitionError struct{ Partition, Drive string }

func (e *PartitionError) Error() string {
	return fmt.Sprintf("%s is a partition of %s, not a whole drive", e.Partition, e.Drive)
}

// Unwrap returns ErrPartition.
func (e *PartitionError) Unwrap() error { return ErrPartition }

// Disks lists the kernel names of /sys/block.
func (r Root) Disks() []string { return r.Names("sys/block") }

// Block reads one entry of /sys/block.
func (r Root) Block(name string) (Block, error) {
	dir, err := r.Resolve("sys/block", name)
	if err != nil {
		return Block{}, fmt.Errorf("read /sys/block/%s: %w", name, err)
	}
	return r.block(dir)
}

// ByNumber reads the whole disk that has a device number.
func (r Root) ByNumber(major, minor uint32) (Block, error) {
	id := fmt.Sprintf("%d:%d", major, minor)
	dir, err := r.Resolve("sys/dev/block", id)
	if err != nil {
		return Block{}, fmt.Errorf("look up device %s: %w", id, err)
	}
	if r.Exists(dir, "partition") {
		return Block{}, &PartitionError{Node(path.Base(dir)), Node(path.Base(path.Dir(dir)))}
	}
	return r.block(dir)
}

// sectorUnit is the unit of size and start in sysfs, whatever the drive's own.
const sectorUnit = 512

func (r Root) block(dir string) (Block, error) {
	b := Block{Name: path.Base(dir), Dir: dir, Hidden: r.Flag(dir, "hidden")}
	if b.Hidden {
		return b, nil // it has no device number
	}
	var err error
	if b.Major, b.Minor, err = r.number(dir); err != nil {
		return b, err
	}
	n, _ := r.Number(dir, "size")
	b.Size = n * sectorUnit
	l, _ := r.Number(dir, "queue/logical_block_size")
	p, _ := r.Number(dir, "queue/physical_block_size")
	b.LogicalSector, b.PhysicalSector = int64(l), int64(p)
	b.Rotational = r.Flag(dir, "queue/rotational")
	b.ReadOnly = r.Flag(dir, "ro")
	b.Removable = r.Flag(dir, "removable")
	b.Zoned = r.Text(dir, "queue/zoned")
	b.DiskSeq, _ = r.Number(dir, "diskseq")
	b.Transport, b.Remote = r.transport(b.Name, dir)
	if b.Transport == NVMe && b.Remote != "" {
		b.RemoteAt = r.address(dir)
	}
	b.Path = r.adapterPath(b.Name, dir)
	b.Partitions = r.partitions(b.Name, dir)
	return b, nil
}

func (r Root) number(dir string) (major, minor uint32, err error) {
	s := r.Text(dir, "dev")
	if _, err := fmt.Sscanf(s, "%d:%d", &major, &minor); err != nil {
		return 0, 0, fmt.Errorf("read %s/dev %q: %w", dir, s, err)
	}
	return major, minor, nil
}

func (r Root) partitions(name, dir string) []Partition {
	var out []Partition
	for _, p := range r.Names(dir) {
		if !strings.HasPrefix(p, name) || !r.Exists(dir, p, "partition") {
			continue
		}
		major, minor, err := r.number(path.Join(dir, p))
		if err != nil {
			continue
		}
		start, _ := r.Number(dir, p, "start")
		size, _ := r.Number(dir, p, "size")
		out = append(out, Partition{
			Name: p, Major: major, Minor: minor,
			Start: start * sectorUnit, Size: size * sectorUnit,
			UUID: strings.ToLower(r.property(path.Join(dir, p), "PARTUUID")),
		})
	}
	return out
}

// property is one line of a uevent file.
func (r Root) property(dir, key string) string {
	for _, line := range strings.Split(r.Text(dir, "uevent"), "\n") {
		if v, ok := strings.CutPrefix(line, key+"="); ok {
			return v
		}
	}
	return ""
}

// Attr is an attribute of the disk itself, "" when absent.
func (r Root) Attr(b Block, elem ...string) string {
	return r.Text(append([]string{b.Dir}, elem...)...)
}

// Lanes are where the parts of a drive begin, but the first, that it reaches
// independently of each other, in bytes and in ascending order: those of a drive with
// two actuators. Nothing where it has one, or the parts do not make up the drive.
//
// The kernel reads them from the concurrent positioning ranges of ATA log 47h or SCSI
// page B9h, and exports them since 5.16 (block/blk-ia-ranges.c): queue/
// independent_access_ranges/N/{sector,nr_sectors}, in units of 512 bytes.
func (r Root) Lanes(b Block) []int64 {
	const dir = "queue/independent_access_ranges"
	next, begins := uint64(0), []int64(nil)
	for n := range r.Names(b.Dir, dir) {
		first, ok := r.Number(b.Dir, dir, strconv.Itoa(n), "sector")
		count, also := r.Number(b.Dir, dir, strconv.Itoa(n), "nr_sectors")
		if !ok || !also || first != next || count == 0 || count > b.Size/sectorUnit-next ||
			b.LogicalSector <= 0 || first*sectorUnit%uint64(b.LogicalSector) != 0 {
			return nil
		}
		if next > 0 {
			begins = append(begins, int64(first*sectorUnit))
		}
		next = first + count
	}
	if next*sectorUnit != b.Size {
		return nil
	}
	return begins
}

// NSID is the NVMe namespace identifier, 0 when the kernel gives none.
func (r Root) NSID(b Block) uint32 {
	n, err := strconv.ParseUint(r.Attr(b, "nsid"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}
