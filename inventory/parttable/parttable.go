// Package parttable reads partition identifiers, GPT and MBR, from the first
// sectors of a drive. They are used for one thing: to recognise the medium the
// machine was booted from, so that it is left alone. Nothing read here ever
// makes a drive eligible.
package parttable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// maxEntries bounds the GPT entries looked at; 128 is what every tool makes.
const maxEntries = 1024

// UUIDs returns the partition identifiers of a drive in the form of PARTUUID:
// lower-case GPT GUIDs, or the MBR signature with the partition number. sector
// is the logical sector in bytes. No table is no error.
func UUIDs(r io.ReaderAt, sector int) ([]string, error) {
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

// gpt reads the entries (UEFI 2.10 §5.3.2: PartitionEntryLBA at 72, number of
// entries at 80, size of one at 84; in an entry the unique GUID is at 16).
func gpt(r io.ReaderAt, h []byte, sector int64) ([]string, error) {
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
	var out []string
	for ; len(b) > 0; b = b[size:] {
		if !bytes.Equal(b[:16], make([]byte, 16)) {
			out = append(out, GUID(b[16:32]))
		}
	}
	return out, nil
}

// GUID spells 16 bytes in the mixed order of UEFI appendix A, lower case.
func GUID(b []byte) string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b),
		binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}

// mbr is the disk signature at 440 with the numbers of the primary partitions.
func mbr(h []byte) []string {
	sig := binary.LittleEndian.Uint32(h[440:])
	if h[510] != 0x55 || h[511] != 0xaa || sig == 0 {
		return nil
	}
	var out []string
	for i := range 4 {
		if h[446+16*i+4] != 0 {
			out = append(out, fmt.Sprintf("%08x-%02x", sig, i+1))
		}
	}
	return out
}
