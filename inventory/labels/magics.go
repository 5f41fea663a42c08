package labels

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// magic is how one kind is recognised: len bytes at one of the offsets.
type magic struct {
	kind Kind
	at   func(size int64) []int64
	len  int
	is   func(b []byte) (name string, ok bool)
}

// start is at fixed offsets from the start.
func start(off ...int64) func(int64) []int64 { return func(int64) []int64 { return off } }

// end is before the end: the size is rounded down to a multiple of align first.
func end(align, before int64) func(int64) []int64 {
	return func(size int64) []int64 { return []int64{size/align*align - before} }
}

// has is a text at an offset of what was read.
func has(off int, text string) func([]byte) (string, bool) {
	return func(b []byte) (string, bool) {
		return "", len(b) >= off && bytes.HasPrefix(b[off:], []byte(text))
	}
}

// field is a name of at most n bytes, ended by a zero byte.
func field(b []byte, off, n int) string {
	s, _, _ := strings.Cut(string(b[off:off+n]), "\x00")
	return s
}

const kib, mib = 1 << 10, 1 << 20

// bluestore begins every BlueStore block device; the OSD's UUID follows.
const bluestore = "bluestore block device\n"

// magics: where each comes from is beside it. Offsets are bytes.
var magics = []magic{
	// lvm2 lib/label/label.h: one of the first four sectors.
	{LVM, start(0, 512, 1024, 1536), 512, lvm},
	// Linux md_p.h: 1.1 at the start, 1.2 at 4 KiB, 1.0 and 0.90 near the end.
	{MD, start(0, 4*kib), 64, md1},
	{MD, end(4*kib, 8*kib), 64, md1},
	{MD, end(64*kib, 64*kib), 64, md0},
	// mdadm super-intel.c, super-ddf.c: two sectors, one sector before the end.
	{IMSM, end(512, 1024), 32, has(0, "Intel Raid ISM Cfg Sig. ")},
	{DDF, end(512, 512), 4, has(0, "\xde\x11\xde\x11")},
	// LUKS1 and LUKS2 specifications; the second header has another magic.
	{LUKS, start(0), 592, luks},
	{LUKS, start(16*kib, 32*kib, 64*kib, 128*kib, 256*kib, 512*kib, mib, 2*mib, 4*mib), 64, has(0, "SKUL\xba\xbe")},
	// Linux bcache_ondisk.h, bcachefs_format.h.
	{Bcache, start(4 * kib), 64, has(24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81")},
	{Bcachefs, start(4 * kib), 64, has(24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef")},
	// btrfs on-disk format: superblock and its first copy.
	{Btrfs, start(64*kib, 64*mib), 128, has(64, "_BHRfS_M")},
	// Linux swap.h: ten bytes before the end of the first page.
	{Swap, start(4*kib-10, 8*kib-10, 16*kib-10, 64*kib-10), 10, swap},
	{BlueStore, start(0), 60, ceph},
	// libblkid superblocks/vmfs.c: volume member at 1 MiB, file system at 2 MiB.
	{VMFS, start(mib), 4, has(0, "\x0d\xd0\x01\xc0")},
	{VMFS, start(2 * mib), 4, has(0, "\x5e\xf1\xab\x2f")},
	// The NSD descriptor is at sector 2; its comment ends in these words.
	{GPFS, start(0), 16 * kib, gpfs},
	// ASM disk header: provision string at 32, disk name at 72.
	{ASM, start(0), 512, asm},
	// DRBD drbd_int.h: magic of 0.8, 8.4 (clean and not) and 9 at 60 of the
	// superblock in the last 4 KiB.
	{DRBD, end(4*kib, 4*kib), 64, drbd},
	// OCFS2: signature at block 2. GFS2: superblock at 64 KiB.
	{OCFS2, start(kib, 2*kib, 4*kib, 8*kib), 8, has(0, "OCFSV2")},
	{GFS2, start(64 * kib), 8, has(0, "\x01\x16\x19\x70\x00\x00\x00\x01")},
}

func lvm(b []byte) (string, bool) {
	return "", len(b) >= 32 && string(b[:8]) == "LABELONE" && string(b[24:32]) == "LVM2 001"
}

func md1(b []byte) (string, bool) {
	if len(b) < 64 || binary.LittleEndian.Uint32(b) != 0xa92b4efc || binary.LittleEndian.Uint32(b[4:]) != 1 {
		return "", false
	}
	return field(b, 32, 32), true
}

// md0 is version 0.90, in the byte order of the machine that made it.
func md0(b []byte) (string, bool) {
	if len(b) < 12 {
		return "", false
	}
	for _, o := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if o.Uint32(b) == 0xa92b4efc && o.Uint32(b[4:]) == 0 && o.Uint32(b[8:]) == 90 {
			return "", true
		}
	}
	return "", false
}

func luks(b []byte) (string, bool) {
	if len(b) < 80 || string(b[:6]) != "LUKS\xba\xbe" {
		return "", false
	}
	if binary.BigEndian.Uint16(b[6:]) == 2 {
		return field(b, 24, 48), true
	}
	return "", true
}

func swap(b []byte) (string, bool) {
	return "", string(b) == "SWAPSPACE2" || string(b) == "SWAP-SPACE"
}

func ceph(b []byte) (string, bool) {
	if !bytes.HasPrefix(b, []byte(bluestore)) {
		return "", false
	}
	return field(b, len(bluestore), 36), true
}

func gpfs(b []byte) (string, bool) {
	return "", bytes.Contains(b, []byte("NSD descriptor for ")) && bytes.Contains(b, []byte("created by GPFS"))
}

func asm(b []byte) (string, bool) {
	if len(b) < 104 || string(b[32:40]) != "ORCLDISK" {
		return "", false
	}
	return field(b, 72, 32), true
}

func drbd(b []byte) (string, bool) {
	if len(b) < 64 {
		return "", false
	}
	m := binary.BigEndian.Uint32(b[60:])
	return "", m >= 0x8374026a && m <= 0x8374026d
}
