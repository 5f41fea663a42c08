package ata

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory/scsi"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// drive returns IDENTIFY DEVICE data with the words of w set.
func drive(w map[int]uint16) []byte {
	b := make([]byte, 512)
	b[0] = 0x40
	for i, v := range w {
		binary.LittleEndian.PutUint16(b[2*i:], v)
	}
	return b
}

func text(b []byte, word, n int, s string) {
	s += strings.Repeat(" ", n-len(s))
	for i := range n {
		b[2*word+(i^1)] = s[i]
	}
}

func TestCDB(t *testing.T) {
	for _, c := range []struct {
		cmd  *Command
		want string
	}{
		{IdentifyCommand(), "85 08 0e 00 00 00 01 00 00 00 00 00 00 00 ec 00"},
		{NativeMaxExtCommand(), "85 07 20 00 00 00 00 00 00 00 00 00 00 40 27 00"},
		{NativeMaxCommand(), "85 06 20 00 00 00 00 00 00 00 00 00 00 40 f8 00"},
		{AccessibleMaxCommand(), "85 07 20 00 00 00 00 00 00 00 00 00 00 40 78 00"},
		{ConfigurationCommand(), "85 08 0e 00 c2 00 01 00 00 00 00 00 00 00 b1 00"},
		// [7] LBA 31:24 [8] 7:0 [9] 39:32 [10] 15:8 [11] 47:40 [12] 23:16
		{&Command{Protocol: PIOOut, Extend: true, Feature: 0x1122, Count: 0x3344, LBA: 0x0b0a09080706,
			Device: 0x40, Opcode: 0x3f}, "85 0b 06 11 22 33 44 09 06 0a 07 0b 08 40 3f 00"},
	} {
		want := strings.ReplaceAll(c.want, " ", "")
		if got := hex.EncodeToString(CDB(c.cmd)); got != want {
			t.Errorf("CDB of %s %02X = %s; want %s", c.cmd.Name, c.cmd.Opcode, got, want)
		}
	}
}

func TestParseRegisters(t *testing.T) {
	// Captured: READ NATIVE MAX ADDRESS EXT of a 131072-sector QEMU drive.
	got, ok := ParseRegisters(unhex(t, "72 01 00 1d 00 00 00 0e 09 0c 01 00 00 00 00 ff 00 ff 00 01 40 50"))
	want := Registers{Status: 0x50, Device: 0x40, LBA: 131071, Extend: true}
	if !ok || got != want {
		t.Errorf("ParseRegisters = %+v, %v; want %+v", got, ok, want)
	}
	for name, in := range map[string]string{
		"all registers zero": "72 01 00 1d 00 00 00 0e 09 0c 00 00 00 00 00 00 00 00 00 00 00 00",
		"cut short":          "72 01 00 1d 00 00 00 0e 09 0c 01 00 00 00",
		"empty":              "",
	} {
		if r, ok := ParseRegisters(unhex(t, in)); ok {
			t.Errorf("%s: ParseRegisters = %+v; want none", name, r)
		}
	}
}

func TestIdentifyFields(t *testing.T) {
	b := drive(map[int]uint16{
		48: 0x4001, 53: 0x0006, 59: 0xf400, 69: 0x0010, 82: 0x0402, 83: 0x4c00, 86: 0x8000, 87: 0x4100,
		89: 0x8078, 90: 0x0001, 92: 0xfffe, 100: 0x2ab0, 101: 0xa381, 102: 0x0003,
		106: 0x7003, 108: 0x5000, 109: 0xc500, 110: 0x1234, 111: 0x5678,
		117: 0x0800, 119: 0x4100, 128: 0x0129, 169: 1, 217: 7200,
	})
	text(b, 10, 20, "  WD-WX11")
	text(b, 23, 8, "81.00A81")
	text(b, 27, 40, "ACME DISK 4000")
	id, err := ParseIdentify(b)
	if err != nil {
		t.Fatal(err)
	}
	type facts struct {
		Serial, Firmware, Model, WWN string
		Sectors                      uint64
		Logical, Physical, Rotation  int64
		Sanitize                     Sanitize
		Security                     Security
		HPA, DCO, AMAX, TCG, Enc, Tr bool
	}
	got := facts{id.Serial(), id.Firmware(), id.Model(), id.WWN(), id.Sectors(), id.LogicalSector(),
		id.PhysicalSector(), id.Rotation(), id.Sanitize(), id.Security(), id.HPA(), id.DCO(), id.AMAX(),
		id.TrustedComputing(), id.EncryptsAll(), id.Trim()}
	want := facts{"WD-WX11", "81.00A81", "ACME DISK 4000", "5000c50012345678", 0x3a3812ab0, 4096, 32768, 7200,
		Sanitize{true, true, true, true, true},
		Security{Supported: true, Frozen: true, Enhanced: true, Maximum: true, EraseMinutes: 240, EnhancedMinutes: 2, MasterID: 0xfffe},
		true, true, true, true, true, true}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}

// TestIdentifyUnreported: what the drive does not vouch for is not believed.
func TestIdentifyUnreported(t *testing.T) {
	id, err := ParseIdentify(drive(map[int]uint16{
		53: 0, 59: 0xe000, 60: 0x1000, 69: 0xffff, 82: 0xffff, 83: 0xffff, 86: 0xffff, 87: 0x0100,
		106: 0xffff, 108: 0x5000, 111: 1, 117: 0x800, 119: 0x0100, 128: 0xffff, 217: 0x0002,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if id.Sanitize() != (Sanitize{}) || id.Security() != (Security{}) || id.HPA() || id.DCO() || id.AMAX() {
		t.Errorf("unreported features believed: %+v %+v", id.Sanitize(), id.Security())
	}
	if id.WWN() != "" || id.Rotation() != 0 || id.LogicalSector() != 512 || id.PhysicalSector() != 512 {
		t.Errorf("unreported fields believed: %q %d %d", id.WWN(), id.Rotation(), id.LogicalSector())
	}
	if id.LBA48() || id.Sectors() != 0x1000 {
		t.Errorf("Sectors = %d; want words 60-61", id.Sectors())
	}
}

func TestParseIdentifyRefuses(t *testing.T) {
	atapi := drive(map[int]uint16{0: 0x85c0})
	badsum := drive(map[int]uint16{255: 0x00a5})
	for name, b := range map[string][]byte{
		"short": make([]byte, 511), "zeros": make([]byte, 512), "atapi": atapi, "checksum": badsum,
	} {
		if _, err := ParseIdentify(b); err == nil {
			t.Errorf("%s: ParseIdentify took it", name)
		}
	}
	good := drive(map[int]uint16{255: 0x00a5})
	good[511] = -sum(good)
	if _, err := ParseIdentify(good); err != nil {
		t.Errorf("ParseIdentify with a right checksum: %v", err)
	}
}

// fake answers every command the same way.
type fake struct {
	r    scsi.Response
	data []byte
}

func (f fake) Do(_ context.Context, c *scsi.Command) (scsi.Response, error) {
	f.r.Received = copy(c.Data, f.data)
	return f.r, nil
}

func TestNativeMax(t *testing.T) {
	ctx := context.Background()
	lba48, _ := ParseIdentify(drive(map[int]uint16{83: 0x4400}))
	lba28, _ := ParseIdentify(drive(map[int]uint16{83: 0x4000}))
	ok := scsi.Response{Status: 2, Sense: unhex(t, "72 01 00 1d 00 00 00 0e 09 0c 01 00 00 00 00 ff 00 ff 00 01 40 50")}
	if n, err := ReadNativeMax(ctx, Over(fake{r: ok}), lba48); err != nil || n != 131071 {
		t.Errorf("ReadNativeMax = %d, %v; want 131071", n, err)
	}
	short := scsi.Response{Status: 2, Sense: unhex(t, "72 01 00 1d 00 00 00 0e 09 0c 00 00 00 00 00 ff 00 ff 00 01 4a 50")}
	if n, err := ReadNativeMax(ctx, Over(fake{r: short}), lba28); err != nil || n != 0xa01ffff {
		t.Errorf("ReadNativeMax, 28 bits = %#x, %v; want 0xa01ffff", n, err)
	}
	// mutant: command.go: if r.Registers == nil || => if
	// An adapter that hides the registers must not look like a drive of one sector.
	for _, r := range []scsi.Response{{}, {Status: 2, Sense: unhex(t, "72 01 00 1d 00 00 00 0e 09 0c 00 00 00 00 00 00 00 00 00 00 00 00")}} {
		if n, err := ReadNativeMax(ctx, Over(fake{r: r}), lba48); !errors.Is(err, ErrNoRegisters) {
			t.Errorf("ReadNativeMax without registers = %d, %v; want ErrNoRegisters", n, err)
		}
	}
	abort := scsi.Response{Status: 2, Sense: unhex(t, "70 00 0b 00 00 00 00 0a 04 41 40 00 00 00 00 00 80 00")}
	var ae *AbortError
	if _, err := ReadNativeMax(ctx, Over(fake{r: abort}), lba48); !errors.As(err, &ae) {
		t.Errorf("ReadNativeMax of a refusing drive: %v; want an AbortError", err)
	}
}

func TestReadIdentifyShort(t *testing.T) {
	if _, err := ReadIdentify(context.Background(), Over(fake{data: make([]byte, 100)})); err == nil {
		t.Error("ReadIdentify took 100 bytes of 512")
	}
	b := drive(map[int]uint16{83: 0x4400})
	if _, err := ReadIdentify(context.Background(), Over(fake{data: b})); err != nil {
		t.Errorf("ReadIdentify: %v", err)
	}
}

// once answers UNIT ATTENTION first, then like its fake.
type once struct {
	fake
	asked int
}

func (o *once) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	if o.asked++; o.asked == 1 {
		return scsi.Response{Status: 2, Sense: []byte{0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0}}, nil
	}
	return o.fake.Do(ctx, c)
}

func TestReadIdentifyAfterReset(t *testing.T) {
	o := &once{fake: fake{data: drive(map[int]uint16{83: 0x4400})}}
	if _, err := ReadIdentify(context.Background(), Over(o)); err != nil || o.asked != 2 {
		t.Errorf("ReadIdentify after a reset: %v, asked %d times; want 2", err, o.asked)
	}
}

func TestCommandDataMustMatchCount(t *testing.T) {
	c := IdentifyCommand()
	c.Count = 2
	if _, err := Over(fake{}).Do(context.Background(), c); err == nil {
		t.Error("a command of two sectors went out with one sector of buffer")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(drive(map[int]uint16{83: 0x4400, 106: 0x7003}))
	f.Add([]byte{0x72, 1, 0, 0x1d, 0, 0, 0, 14, 9, 12, 1, 0, 0, 0, 0, 255, 0, 255, 0, 1, 0x40, 0x50})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ParseRegisters(b)
		_, _ = ParseTemperature(b)
		_, _ = ParseLogDirectory(b)
		_, _ = ParseSecurityPage(b)
		if last, err := parseConfiguration(b); err == nil && last+1 > 1<<48 {
			t.Errorf("last block %d", last)
		}
		id, err := ParseIdentify(b)
		if err != nil {
			return
		}
		for _, s := range []string{id.Serial(), id.Model(), id.Firmware()} {
			for _, c := range s {
				if c < 0x20 || c > 0x7e {
					t.Errorf("text field %q is not printable", s)
				}
			}
		}
		if w := id.WWN(); w != "" && len(w) != 16 {
			t.Errorf("WWN %q", w)
		}
		if id.LogicalSector() < 2 || id.PhysicalSector() < id.LogicalSector() {
			t.Errorf("sectors of %d and %d bytes", id.LogicalSector(), id.PhysicalSector())
		}
		id.Sectors()
		id.Security()
		id.Sanitize()
		id.AMAX()
	})
}

// mutant: dco.go: || sum(b) != 0 { => {
func TestParseConfigurationRefuses(t *testing.T) {
	good := make([]byte, 512)
	binary.LittleEndian.PutUint64(good[6:], 4711)
	good[510] = 0xa5
	good[511] = -sum(good)
	if last, err := parseConfiguration(good); err != nil || last != 4711 {
		t.Fatalf("parseConfiguration = %d, %v", last, err)
	}
	for name, edit := range map[string]func(b []byte) []byte{
		"short":        func(b []byte) []byte { return b[:511] },
		"checksum":     func(b []byte) []byte { b[20]++; return b },
		"no signature": func(b []byte) []byte { b[510], b[511] = 0, b[511]+0xa5; return b },
		"zeros":        func([]byte) []byte { return make([]byte, 512) },
		"huge":         func(b []byte) []byte { b[13], b[511] = 1, b[511]-1; return b },
	} {
		if last, err := parseConfiguration(edit(append([]byte(nil), good...))); !errors.Is(err, ErrNotConfiguration) {
			t.Errorf("%s: %d, %v", name, last, err)
		}
	}
}
