package ata

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"lethe/inventory/scsi"
)

func overwriteOnce(t *testing.T) *Command {
	t.Helper()
	c, err := SanitizeOverwriteCommand(0x11223344, 1, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAgainstHdparm compares command blocks with those that hdparm 9.65 (Debian
// 9.65+ds-1) sent, recorded from its SG_IO calls.
func TestAgainstHdparm(t *testing.T) {
	lba48, _ := ParseIdentify(drive(map[int]uint16{83: 0x4400}))
	setMax, err := SetMaxCommand(lba48, 99999, true)
	if err != nil {
		t.Fatal(err)
	}
	setMaxOnce, _ := SetMaxCommand(lba48, 99999, false)
	for _, c := range []struct {
		args string
		cmd  *Command
		want string
	}{
		{"--sanitize-status", SanitizeStatusCommand(false), "85 07 20 00 00 00 00 00 00 00 00 00 00 40 b4 00"},
		{"--sanitize-block-erase", BlockEraseCommand(false), "85 07 20 00 12 00 00 42 72 00 45 00 6b 40 b4 00"},
		{"--sanitize-crypto-scramble", CryptoScrambleCommand(false), "85 07 20 00 11 00 00 43 70 00 79 00 72 40 b4 00"},
		{"--sanitize-overwrite-passes 1 --sanitize-overwrite hex:11223344", overwriteOnce(t), "85 07 20 00 14 00 01 11 44 57 33 4f 22 40 b4 00"},
		{"--sanitize-freeze-lock", SanitizeFreezeCommand(), "85 07 20 00 20 00 00 46 6b 00 4c 00 72 40 b4 00"},
		{"--sanitize-antifreeze-lock", SanitizeAntiFreezeCommand(), "85 07 20 00 40 00 00 41 69 00 74 00 6e 40 b4 00"},
		{"--security-set-pass ABC", SetPasswordCommand(Password{'A', 'B', 'C'}), "85 0a 06 00 00 00 01 00 00 00 00 00 00 40 f1 00"},
		{"--security-unlock ABC", UnlockCommand(Password{'A', 'B', 'C'}), "85 0a 06 00 00 00 01 00 00 00 00 00 00 40 f2 00"},
		{"--security-erase ABC", ErasePrepareCommand(), "85 06 20 00 00 00 00 00 00 00 00 00 00 40 f3 00"},
		{"--security-erase ABC", EraseUnitCommand(Password{'A', 'B', 'C'}, false), "85 0a 06 00 00 00 01 00 00 00 00 00 00 40 f4 00"},
		{"--security-freeze", SecurityFreezeCommand(), "85 06 20 00 00 00 00 00 00 00 00 00 00 40 f5 00"},
		{"--security-disable ABC", DisablePasswordCommand(Password{'A', 'B', 'C'}), "85 0a 06 00 00 00 01 00 00 00 00 00 00 40 f6 00"},
		{"-N p100000", ReadNativeMaxCommand(lba48), "85 07 20 00 00 00 00 00 00 00 00 00 00 40 27 00"},
		{"-N p100000", setMax, "85 07 20 00 00 00 01 00 9f 00 86 00 01 40 37 00"},
		{"-N 100000", setMaxOnce, "85 07 20 00 00 00 00 00 9f 00 86 00 01 40 37 00"},
		{"--dco-restore", ConfigurationRestoreCommand(), "85 06 20 00 c0 00 00 00 00 00 00 00 00 40 b1 00"},
	} {
		if got := hex.EncodeToString(CDB(c.cmd)); got != strings.ReplaceAll(c.want, " ", "") {
			t.Errorf("%s: CDB of %s = %s; hdparm %s sends %s", c.cmd.Name, c.cmd.Name, got, c.args, c.want)
		}
		if err := check(c.cmd); err != nil {
			t.Error(err)
		}
	}
}

// TestPasswordData: the 512 bytes as hdparm 9.65 sent them, by their first 36.
func TestPasswordData(t *testing.T) {
	abc := Password{'A', 'B', 'C'}
	for _, c := range []struct {
		cmd  *Command
		want string
	}{
		{SetPasswordCommand(abc), "00004142430000"}, // user, capability high
		{UnlockCommand(abc), "00004142430000"},
		{EraseUnitCommand(abc, false), "00004142430000"},
		{EraseUnitCommand(abc, true), "02004142430000"},
		{DisablePasswordCommand(abc), "00004142430000"},
	} {
		want := append(unhex(t, c.want), make([]byte, 512-7)...)
		if !bytes.Equal(c.cmd.Data, want) {
			t.Errorf("%s: data %x", c.cmd.Name, c.cmd.Data[:36])
		}
	}
	full := EraseUnitCommand(ErasePassword, true).Data
	if string(full[2:34]) != "LETHE-ERASE-IN-PROGRESS-UNLOCK-1" || full[34] != 0 {
		t.Errorf("password %q", full[2:36])
	}
}

// mutant: sanitize.go: passes < 1 || passes > 16 => passes < 0 || passes > 16
// COUNT 0 is sixteen passes: it must never come from "none given".
func TestOverwriteCountIsSet(t *testing.T) {
	for passes, want := range map[int]uint16{1: 1, 3: 3, 15: 15, 16: 0} {
		c, err := SanitizeOverwriteCommand(0, passes, false, false)
		if err != nil || c.Count != want {
			t.Errorf("%d passes: COUNT %v, %v; want %d", passes, c, err, want)
		}
	}
	for _, passes := range []int{-1, 0, 17} {
		if c, err := SanitizeOverwriteCommand(0, passes, false, false); err == nil {
			t.Errorf("%d passes: %+v", passes, c)
		}
	}
	c, err := SanitizeOverwriteCommand(0xffffffff, 2, true, true)
	if err != nil || c.Count != 0x92 || c.LBA != 0x4f57ffffffff {
		t.Errorf("inverted, clearable: %+v, %v", c, err)
	}
	if c := SanitizeStatusCommand(true); c.Count != 1 || c.Feature != 0 {
		t.Errorf("exit failure: %+v", c)
	}
	if BlockEraseCommand(true).Count != 0x10 || CryptoScrambleCommand(true).Count != 0x10 {
		t.Error("failure mode is not bit 4 of COUNT")
	}
}

func TestSetMaxRefusesWhatDoesNotFit(t *testing.T) {
	lba28, _ := ParseIdentify(drive(map[int]uint16{83: 0x4000}))
	lba48, _ := ParseIdentify(drive(map[int]uint16{83: 0x4400}))
	if _, err := SetMaxCommand(lba28, 1<<28, true); err == nil {
		t.Error("29 bits went into SET MAX ADDRESS")
	}
	if _, err := SetMaxCommand(lba48, 1<<48, true); err == nil {
		t.Error("49 bits went into SET MAX ADDRESS EXT")
	}
	if _, err := SetAccessibleMaxCommand(1 << 48); err == nil {
		t.Error("49 bits went into SET ACCESSIBLE MAX ADDRESS EXT")
	}
	c, err := SetMaxCommand(lba28, 0xabcdef1, true)
	if err != nil {
		t.Fatal(err)
	}
	// 28 bits: 27:24 lie in the device register. The others: [7] LBA 31:24 [8] 7:0
	// [9] 39:32 [10] 15:8 [11] 47:40 [12] 23:16.
	if got, want := hex.EncodeToString(CDB(c)), "8506200000000100f100de00bc4af900"; got != want {
		t.Errorf("SET MAX ADDRESS %s; want %s", got, want)
	}
	a, err := SetAccessibleMaxCommand(0x123456789abc)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := hex.EncodeToString(CDB(a)), "8507200001000056bc349a1278407800"; got != want {
		t.Errorf("SET ACCESSIBLE MAX ADDRESS EXT %s; want %s", got, want)
	}
}

// TestFixedRegisters: the three layouts of the same registers. The first lines are from
// a 6.1 kernel and a QEMU drive that aborted SANITIZE STATUS EXT, SECURITY SET PASSWORD
// and SET MAX ADDRESS EXT; the others are of the layout of SAT-4.
//
// mutant: registers.go: r.Extend = at(16)&0x80 != 0 => r.Extend = at(16)&0x80 == 0
// mutant: registers.go: r.LBA = at(9) | at(10)<<8 | at(11)<<16 => r.LBA = at(8) | at(10)<<8 | at(11)<<16
func TestFixedRegisters(t *testing.T) {
	for _, c := range []struct {
		sense string
		want  Registers
	}{
		{"70 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 00", Registers{Error: 4, Status: 0x41, Device: 0x40, Extend: true}},
		{"70 00 0b 00 00 00 00 0a 04 41 40 01 00 00 00 00 00 00", Registers{Error: 4, Status: 0x41, Device: 0x40, Count: 1}},
		{"70 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 ff", Registers{Error: 4, Status: 0x41, Device: 0x40, LBA: 0xff, Extend: true}},
		{"f0 00 0b 04 51 40 00 0a 80 03 00 00 00 00 00 00 00 00", Registers{Error: 4, Status: 0x51, Device: 0x40, LBA: 3, Extend: true}},
		{"f0 00 0b 04 51 40 07 0a 00 03 02 01 00 00 00 00 00 00", Registers{Error: 4, Status: 0x51, Device: 0x40, Count: 7, LBA: 0x10203}},
		{"f0 00 01 00 50 40 00 0a c0 34 12 00 00 1d 00 00 00 00", Registers{Status: 0x50, Device: 0x40, LBA: 0x1234, Extend: true}},
	} {
		c.want.Partial = true
		got, ok := ParseRegisters(unhex(t, c.sense))
		if !ok || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.sense, got, ok, c.want)
		}
	}
}

// What is no registers must not be read as some.
//
// mutant: registers.go: return r, consistent(b, r) => return r, true
// mutant: registers.go: if r.Status&statusReady == 0 || r.Status&statusBusy != 0 { => if false {
func TestNoRegisters(t *testing.T) {
	for name, in := range map[string]string{
		"unit attention with information": "f0 00 06 00 50 40 00 0a 00 00 00 00 29 00 00 00 00 00",
		"not ready":                       "70 00 02 00 00 00 00 0a 04 41 40 00 04 1b 00 00 80 00",
		"illegal request, field pointer":  "70 00 05 00 00 00 00 12 00 00 00 00 24 00 00 c0 00 0e 00 00 00 00 00 00",
		"deferred error":                  "71 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 00",
		"aborted without error bit":       "70 00 0b 00 00 00 00 0a 04 40 40 00 00 00 00 00 80 00",
		"recovered, another reason":       "f0 00 01 00 50 40 00 0a c0 34 12 00 17 01 00 00 00 00",
		"recovered with error bit":        "f0 00 01 04 51 40 00 0a c0 34 12 00 00 1d 00 00 00 00",
		"busy":                            "72 01 00 1d 00 00 00 0e 09 0c 01 00 80 00 00 00 00 00 00 00 40 d0",
		"not ready register":              "72 01 00 1d 00 00 00 0e 09 0c 01 00 80 00 00 00 00 00 00 00 40 10",
		"all ones":                        "72 01 00 1d 00 00 00 0e 09 0c ff ff ff ff ff ff ff ff ff ff ff ff",
		"8 bytes":                         "70 00 0b 00 00 00 00 0a",
	} {
		if r, ok := ParseRegisters(unhex(t, in)); ok {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func status(count uint16, lba uint64) *Registers {
	return &Registers{Status: 0x50, Device: 0x40, Extend: true, Count: count, LBA: lba}
}

func TestSanitizeState(t *testing.T) {
	for _, c := range []struct {
		r    *Registers
		want SanitizeState
	}{
		{status(0, 0), SanitizeState{}},
		{status(0, 0xffff), SanitizeState{Progress: 0xffff}},
		{status(0x4000, 0x8000), SanitizeState{InProgress: true, Progress: 0x8000}},
		{status(0x8000, 0xffff), SanitizeState{Completed: true, Progress: 0xffff}},
		{status(0xa000, 0xffff), SanitizeState{Completed: true, Frozen: true, Progress: 0xffff}},
		{status(0x1000, 0), SanitizeState{AntiFreeze: true}},
	} {
		if got, err := ParseSanitizeState(c.r); err != nil || got != c.want {
			t.Errorf("COUNT %04X: %+v, %v; want %+v", c.r.Count, got, err, c.want)
		}
	}
}

// Lost registers are unavailable, never idle, and what cannot be true is not believed.
//
// mutant: sanitize.go: case r == nil || r.Status == 0: => case r == nil:
// mutant: sanitize.go: case r.Partial || !r.Extend: => case !r.Extend:
// mutant: sanitize.go: if s.Completed && s.InProgress || => if
func TestSanitizeStateUnavailable(t *testing.T) {
	half := status(0, 0xffff)
	half.Partial = true
	short := status(0, 0xffff)
	short.Extend = false
	for name, r := range map[string]*Registers{"none": nil, "zeros": {Extend: true}, "fixed format": half, "28 bits": short} {
		if s, err := ParseSanitizeState(r); !errors.Is(err, ErrNoRegisters) {
			t.Errorf("%s: %+v, %v; want ErrNoRegisters", name, s, err)
		}
	}
	for name, r := range map[string]*Registers{
		"done and under way": status(0xc000, 1), "frozen both ways": status(0x3000, 0), "frozen under way": status(0x6000, 0),
		"error bit": {Status: 0x51, Extend: true, Count: 0x8000}, "fault": {Status: 0x70, Extend: true, Count: 0x8000},
		"not ready": {Status: 0x10, Extend: true, Count: 0x8000},
	} {
		if s, err := ParseSanitizeState(r); !errors.Is(err, ErrContradiction) {
			t.Errorf("%s: %+v, %v; want ErrContradiction", name, s, err)
		}
	}
}

func TestSanitizeAborted(t *testing.T) {
	for sense, want := range map[string]SanitizeReason{
		"70 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 02":                                  SanitizeUnsupported,
		"f0 00 0b 04 51 40 00 0a 80 01 00 00 00 00 00 00 00 00":                                  SanitizeFailed,
		"72 0b 00 00 00 00 00 0e 09 0c 01 04 00 00 00 03 00 00 00 00 40 51":                      SanitizeFrozen,
		"72 0b 00 00 00 00 00 0e 09 0c 01 04 00 00 00 04 00 00 00 00 40 51":                      SanitizeNoFreeze,
		"72 0b 00 00 00 00 00 0e 09 0c 01 04 00 00 00 00 00 00 00 00 40 51 00 00 00 00 00 00 00": SanitizeUnspecified,
	} {
		_, err := complete(SanitizeStatusCommand(false), &scsi.Command{}, scsi.Response{Status: 2, Sense: unhex(t, sense)})
		if got, ok := SanitizeAborted(err); !ok || got != want {
			t.Errorf("%s: %v, %v; want %v", sense, got, ok, want)
		}
	}
	_, err := complete(SanitizeStatusCommand(false), &scsi.Command{}, scsi.Response{Status: 2, Sense: unhex(t, "70 00 0b 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00")})
	var a *AbortError
	if _, ok := SanitizeAborted(err); ok || !errors.As(err, &a) {
		t.Errorf("an abort without registers has a reason: %v", err)
	}
}

// TestEraseTime: the limits are those that hdparm 9.65 set for the same words.
//
// mutant: security.go: case w&0x8000 != 0 && w&0x7fff == 0x7fff: => case false:
func TestEraseTime(t *testing.T) {
	for _, c := range []struct {
		word uint16
		want EraseTime
		wait time.Duration // for a drive of no size
	}{
		{0, EraseTime{}, 30 * time.Minute},
		{1, EraseTime{2, false}, 3720 * time.Second}, // hdparm: 3720000 ms
		{2, EraseTime{4, false}, 3840 * time.Second}, // hdparm: 3840000 ms
		{0x00fe, EraseTime{508, false}, 568 * time.Minute},
		{0x00ff, EraseTime{508, true}, 598 * time.Minute},
		{0x8000, EraseTime{}, 30 * time.Minute},
		{0x8078, EraseTime{240, false}, 5 * time.Hour},
		{0xfffe, EraseTime{65532, false}, 65592 * time.Minute},
		{0xffff, EraseTime{65532, true}, 65622 * time.Minute},
	} {
		got := eraseTime(c.word)
		if got != c.want || got.Patience(0) != c.wait {
			t.Errorf("word %04X: %+v, %v; want %+v, %v", c.word, got, got.Patience(0), c.want, c.wait)
		}
	}
	if got := (EraseTime{2, false}).Patience(30_000_000 * 36000); got != 10*time.Hour+30*time.Minute {
		t.Errorf("a drive that understates its time: %v", got)
	}
	id, _ := ParseIdentify(drive(map[int]uint16{89: 0x8078, 90: 1}))
	if id.EraseTime(false).Minutes != 240 || id.EraseTime(true).Minutes != 2 {
		t.Errorf("words 89 and 90: %+v %+v", id.EraseTime(false), id.EraseTime(true))
	}
}

// mutant: security.go: return security("SECURITY ERASE UNIT", opEraseUnit, 0, p, Unbounded) => return security("SECURITY ERASE UNIT", opEraseUnit, 0, p, time.Hour)
// mutant: security.go: return security("SECURITY ERASE UNIT (enhanced)", opEraseUnit, dataEnhanced, p, Unbounded) => return security("SECURITY ERASE UNIT (enhanced)", opEraseUnit, dataEnhanced, p, time.Hour)
// A time limit on an erase would reset the drive in the middle and leave it locked.
func TestEraseHasNoLimit(t *testing.T) {
	for _, enhanced := range []bool{false, true} {
		if c := EraseUnitCommand(ErasePassword, enhanced); c.Timeout < 49*24*time.Hour || c.Timeout.Milliseconds() > 1<<32-1 {
			t.Errorf("enhanced %v: limit %v", enhanced, c.Timeout)
		}
	}
}

func FuzzRegisters(f *testing.F) {
	f.Add(unhex(f, "70 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 00"))
	f.Add(unhex(f, "f0 00 01 00 50 40 00 0a c0 34 12 00 00 1d 00 00 00 00"))
	f.Add(unhex(f, "72 01 00 1d 00 00 00 0e 09 0c 01 00 80 00 00 ff 00 ff 00 00 40 50"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := ParseRegisters(b)
		if ok && (r.Status&0x40 == 0 || r.Status&0x80 != 0) {
			t.Errorf("status %02X is no completion", r.Status)
		}
		if s, err := ParseSanitizeState(&r); err == nil && (s.Completed && s.InProgress || !ok || r.Partial) {
			t.Errorf("%+v of %+v", s, r)
		}
	})
}
