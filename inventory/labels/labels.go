// Package labels recognises, by magic numbers at known places, what a drive was
// used for: volume managers, RAID, encryption, cluster file systems. It reads
// only, a bounded amount, parses next to nothing, and mounts nothing. What it
// finds is told to people and adds holds; its silence never makes a drive
// eligible.
package labels

import (
	"io"
)

// Kind is what a label says.
type Kind string

// The kinds. Those of clusters may be in use by machines this one knows nothing
// of, see Shared.
const (
	ZFS       Kind = "ZFS member"
	LVM       Kind = "LVM physical volume"
	MD        Kind = "md RAID member"
	IMSM      Kind = "Intel RAID member"
	DDF       Kind = "DDF RAID member"
	LUKS      Kind = "LUKS volume"
	Bcache    Kind = "bcache device"
	Bcachefs  Kind = "bcachefs member"
	Btrfs     Kind = "btrfs member"
	Swap      Kind = "swap area"
	Windows   Kind = "Windows storage pool or dynamic disk"
	BlueStore Kind = "Ceph BlueStore device"
	VMFS      Kind = "VMware VMFS volume"
	VSAN      Kind = "VMware vSAN device"
	GPFS      Kind = "GPFS network shared disk"
	ASM       Kind = "Oracle ASM disk"
	DRBD      Kind = "DRBD device"
	OCFS2     Kind = "OCFS2 file system"
	GFS2      Kind = "GFS2 file system"
)

// Shared reports a kind that several machines may use at once.
func (k Kind) Shared() bool {
	switch k {
	case BlueStore, VMFS, VSAN, GPFS, ASM, DRBD, OCFS2, GFS2:
		return true
	}
	return false
}

// Label is one thing found. Name is what it calls itself, "" when it does not
// say or Lethe does not look: printable, at most 64 bytes, written by whoever
// wrote the drive.
type Label struct {
	Kind Kind
	Name string
}

// String is a label in words.
func (l Label) String() string {
	if l.Name == "" {
		return string(l.Kind)
	}
	return string(l.Kind) + ` "` + l.Name + `"`
}

// Read looks at a drive or partition of size bytes, each kind once. What cannot
// be read is taken for absent. It reads less than 1 MiB.
func Read(r io.ReaderAt, size int64) []Label {
	var out []Label
	seen := map[Kind]bool{}
	for _, m := range magics {
		if seen[m.kind] {
			continue
		}
		for _, off := range m.at(size) {
			b := part(r, off, m.len, size)
			if name, ok := m.is(b); ok && b != nil {
				seen[m.kind] = true
				out = append(out, Label{m.kind, clean(name)})
				break
			}
		}
	}
	if name, ok := zfs(r, size); ok {
		out = append(out, Label{ZFS, clean(name)})
	}
	return out
}

// part reads n bytes at off, nil when they are not all there.
func part(r io.ReaderAt, off int64, n int, size int64) []byte {
	if off < 0 || off > size-int64(n) {
		return nil
	}
	b := make([]byte, n)
	if m, _ := r.ReadAt(b, off); m < n {
		return nil
	}
	return b
}

// clean is a name up to its end or its first byte that is not printable ASCII.
func clean(name string) string {
	for i, c := range []byte(name) {
		if c < ' ' || c > '~' || c == '"' || i == 64 {
			return name[:i]
		}
	}
	return name
}
