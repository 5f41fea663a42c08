package fat

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
)

// node is a folder with children, or a file with data.
type node struct {
	name     string
	children map[string]*node // nil: a file; by name in capitals, which are not told apart
	data     []byte
}

const (
	attrFolder = 0x10
	attrLabel  = 0x08
	attrLong   = 0x0f
	attrFile   = 0x20
	date1980   = 0x0021 // 1980-01-01; time 0 is midnight
	perLong    = 13     // UTF-16 units in an entry of a long name
	maxName    = 255
)

func tree(files []File) (*node, error) {
	root := &node{children: map[string]*node{}}
	for _, f := range files {
		if !fs.ValidPath(f.Path) || f.Path == "." || strings.ContainsAny(f.Path, `\:*?"<>|`) {
			return nil, fmt.Errorf("FAT file name %q", f.Path)
		}
		at := root
		parts := strings.Split(f.Path, "/")
		for i, p := range parts {
			if len(p) > maxName || strings.HasSuffix(p, ".") || strings.HasSuffix(p, " ") {
				return nil, fmt.Errorf("FAT file name %q", f.Path)
			}
			last, key := i == len(parts)-1, strings.ToUpper(p)
			n := at.children[key]
			switch {
			case n == nil && last:
				n = &node{name: p, data: f.Data}
			case n == nil:
				n = &node{name: p, children: map[string]*node{}}
			case last || n.children == nil:
				return nil, fmt.Errorf("FAT file %q is there twice", f.Path)
			}
			at.children[key] = n
			at = n
		}
	}
	return root, nil
}

// folder writes a folder and all below it. parent is its parent's first cluster.
func (v *volume) folder(n *node, parent int64, isRoot bool) error {
	names := slices.Sorted(maps.Keys(n.children))
	shorts := shortNames(names)
	size := int64(2) // "." and "..", or the label and what ends the root
	for i, name := range names {
		size += 1 + longEntries(n.children[name].name, shorts[i])
	}
	self := int64(0)
	at := v.data - v.root
	if !isRoot || v.bits == 32 {
		var err error
		if self, err = v.take((size + 1) * entrySize); err != nil {
			return err
		}
		at = v.sector(self)
	} else if size > rootEntries {
		return fmt.Errorf("%w: %d entries in the root", ErrSize, size)
	}
	var b []byte
	if isRoot {
		b = entry(pad11(v.Label), attrLabel, 0, 0)
	} else {
		b = append(entry(pad11("."), attrFolder, self, 0), entry(pad11(".."), attrFolder, parent, 0)...)
	}
	up := self
	if isRoot {
		up = 0 // ".." of what lies in the root says 0, on FAT32 too
	}
	for i, name := range names {
		e, err := v.child(n.children[name], shorts[i], up)
		if err != nil {
			return err
		}
		b = append(b, e...)
	}
	v.put(at, b)
	return nil
}

// child writes one file or folder and returns its entries in the parent.
func (v *volume) child(n *node, short string, parent int64) ([]byte, error) {
	long := longName(n.name, short)
	if n.children != nil {
		first := v.next
		if err := v.folder(n, parent, false); err != nil {
			return nil, err
		}
		return append(long, entry(short, attrFolder, first, 0)...), nil
	}
	if int64(len(n.data)) > math.MaxUint32 {
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrSize, n.name, len(n.data))
	}
	first, err := v.take(int64(len(n.data)))
	if err != nil {
		return nil, err
	}
	if first != 0 {
		v.put(v.sector(first), n.data)
	}
	return append(long, entry(short, attrFile, first, len(n.data))...), nil
}

func entry(short string, attr byte, cluster int64, size int) []byte {
	e := make([]byte, entrySize)
	copy(e, short)
	e[11] = attr
	for _, at := range []int{16, 18, 24} { // created, accessed, written
		binary.LittleEndian.PutUint16(e[at:], date1980)
	}
	binary.LittleEndian.PutUint16(e[20:], uint16(cluster>>16))
	binary.LittleEndian.PutUint16(e[26:], uint16(cluster))
	binary.LittleEndian.PutUint32(e[28:], uint32(size))
	return e
}

// longName returns the entries of a long name, none where the short one is it.
func longName(name, short string) []byte {
	count := longEntries(name, short)
	if count == 0 {
		return nil
	}
	u := utf16.Encode([]rune(name))
	if len(u)%perLong != 0 {
		u = append(u, 0)
	}
	for len(u)%perLong != 0 {
		u = append(u, 0xffff)
	}
	var sum byte
	for _, c := range []byte(short) {
		sum = sum>>1 | sum<<7
		sum += c
	}
	var out []byte
	for i := count; i > 0; i-- {
		e := make([]byte, entrySize)
		e[0], e[11], e[13] = byte(i), attrLong, sum
		if i == count {
			e[0] |= 0x40
		}
		for j, c := range u[(i-1)*perLong : i*perLong] {
			binary.LittleEndian.PutUint16(e[longAt[j]:], c)
		}
		out = append(out, e...)
	}
	return out
}

var longAt = [perLong]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}

func longEntries(name, short string) int64 {
	if s, ok := plain(name); ok && s == short {
		return 0
	}
	return int64((len(utf16.Encode([]rune(name))) + perLong - 1) / perLong)
}
