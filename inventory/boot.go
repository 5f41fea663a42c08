package inventory

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"

	"lethe/inventory/parttable"
	"lethe/inventory/sysfs"
)

// loaderPartition is the EFI variable in which systemd's boot stub, which starts
// our kernel, leaves the identifier of the partition it was loaded from.
const loaderPartition = "sys/firmware/efi/efivars/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

// bootMedium is how the medium the machine was booted from can be recognised.
// The system on it may long have been copied to memory and nothing be mounted.
type bootMedium struct {
	uuids   map[string]string // PARTUUID to where it is named
	numbers map[number]string
}

// mediumWord is what our own media put on the command line: identifiers of the
// medium itself, separated by commas. Loaders other than systemd's stub leave no
// trace of where they came from.
const mediumWord = "lethe.medium="

// readBoot looks at lethe.medium= and root= on the kernel's command line and at the
// boot loader's EFI variable.
func readBoot(root sysfs.Root) bootMedium {
	m := bootMedium{map[string]string{}, map[number]string{}}
	for _, word := range strings.Fields(root.Text("proc/cmdline")) {
		if ids, ok := strings.CutPrefix(word, mediumWord); ok {
			for id := range strings.SplitSeq(strings.ToLower(ids), ",") {
				if id != "" {
					m.uuids[id] = "kernel command line, " + word
				}
			}
		}
		dev, ok := strings.CutPrefix(word, "root=")
		if !ok {
			continue
		}
		if id, ok := strings.CutPrefix(dev, "PARTUUID="); ok {
			id, _, _ = strings.Cut(strings.ToLower(id), "/")
			m.uuids[id] = "kernel command line, " + word
		} else if n, ok := resolve(root, dev); ok {
			m.numbers[n] = "kernel command line, " + word
		}
	}
	if b, err := os.ReadFile(root.Join(loaderPartition)); err == nil && len(b) > 4 {
		m.uuids[utf16Text(b[4:])] = "EFI variable LoaderDevicePartUUID"
	}
	return m
}

// utf16Text decodes an EFI string, after the four bytes of attributes.
func utf16Text(b []byte) string {
	var u []uint16
	for i := 0; i+1 < len(b); i += 2 {
		u = append(u, uint16(b[i])|uint16(b[i+1])<<8)
	}
	return strings.ToLower(strings.TrimRight(string(utf16.Decode(u)), "\x00"))
}

// holds reports whether a drive is the boot medium. Partition identifiers come
// from the kernel where it gives them, else from the drive's own table.
func (m bootMedium) holds(b sysfs.Block, table io.ReaderAt) []Hold {
	var out []Hold
	note := func(name, why string) {
		out = append(out, Hold{HoldBoot, fmt.Sprintf("this system was booted from %s (%s)", name, why)})
	}
	if why, ok := m.numbers[number{b.Major, b.Minor}]; ok {
		note(b.Name, why)
	}
	if table != nil && len(m.uuids) > 0 {
		for _, id := range parttable.DiskIDs(table, int(b.LogicalSector)) {
			if why, ok := m.uuids[id]; ok {
				note(b.Name, why)
			}
		}
	}
	known := false
	for _, p := range b.Partitions {
		if why, ok := m.numbers[number{p.Major, p.Minor}]; ok {
			note(p.Name, why)
		}
		known = known || p.UUID != ""
		if why, ok := m.uuids[p.UUID]; ok && p.UUID != "" {
			note(p.Name, why)
		}
	}
	if known || len(m.uuids) == 0 || table == nil || b.LogicalSector == 0 {
		return out
	}
	ids, _ := parttable.UUIDs(table, int(b.LogicalSector))
	for _, id := range ids {
		if why, ok := m.uuids[id]; ok {
			note(b.Name, why)
		}
	}
	return out
}
