package pecoff

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// pageSize is the alignment in memory of what is appended: firmware protects
// memory by pages.
const pageSize = 4096

// readOnlyData marks a section as initialised data that is only read.
const readOnlyData = 0x40000040

// New is a section to append; its name has at most 8 bytes.
type New struct {
	Name string
	Data []byte
}

// Append returns an unsigned image with the sections after those it has, in
// memory and in the file, in that order. The room for their entries must be in
// the headers already, since moving what follows would break the code's
// addresses.
func (m *Image) Append(secs ...New) ([]byte, error) {
	if m.certSize != 0 {
		return nil, fmt.Errorf("append sections: the image is signed")
	}
	all := len(m.Sections) + len(secs)
	if end := m.table + all*sectionSize; all > maxSections || end > int(m.sizeOfHeaders) {
		return nil, fmt.Errorf("append sections: the headers have no room for %d", all)
	}
	vma := int64(m.sizeOfHeaders)
	for _, s := range m.Sections {
		vma = max(vma, int64(s.VMA)+int64(max(s.VirtualSize, s.RawSize)))
	}
	out := pad(slices.Clone(m.raw), int64(m.FileAlign))
	var added int64
	for i, s := range secs {
		if s.Name == "" || len(s.Name) > 8 || len(s.Data) == 0 {
			return nil, fmt.Errorf("append section %q of %d bytes", s.Name, len(s.Data))
		}
		vma = align(vma, max(pageSize, int64(m.SectionAlign)))
		raw := align(int64(len(s.Data)), int64(m.FileAlign))
		if vma+raw > math.MaxInt32 || int64(len(out))+raw > math.MaxInt32 {
			return nil, fmt.Errorf("append section %q: the image passes 2 GiB", s.Name)
		}
		h := out[m.table+(len(m.Sections)+i)*sectionSize:][:sectionSize]
		clear(h)
		copy(h, s.Name)
		binary.LittleEndian.PutUint32(h[8:], uint32(len(s.Data)))
		binary.LittleEndian.PutUint32(h[12:], uint32(vma))
		binary.LittleEndian.PutUint32(h[16:], uint32(raw))
		binary.LittleEndian.PutUint32(h[20:], uint32(len(out)))
		binary.LittleEndian.PutUint32(h[36:], readOnlyData)
		out = pad(append(out, s.Data...), int64(m.FileAlign))
		vma += int64(len(s.Data))
		added += raw
	}
	put := func(off int, n int64) { binary.LittleEndian.PutUint32(out[m.opt+off:], uint32(n)) }
	binary.LittleEndian.PutUint16(out[m.opt-18:], uint16(all)) // NumberOfSections
	put(optInitializedData, int64(m.get(optInitializedData))+added)
	put(optSizeOfImage, align(vma, max(pageSize, int64(m.SectionAlign))))
	putChecksum(out, m.opt+optChecksum)
	return out, nil
}

func pad(b []byte, a int64) []byte {
	return append(b, make([]byte, align(int64(len(b)), a)-int64(len(b)))...)
}
