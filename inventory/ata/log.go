package ata

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Logs by address (ACS-3, annex A).
const (
	logDirectory  = 0x00
	logStatistics = 0x04 // Device Statistics
	logIdentify   = 0x30 // IDENTIFY DEVICE data
)

// Pages of the IDENTIFY DEVICE data log.
const pageSecurity = 0x06

// errNoLogs says that a drive has no logs to read.
var errNoLogs = errors.New("the drive has no General Purpose Logging")

// ReadLogCommand is READ LOG EXT (2Fh) of count pages of 512 bytes of a log, from page
// on. Nothing may be in flight to the drive: it stops queued commands to answer, and a
// drive that does not know the log takes them down with its refusal.
func ReadLogCommand(log byte, page, count uint16) *Command {
	return &Command{
		Name: fmt.Sprintf("READ LOG EXT %02Xh page %02Xh", log, page), Protocol: PIOIn, Extend: true, Count: count,
		LBA:    uint64(page>>8)<<32 | uint64(page&0xff)<<8 | uint64(log),
		Device: deviceLBA, Opcode: 0x2f, Data: make([]byte, int(count)*sector),
	}
}

func readLog(ctx context.Context, conn Conn, log byte, page uint16) ([]byte, error) {
	c := ReadLogCommand(log, page, 1)
	if _, err := read(ctx, conn, c); err != nil {
		return nil, err
	}
	return c.Data, nil
}

// LogDirectory is how many pages each log has, by its address; 0 is a log the drive does
// not have.
type LogDirectory [256]uint16

// ParseLogDirectory decodes the general purpose log directory (log 00h).
func ParseLogDirectory(b []byte) (d LogDirectory, err error) {
	if len(b) != sector || binary.LittleEndian.Uint16(b) != 1 {
		return d, fmt.Errorf("decode log directory: another version, or %d bytes", len(b))
	}
	for i := 1; i < len(d); i++ {
		d[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return d, nil
}

// ReadLogDirectory asks a drive which logs it has. A drive without General Purpose
// Logging is not asked.
func ReadLogDirectory(ctx context.Context, conn Conn, id Identify) (LogDirectory, error) {
	if !id.Logs() {
		return LogDirectory{}, errNoLogs
	}
	b, err := readLog(ctx, conn, logDirectory, 0)
	if err != nil {
		return LogDirectory{}, err
	}
	return ParseLogDirectory(b)
}

// parsePages decodes page 00h of the logs 04h and 30h: which other pages there are. It
// is a header, a count in byte 8 and that many page numbers.
func parsePages(b []byte) ([]byte, error) {
	if len(b) != sector || b[2] != 0 || binary.LittleEndian.Uint16(b) == 0 {
		return nil, fmt.Errorf("decode list of log pages: another page, or %d bytes", len(b))
	}
	if n := int(b[8]); n <= sector-9 {
		return b[9 : 9+n], nil
	}
	return nil, fmt.Errorf("decode list of log pages: %d of them", b[8])
}

// readPages gives those of want that the log has, by number.
func readPages(ctx context.Context, conn Conn, log byte, want ...byte) (map[byte][]byte, error) {
	b, err := readLog(ctx, conn, log, 0)
	if err != nil {
		return nil, err
	}
	have, err := parsePages(b)
	if err != nil {
		return nil, err
	}
	pages := map[byte][]byte{}
	for _, p := range want {
		if !slices.Contains(have, p) {
			continue
		}
		if pages[p], err = readLog(ctx, conn, log, uint16(p)); err != nil {
			return pages, err
		}
	}
	return pages, nil
}

// SecurityCapabilities is what the Security page of the IDENTIFY DEVICE data log says
// beyond IDENTIFY DEVICE itself.
type SecurityCapabilities struct {
	EncryptsAll       bool // all user data is encrypted
	OverridesSecurity bool // SANITIZE DEVICE with restricted exit works on a locked drive
}

// ParseSecurityPage decodes the page (log 30h page 06h). Its capabilities are the quad
// word at byte 48, which counts while its bit 63 is set.
func ParseSecurityPage(b []byte) (SecurityCapabilities, error) {
	if len(b) != sector || b[2] != pageSecurity || binary.LittleEndian.Uint16(b) == 0 {
		return SecurityCapabilities{}, fmt.Errorf("decode security page: another page, or %d bytes", len(b))
	}
	q := binary.LittleEndian.Uint64(b[48:])
	if q>>63 == 0 {
		return SecurityCapabilities{}, nil
	}
	return SecurityCapabilities{EncryptsAll: q&1 != 0, OverridesSecurity: q>>7&1 != 0}, nil
}

// ReadSecurityPage reads it where the drive has it; the zero value is a drive without.
func ReadSecurityPage(ctx context.Context, conn Conn, id Identify) (SecurityCapabilities, error) {
	d, err := ReadLogDirectory(ctx, conn, id)
	if errors.Is(err, errNoLogs) {
		return SecurityCapabilities{}, nil
	}
	if err != nil || d[logIdentify] == 0 {
		return SecurityCapabilities{}, err
	}
	pages, err := readPages(ctx, conn, logIdentify, pageSecurity)
	if err != nil || pages[pageSecurity] == nil {
		return SecurityCapabilities{}, err
	}
	return ParseSecurityPage(pages[pageSecurity])
}
