package boottest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Write is one request that changed a drive, or asked it to make changes last.
type Write struct {
	Off, Len int64 // bytes
	Discard  bool
	Flush    bool

	At int64 // where in the log its bytes are
}

// logged returns what stands in front of the drive's file to write down each
// change (QEMU's blklogwrites), as the value of -drive's file option.
func (d Drive) logged() (string, error) {
	if err := os.WriteFile(d.Log, nil, 0o600); err != nil {
		return "", err
	}
	driver := "file"
	if st, err := os.Stat(d.Path); err == nil && st.Mode()&os.ModeDevice != 0 {
		driver = "host_device"
	}
	b, err := json.Marshal(map[string]any{"driver": "raw", "file": map[string]any{"driver": "blklogwrites",
		"file": map[string]any{"driver": driver, "filename": d.Path},
		"log":  map[string]any{"driver": "file", "filename": d.Log},
	}})
	return "json:" + string(b), err
}

// The format of Linux's dm-log-writes (Documentation/admin-guide/device-mapper/
// log-writes.rst), version 1: a super block in the first sector, then entries of a
// sector each, followed by what was written.
const (
	logMagic   = 0x6a736677736872
	logFlush   = 1
	logDiscard = 4
	logKnown   = 1 | 2 | 4 | 8 | 16
)

var errLog = errors.New("not a log of writes")

// ReadLog reads the log of a drive, which may still grow: a last entry that is not
// whole is left out. The number in the super block lags behind and is not used.
func ReadLog(r io.ReaderAt) ([]Write, error) {
	head := make([]byte, 28)
	n, err := r.ReadAt(head, 0)
	if n == 0 && errors.Is(err, io.EOF) {
		return nil, nil
	}
	if n < len(head) && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	word := func(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	sector := int64(binary.LittleEndian.Uint32(head[24:]))
	zero := word(head, 0) == 0 && sector == 0 // entries may come before the super block
	if zero {
		sector = 512
	} else if word(head, 0) != logMagic || word(head, 1) != 1 || sector < 512 || sector > 1<<16 {
		return nil, errLog
	}
	var out []Write
	entry := make([]byte, 32)
	for at := sector; ; {
		if n, err := r.ReadAt(entry, at); n < len(entry) {
			if err == nil || errors.Is(err, io.EOF) {
				return out, nil
			}
			return nil, err
		}
		first, count, flags := word(entry, 0), word(entry, 1), word(entry, 2)
		if first > 1<<50 || count > 1<<40 || flags&^logKnown != 0 {
			return nil, fmt.Errorf("%w: entry at byte %d", errLog, at)
		}
		if first == 0 && count == 0 && flags == 0 {
			return out, nil // room that is not filled yet
		}
		// Sectors of the drive are counted by the log's sector.
		out = append(out, Write{int64(first) * sector, int64(count) * sector, flags&logDiscard != 0, flags&logFlush != 0, at + sector})
		if at += sector; flags&logDiscard == 0 {
			at += int64(count) * sector
		}
	}
}
