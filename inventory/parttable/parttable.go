// Package parttable reads partition identifiers and types, GPT and MBR, from the
// first sectors of a drive. They serve to recognise the medium the machine was
// booted from, and what else a drive was used for, so that it can be left alone.
// Nothing read here ever makes a drive eligible.
package parttable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// maxEntries bounds the GPT entries looked at; 128 is what every tool makes.
const maxEntries = 1024

// Entry is one partition. ID is in the form of PARTUUID: a lower-case GPT GUID,
// or the MBR signature with the partition number, "" without a signature. Type is
// a lower-case GPT GUID, or an MBR type as two hex digits.
type Entry struct{ ID, Type string }

// UUIDs returns the partition identifiers of a drive. sector is the logical
// sector in bytes. No table is no error.
func UUIDs(r io.ReaderAt, sector int) ([]string, error) {
	es, err := Entries(r, sector)
	var out []string
	for _, e := range es {
		if e.ID != "" {
			out = append(out, e.ID)
		}
	}
	return out, err
}

// Entries returns the partitions of a drive, for an MBR the primary ones. sector
// is the logical sector in bytes. No table is no error.
func Entries(r io.ReaderAt, sector int) ([]Entry, error) {
	if sector < 512 || sector > 1<<20 {
		return nil, fmt.Errorf("read partition table: sectors of %d bytes", sector)
	}
	head := make([]byte, 2*sector)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read partition table: %w", err)
	}
	if bytes.HasPrefix(head[sector:], []byte("EFI PART")) {
		return gpt(r, head[sector:], int64(sector))
	}
	return mbr(head), nil
}

// DiskIDs returns what identifies the whole drive: the GUID of a GPT (UEFI 2.10
// §5.3.2, DiskGUID at 56) and the signature of an MBR as eight hex digits, the
// protective one's too. sector is the logical sector in bytes.
func DiskIDs(r io.ReaderAt, sector int) []string {
	if sector < 512 || sector > 1<<20 {
		return nil
	}
	head := make([]byte, 2*sector)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil
	}
	var out []string
	if sig := binary.LittleEndian.Uint32(head[440:]); sig != 0 && head[510] == 0x55 && head[511] == 0xaa {
		out = append(out, fmt.Sprintf("%08x", sig))
	}
	if bytes.HasPrefix(head[sector:], []byte("EFI PART")) {
		out = append(out, GUID(head[sector+56:]))
	}
	return out
}

// gpt reads the entries (UEFI 2.10 §5.3.2: PartitionEntryLBA at 72, number of
// entries at 80, size of one at 84; in an entry the type is at 0, the unique GUID
// at 16).
func gpt(r io.ReaderAt, h []byte, sector int64) ([]Entry, error) {
	lba := binary.LittleEndian.Uint64(h[72:])
	count := binary.LittleEndian.Uint32(h[80:])
	size := binary.LittleEndian.Uint32(h[84:])
	if lba > 1<<40 || count > maxEntries || size < 128 || size > 4096 {
		return nil, fmt.Errorf("read GPT: %d entries of %d bytes at block %d", count, size, lba)
	}
	b := make([]byte, int(count)*int(size))
	if _, err := r.ReadAt(b, int64(lba)*sector); err != nil {
		return nil, fmt.Errorf("read GPT entries: %w", err)
	}
	var out []Entry
	for ; len(b) > 0; b = b[size:] {
		if !bytes.Equal(b[:16], make([]byte, 16)) {
			out = append(out, Entry{ID: GUID(b[16:32]), Type: GUID(b[:16])})
		}
	}
	return out, nil
}

// GUID spells 16 bytes in the mixed order of UEFI appendix A, lower case.
func GUID(b []byte) string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b),
		binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}

// mbr has the disk signature at 440 and four entries at 446.
func mbr(h []byte) []Entry {
	sig := binary.LittleEndian.Uint32(h[440:])
	if h[510] != 0x55 || h[511] != 0xaa {
		return nil
	}
	var out []Entry
	for i := range 4 {
		typ := h[446+16*i+4]
		if typ == 0 {
			continue
		}
		e := Entry{Type: fmt.Sprintf("%02x", typ)}
		if sig != 0 {
			e.ID = fmt.Sprintf("%08x-%02x", sig, i+1)
		}
		out = append(out, e)
	}
	return out
}
