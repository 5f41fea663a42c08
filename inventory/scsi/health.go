package scsi

import (
	"context"
	"encoding/binary"
)

// Health is what a drive counts of its own troubles. -1 is not told: no drive has
// all of it, and a refused page is no trouble.
type Health struct {
	Grown            int64 // defects of the grown list: data that no host can reach may be there
	WriteUncorrected int64 // log page 02h, parameter 6
	ReadUncorrected  int64 // log page 03h, parameter 6
	ReadCorrected    int64 // log page 03h, parameter 3
	// Exception is the additional sense code and qualifier of a failure the drive
	// foretells (log page 2Fh), 0 for none.
	Exception int64
	// Suspect counts blocks a background scan found bad and did not put right (log page
	// 15h): as many as its log keeps.
	Suspect int64
	// SelfTest is the result of the latest self-test (log page 10h): 0 passed, 1 and 2
	// aborted, 3 to 7 failed, 15 running; -1 also where none was made.
	SelfTest int64
}

// NoHealth is that of a drive that tells nothing.
var NoHealth = Health{-1, -1, -1, -1, -1, -1, -1}

// ReadHealth asks for all of it. The one error is a broken way to the drive; what was
// read until then comes with it.
func ReadHealth(ctx context.Context, conn Conn) (Health, error) {
	h := NoHealth
	for _, q := range []struct {
		c    *Command
		take func([]byte)
	}{
		{DefectsCommand(), func(b []byte) {
			if n, err := ParseDefects(b); err == nil {
				h.Grown = n
			}
		}},
		{LogCommand(LogWriteErrors), func(b []byte) { h.WriteUncorrected = counter(LogWriteErrors, b, 6) }},
		{LogCommand(LogReadErrors), func(b []byte) {
			h.ReadUncorrected, h.ReadCorrected = counter(LogReadErrors, b, 6), counter(LogReadErrors, b, 3)
		}},
		{LogCommand(LogExceptions), func(b []byte) { h.Exception = exception(b) }},
		{LogCommand(LogScan), func(b []byte) { h.Suspect = suspects(b) }},
		{LogCommand(LogSelfTest), func(b []byte) { h.SelfTest = selfTest(b) }},
	} {
		b, err := read(ctx, conn, q.c)
		if unlessStatus(err) != nil {
			return h, err
		}
		if err == nil {
			q.take(b)
		}
	}
	return h, nil
}

// parameter is the value of one parameter of a page, nil where there is none.
func parameter(page byte, b []byte, code uint16) *LogParameter {
	ps, err := ParseLog(page, b)
	if err != nil {
		return nil
	}
	for i := range ps {
		if ps[i].Code == code {
			return &ps[i]
		}
	}
	return nil
}

// counter is an error counter (SPC-5 §7.3.6), no more than fits.
func counter(page byte, b []byte, code uint16) int64 {
	p := parameter(page, b, code)
	if p == nil {
		return -1
	}
	v, ok := p.Uint()
	if !ok {
		return -1
	}
	return int64(min(v, 1<<63-1))
}

// exception reads the Informational Exceptions page (SPC-5 §7.3.11).
func exception(b []byte) int64 {
	p := parameter(LogExceptions, b, 0)
	if p == nil || len(p.Value) < 2 {
		return -1
	}
	return int64(binary.BigEndian.Uint16(p.Value))
}

// suspects counts parameters 0001h to 0800h of the Background Scan page whose
// reassign status says that nothing was put right (SBC-4 §6.4.2.3): 1 waits for a
// write, 4 and 8 failed to be reassigned.
func suspects(b []byte) int64 {
	ps, err := ParseLog(LogScan, b)
	if err != nil {
		return -1
	}
	n := int64(0)
	for _, p := range ps {
		if p.Code < 1 || p.Code > 0x800 || len(p.Value) < 5 {
			continue
		}
		switch p.Value[4] >> 4 {
		case 1, 4, 8:
			n++
		}
	}
	return n
}

// selfTest reads the latest entry of the Self-test Results page (SPC-5 §7.3.20). An
// entry of zeros is a test that never was.
func selfTest(b []byte) int64 {
	p := parameter(LogSelfTest, b, 1)
	if p == nil || len(p.Value) < 4 || p.Value[0] == 0 && binary.BigEndian.Uint16(p.Value[2:]) == 0 {
		return -1
	}
	return int64(p.Value[0] & 0xf)
}
