// Package fat writes FAT16 and FAT32 file systems (Microsoft, "FAT: General
// Overview of On-Disk Format", 1.03, 2000) for EFI partitions and delivery
// sticks. The same input gives the same bytes: the serial number is given, all
// times are 1980-01-01, and entries are sorted.
package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// SectorSize is the only sector size written, in bytes.
const SectorSize = 512

const (
	reserved16  = 1
	reserved32  = 32
	rootEntries = 512 // of FAT16, whose root has a place of its own
	entrySize   = 32
	minFAT16    = 4085  // clusters; below it is FAT12
	minFAT32    = 65525 // clusters; below it is FAT16
	fsInfoAt    = 1     // sectors
	backupAt    = 6
	endOfChain  = 0x0fffffff
)

// Options describes a file system.
type Options struct {
	Label   string // at most 11 characters, in capitals
	Serial  uint32
	Sectors int64 // whole size
	Cluster int   // sectors per cluster: a power of 2 up to 64; 0 means 1
	Hidden  int64 // sectors of the disk before the file system
}

// File is one file. Path is slash separated, from the root; its folders are made.
type File struct {
	Path string
	Data []byte
}

// ErrSize says that the file system or what goes into it has the wrong size.
var ErrSize = errors.New("FAT file system")

// layout is where things lie, in sectors from the start.
type layout struct {
	Options
	bits     int // 16 or 32
	reserved int64
	fatSize  int64 // of one of the two tables
	root     int64 // FAT16: sectors of the root folder
	data     int64
	clusters int64
}

func (o Options) layout() (layout, error) {
	l := layout{Options: o, bits: 32, reserved: reserved32}
	if l.Cluster == 0 {
		l.Cluster = 1
	}
	if c := l.Cluster; c < 0 || c > 64 || c&(c-1) != 0 {
		return l, fmt.Errorf("%w: clusters of %d sectors", ErrSize, c)
	}
	if !validLabel(o.Label) {
		return l, fmt.Errorf("FAT label %q: at most 11 capitals, digits or -", o.Label)
	}
	if l.fit(); l.clusters < minFAT32 {
		l.bits, l.reserved, l.root = 16, reserved16, rootEntries*entrySize/SectorSize
		if l.fit(); l.clusters < minFAT16 || l.clusters >= minFAT32 {
			return l, fmt.Errorf("%w: %d sectors give %d clusters, neither FAT16 nor FAT32", ErrSize, o.Sectors, l.clusters)
		}
	}
	if o.Sectors > 1<<31 || l.clusters >= 1<<27 {
		return l, fmt.Errorf("%w: %d sectors are too many", ErrSize, o.Sectors)
	}
	return l, nil
}

// fit finds the smallest table that has an entry for every cluster.
func (l *layout) fit() {
	perSector := int64(SectorSize * 8 / l.bits)
	for l.fatSize = 1; ; l.fatSize++ {
		l.data = l.reserved + 2*l.fatSize + l.root
		l.clusters = (l.Sectors - l.data) / int64(l.Cluster)
		if l.clusters+2 <= l.fatSize*perSector {
			return
		}
	}
}

// Format writes a file system with the files to w, which must read as zeros up
// to its size: only what is not zero is written.
func Format(w io.WriterAt, o Options, files ...File) error {
	l, err := o.layout()
	if err != nil {
		return err
	}
	root, err := tree(files)
	if err != nil {
		return err
	}
	v := &volume{layout: l, w: w, next: 2, table: make([]byte, l.fatSize*SectorSize)}
	v.set(0, 0x0ffffff8)
	v.set(1, endOfChain)
	if err := v.folder(root, 0, true); err != nil {
		return fmt.Errorf("write FAT file system: %w", err)
	}
	for i := range int64(2) {
		v.put(l.reserved+i*l.fatSize, v.table)
	}
	v.header()
	if v.err != nil {
		return fmt.Errorf("write FAT file system: %w", v.err)
	}
	return nil
}

// volume is a file system in the making.
type volume struct {
	layout
	w     io.WriterAt
	table []byte
	next  int64 // first free cluster
	err   error // the first that writing gave
}

func (v *volume) put(sector int64, b []byte) {
	if v.err == nil && len(b) > 0 {
		_, v.err = v.w.WriteAt(b, sector*SectorSize)
	}
}

func (v *volume) set(cluster, to int64) {
	if v.bits == 16 {
		binary.LittleEndian.PutUint16(v.table[2*cluster:], uint16(to))
		return
	}
	binary.LittleEndian.PutUint32(v.table[4*cluster:], uint32(to))
}

// take reserves a chain for n bytes and returns its first cluster, 0 for none.
func (v *volume) take(n int64) (int64, error) {
	size := int64(v.Cluster) * SectorSize
	count := (n + size - 1) / size
	if v.next+count > v.clusters+2 {
		return 0, fmt.Errorf("%w: the files do not fit", ErrSize)
	}
	if count == 0 {
		return 0, nil
	}
	first := v.next
	for range count - 1 {
		v.set(v.next, v.next+1)
		v.next++
	}
	v.set(v.next, endOfChain)
	v.next++
	return first, nil
}

func (v *volume) sector(cluster int64) int64 { return v.data + (cluster-2)*int64(v.Cluster) }

func validLabel(s string) bool {
	return s != "" && len(s) <= 11 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}
