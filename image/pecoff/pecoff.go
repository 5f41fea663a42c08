// Package pecoff reads and extends PE/COFF images as UEFI firmware loads them
// (PE/COFF specification 8.3; UEFI 2.10 §2.1.1): it computes the Authenticode
// digest, appends sections and attaches signatures. Only PE32+ is known.
package pecoff

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ErrMalformed is wrapped by every complaint about an image's bytes.
var ErrMalformed = errors.New("malformed PE image")

// Offsets within the optional header of a PE32+ image.
const (
	optInitializedData = 8
	optSectionAlign    = 32
	optFileAlign       = 36
	optSizeOfImage     = 56
	optSizeOfHeaders   = 60
	optChecksum        = 64
	optNumberOfDirs    = 108
	optDirs            = 112

	magicPE32Plus = 0x20b
	certDir       = 4 // the certificate table's index among the directories
	sectionSize   = 40
	maxSections   = 96
)

// Section is one entry of the section table. VMA and VirtualSize say where it
// lies in memory, Offset and RawSize where in the file; all in bytes.
type Section struct {
	Name        string
	VirtualSize uint32
	VMA         uint32
	RawSize     uint32
	Offset      uint32
}

// Image is a parsed image over its bytes.
type Image struct {
	raw      []byte
	opt      int // offset of the optional header
	table    int // offset of the section table
	Sections []Section
	// SectionAlign and FileAlign are the image's alignments in bytes.
	SectionAlign, FileAlign uint32
	sizeOfHeaders           uint32
	certOff, certSize       uint32
}

func malformed(f string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(f, a...))
}

// Parse reads the headers. The image keeps b, which must not change after.
func Parse(b []byte) (*Image, error) {
	if len(b) < 64 || b[0] != 'M' || b[1] != 'Z' {
		return nil, malformed("no MZ header")
	}
	pe := int64(binary.LittleEndian.Uint32(b[0x3c:]))
	if pe < 64 || pe+24 > int64(len(b)) || string(b[pe:pe+4]) != "PE\x00\x00" {
		return nil, malformed("no PE header")
	}
	m := &Image{raw: b, opt: int(pe) + 24}
	number := int(binary.LittleEndian.Uint16(b[pe+6:]))
	optSize := int(binary.LittleEndian.Uint16(b[pe+20:]))
	m.table = m.opt + optSize
	switch {
	case optSize < optDirs+8*(certDir+1):
		return nil, malformed("optional header of %d bytes", optSize)
	case number == 0 || number > maxSections:
		return nil, malformed("%d sections", number)
	case m.table+number*sectionSize > len(b):
		return nil, malformed("section table beyond the end")
	case binary.LittleEndian.Uint16(b[m.opt:]) != magicPE32Plus:
		return nil, malformed("not PE32+")
	case m.get(optNumberOfDirs) <= certDir:
		return nil, malformed("no room for a certificate table")
	}
	m.SectionAlign, m.FileAlign = m.get(optSectionAlign), m.get(optFileAlign)
	m.sizeOfHeaders = m.get(optSizeOfHeaders)
	m.certOff, m.certSize = m.get(optDirs+8*certDir), m.get(optDirs+8*certDir+4)
	return m, m.sections(number)
}

func (m *Image) sections(number int) error {
	for i := range number {
		s := m.raw[m.table+i*sectionSize:]
		sec := Section{Name: cString(s[:8]), VirtualSize: le(s[8:]), VMA: le(s[12:]), RawSize: le(s[16:]), Offset: le(s[20:])}
		if int64(sec.Offset)+int64(sec.RawSize) > int64(len(m.raw)) {
			return malformed("section %q beyond the end", sec.Name)
		}
		m.Sections = append(m.Sections, sec)
	}
	switch {
	case !power(m.SectionAlign) || !power(m.FileAlign) || m.FileAlign > 1<<16 || m.SectionAlign > 1<<24:
		return malformed("alignments %d and %d", m.SectionAlign, m.FileAlign)
	case int64(m.sizeOfHeaders) > int64(len(m.raw)) || int64(m.sizeOfHeaders) < int64(m.table+number*sectionSize):
		return malformed("headers of %d bytes", m.sizeOfHeaders)
	case m.certSize != 0 && (int64(m.certOff)+int64(m.certSize) != int64(len(m.raw)) || m.certOff < m.sizeOfHeaders):
		return malformed("the certificate table is not the file's end")
	}
	return m.apart()
}

// apart refuses data that lies in two places at once: the digest of such a file
// (Authenticode counts bytes, not places) would change by being signed.
func (m *Image) apart() error {
	end := int64(m.sizeOfHeaders)
	for _, s := range inFile(m.Sections) {
		if s.RawSize == 0 {
			continue
		}
		if int64(s.Offset) < end {
			return malformed("section %q overlaps what is before it", s.Name)
		}
		end = int64(s.Offset) + int64(s.RawSize)
	}
	if end > int64(len(m.raw))-int64(m.certSize) {
		return malformed("sections reach into the certificate table")
	}
	return nil
}

// inFile are sections in the order of their data.
func inFile(secs []Section) []Section {
	secs = slices.Clone(secs)
	slices.SortStableFunc(secs, func(a, b Section) int { return cmp.Compare(a.Offset, b.Offset) })
	return secs
}

// Content returns a section's bytes in the file, at most its size in memory, or
// nil where there is no such section.
func (m *Image) Content(name string) []byte {
	for _, s := range m.Sections {
		if s.Name == name {
			return m.raw[s.Offset : s.Offset+min(s.RawSize, s.VirtualSize)]
		}
	}
	return nil
}

// Bytes returns the image.
func (m *Image) Bytes() []byte { return m.raw }

func (m *Image) get(off int) uint32 { return le(m.raw[m.opt+off:]) }

func le(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

func power(n uint32) bool { return n != 0 && n&(n-1) == 0 }

func align(n, a int64) int64 { return (n + a - 1) &^ (a - 1) }
