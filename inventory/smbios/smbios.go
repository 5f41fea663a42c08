// Package smbios decodes the structures of a System Management BIOS table that
// name a machine: types 0, 1, 2 and 3 (DMTF DSP0134 3.7 §7.1-7.4). The table is
// firmware's word, and firmware leaves placeholders in it; those are dropped.
package smbios

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"lethe/inventory/internal/ascii"
)

// Info is what the table says; "" where it says nothing of use.
type Info struct {
	BIOSVendor, BIOSVersion, BIOSDate   string // type 0
	Manufacturer, Product, Serial, UUID string // type 1
	BoardSerial                         string // type 2
	AssetTag                            string // type 3
}

// Parse decodes the structure table (/sys/firmware/dmi/tables/DMI). The first
// structure of each type counts. A table that breaks off gives what came before
// and an error.
func Parse(b []byte) (Info, error) {
	var in Info
	var seen [4]bool
	for len(b) >= 4 {
		typ, n := b[0], int(b[1])
		if n < 4 || n > len(b) {
			return in, fmt.Errorf("decode SMBIOS: structure of type %d and %d bytes runs past the table", typ, n)
		}
		head := b[:n]
		end := bytes.Index(b[n:], []byte{0, 0})
		if end < 0 {
			return in, fmt.Errorf("decode SMBIOS: strings of type %d do not end", typ)
		}
		s := structure{head, strings.Split(string(b[n:n+end]), "\x00")}
		if typ < 4 && !seen[typ] {
			seen[typ] = true
			in.take(typ, s)
		}
		if typ == 127 {
			return in, nil
		}
		b = b[n+end+2:]
	}
	return in, nil
}

func (in *Info) take(typ byte, s structure) {
	switch typ {
	case 0:
		in.BIOSVendor, in.BIOSVersion, in.BIOSDate = s.text(4), s.text(5), s.text(8)
	case 1:
		in.Manufacturer, in.Product, in.Serial = s.text(4), s.text(5), s.text(7)
		in.UUID = s.uuid(8)
	case 2:
		in.BoardSerial = s.text(7)
	case 3:
		in.AssetTag = s.text(8)
	}
}

// structure is one formatted area with its strings.
type structure struct {
	head []byte
	strs []string
}

// text is the string whose number stands at an offset.
func (s structure) text(at int) string {
	if at >= len(s.head) {
		return ""
	}
	i := int(s.head[at])
	if i == 0 || i > len(s.strs) {
		return ""
	}
	return Useful(ascii.Clean([]byte(s.strs[i-1])))
}

// uuid spells 16 bytes as SMBIOS 2.6 and later mean them: the first three
// fields little-endian. All zeros and all ones mean "not set".
func (s structure) uuid(at int) string {
	if at+16 > len(s.head) {
		return ""
	}
	u := s.head[at : at+16]
	if !ascii.NonZero(u) || bytes.Equal(u, bytes.Repeat([]byte{0xff}, 16)) {
		return ""
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(u),
		binary.LittleEndian.Uint16(u[4:]), binary.LittleEndian.Uint16(u[6:]), u[8:10], u[10:])
}

// placeholders are what board makers leave in a field nobody filled in.
var placeholders = []string{
	"to be filled by o.e.m.", "default string", "not specified", "none", "n/a", "not applicable", "unknown",
	"system serial number", "system product name", "system manufacturer", "base board serial number",
	"chassis asset tag", "asset tag", "no asset tag", "no asset information", "not available", "0123456789", "123456789", "o.e.m.",
}

// Useful is s, or "" when s is a placeholder.
func Useful(s string) string {
	l := strings.ToLower(strings.TrimSpace(s))
	for _, p := range placeholders {
		if l == p {
			return ""
		}
	}
	if strings.Trim(l, "0 .-x") == "" {
		return ""
	}
	return strings.TrimSpace(s)
}
