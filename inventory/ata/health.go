package ata

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Pages of the Device Statistics log (ACS-3 §A.5).
const (
	pageRotating = 0x03
	pageErrors   = 0x04
	pageSolid    = 0x07
)

// Count is a figure that a drive may not give.
type Count struct {
	N     uint64
	Known bool
}

// Health counts what a sanitisation may not have reached, and what wears a drive out.
// The same figure may come by two ways: both are kept, for they need not agree.
type Health struct {
	// Of the Device Statistics log, in logical sectors and errors.
	Reallocated   Count // page 03h
	Candidates    Count // page 03h: to be reallocated
	Uncorrectable Count // page 04h: reported to hosts
	PercentUsed   Count // page 07h: endurance, may pass 100
	// Of the SMART attributes; the raw value, which vendors define.
	Attribute5, Attribute187, Attribute197, Attribute198 Count
}

// parseStatistic takes the lower n bytes of the quad word at byte at. It counts when
// its flags say that it is supported and valid (bits 7 and 6 of its last byte).
func parseStatistic(b []byte, at, n int) Count {
	if b[at+7]>>6 != 3 {
		return Count{}
	}
	v := binary.LittleEndian.Uint64(b[at:]) & (1<<(8*n) - 1)
	return Count{v, true}
}

// ParseStatistics adds what one page of the Device Statistics log says.
func (h *Health) ParseStatistics(b []byte) error {
	if len(b) != sector || binary.LittleEndian.Uint16(b) == 0 {
		return fmt.Errorf("decode device statistics: no revision, or %d bytes", len(b))
	}
	switch b[2] {
	case pageRotating:
		h.Reallocated = parseStatistic(b, 0x20, 4)
		h.Candidates = parseStatistic(b, 0x38, 4)
	case pageErrors:
		h.Uncorrectable = parseStatistic(b, 0x08, 4)
	case pageSolid:
		h.PercentUsed = parseStatistic(b, 0x08, 1)
	}
	return nil
}

// SmartCommand is SMART READ DATA (B0h feature D0h). LBA(23:8) carries the signature
// C24Fh without which a drive aborts.
func SmartCommand() *Command {
	return &Command{Name: "SMART READ DATA", Protocol: PIOIn, Feature: 0xd0, Count: 1,
		LBA: 0xc24f00, Device: deviceLBA, Opcode: 0xb0, Data: make([]byte, sector)}
}

// ParseSmart adds the attributes of SMART READ DATA: thirty entries of twelve bytes from
// byte 2 on, identifier first, raw value in bytes 5 to 10. The layout is in no ACS but
// the same on every drive; the last byte makes the sum of all zero.
func (h *Health) ParseSmart(b []byte) error {
	if len(b) != sector || sum(b) != 0 || uniform(b) {
		return fmt.Errorf("decode SMART data: wrong checksum, or %d bytes", len(b))
	}
	for e := b[2 : 2+30*12]; len(e) > 0; e = e[12:] {
		var raw [8]byte
		copy(raw[:6], e[5:11])
		v := Count{binary.LittleEndian.Uint64(raw[:]), true}
		switch e[0] {
		case 5:
			h.Attribute5 = v
		case 187:
			h.Attribute187 = v
		case 197:
			h.Attribute197 = v
		case 198:
			h.Attribute198 = v
		}
	}
	return nil
}

// Smart reports whether the SMART feature set is supported and enabled (words 82 and 85
// bit 0).
func (id Identify) Smart() bool {
	return id.commandSet(82, 0) && id.marked(87) && id.bit(85, 0)
}

// ReadHealth asks for all of it. What the drive does not have is unknown, no error; what
// it has and does not give is an error beside what it gave.
func ReadHealth(ctx context.Context, conn Conn, id Identify) (h Health, err error) {
	d, e1 := ReadLogDirectory(ctx, conn, id)
	if errors.Is(e1, errNoLogs) {
		e1 = nil
	}
	if e1 == nil && d[logStatistics] > 0 {
		var pages map[byte][]byte
		pages, e1 = readPages(ctx, conn, logStatistics, pageRotating, pageErrors, pageSolid)
		for _, p := range pages {
			if len(p) > 0 {
				e1 = errors.Join(e1, h.ParseStatistics(p))
			}
		}
	}
	var e2 error
	if id.Smart() {
		c := SmartCommand()
		if _, e2 = read(ctx, conn, c); e2 == nil {
			e2 = h.ParseSmart(c.Data)
		}
	}
	return h, errors.Join(e1, e2)
}
