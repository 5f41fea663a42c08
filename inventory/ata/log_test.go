package ata

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// page is an empty page of the logs 04h and 30h.
func page(number byte) []byte {
	b := make([]byte, 512)
	b[0], b[2] = 1, number
	return b
}

func list(numbers ...byte) []byte {
	b := page(0)
	b[8] = byte(len(numbers))
	copy(b[9:], numbers)
	return b
}

func stat(b []byte, at int, v uint64, flags byte) []byte {
	binary.LittleEndian.PutUint64(b[at:], v)
	b[at+7] = flags
	return b
}

// logged is a drive that has nothing but logs, by address and page, and SMART data.
type logged struct {
	logs  map[[2]byte][]byte
	smart []byte
	asked []string
}

func (l *logged) Do(_ context.Context, c *Command) (Response, error) {
	l.asked = append(l.asked, c.Name)
	b := l.logs[[2]byte{byte(c.LBA), byte(c.LBA >> 8)}]
	if c.Opcode == 0xb0 {
		b = l.smart
	}
	if b == nil {
		return Response{}, &AbortError{Name: c.Name}
	}
	copy(c.Data, b)
	return Response{}, nil
}

func directory(logs ...byte) []byte {
	b := make([]byte, 512)
	b[0] = 1
	for _, l := range logs {
		b[2*int(l)] = 1
	}
	return b
}

// smart is SMART READ DATA with raw values by attribute.
func smart(attributes map[byte]uint64) []byte {
	b := make([]byte, 512)
	b[0] = 0x10
	at := 2
	for id := range 256 {
		v, ok := attributes[byte(id)]
		if !ok {
			continue
		}
		var raw [8]byte
		binary.LittleEndian.PutUint64(raw[:], v)
		b[at], b[at+3] = byte(id), 100
		copy(b[at+5:at+11], raw[:6])
		at += 12
	}
	b[511] = -sum(b)
	return b
}

func TestReadLogCDB(t *testing.T) {
	// [8] log, [10] page 7:0, [9] page 15:8 of LBA 39:32.
	if got := hex.EncodeToString(CDB(ReadLogCommand(0x30, 0x0106, 1))); got != "85090e00000001003001060000402f00" {
		t.Errorf("READ LOG EXT %s", got)
	}
	if got := hex.EncodeToString(CDB(SmartCommand())); got != "85080e00d000010000004f00c240b000" {
		t.Errorf("SMART READ DATA %s", got)
	}
}

func TestHealth(t *testing.T) {
	ok := byte(0xc0)
	l := &logged{logs: map[[2]byte][]byte{
		{0, 0}: directory(4, 0x30),
		{4, 0}: list(0, 1, 3, 4, 7),
		{4, 3}: stat(stat(page(3), 0x20, 0x1_0000_0011, ok), 0x38, 9, ok),
		{4, 4}: stat(page(4), 8, 7, ok),
		{4, 7}: stat(page(7), 8, 0x1_03, ok),
	}, smart: smart(map[byte]uint64{5: 0x010203040506, 187: 2, 194: 33, 197: 3, 198: 4})}
	id, _ := ParseIdentify(drive(map[int]uint16{82: 0x0001, 83: 0x4400, 84: 0x4020, 85: 0x0001, 87: 0x4000}))
	got, err := ReadHealth(context.Background(), l, id)
	if err != nil {
		t.Fatal(err)
	}
	known := func(n uint64) Count { return Count{n, true} }
	want := Health{known(0x11), known(9), known(7), known(3), known(0x010203040506), known(2), known(3), known(4)}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A figure that the drive does not vouch for is unknown, not zero.
//
// mutant: health.go: if b[at+7]>>6 != 3 { => if b[at+7]>>7 != 1 {
func TestHealthUnknown(t *testing.T) {
	var h Health
	if err := h.ParseStatistics(stat(stat(page(3), 0x20, 17, 0x80), 0x38, 9, 0x40)); err != nil {
		t.Fatal(err)
	}
	if h != (Health{}) {
		t.Errorf("not valid, not supported, and believed: %+v", h)
	}
	none := &logged{}
	id, _ := ParseIdentify(drive(map[int]uint16{83: 0x4400}))
	if got, err := ReadHealth(context.Background(), none, id); err != nil || got != (Health{}) || len(none.asked) > 0 {
		t.Errorf("a drive without logs and SMART: %+v, %v, asked %v", got, err, none.asked)
	}
	// A list of pages that leaves one out: it is not asked for.
	some := &logged{logs: map[[2]byte][]byte{{0, 0}: directory(4), {4, 0}: list(0, 4), {4, 4}: stat(page(4), 8, 1, 0xc0)}}
	logs, _ := ParseIdentify(drive(map[int]uint16{83: 0x4400, 84: 0x4020}))
	if got, err := ReadHealth(context.Background(), some, logs); err != nil || got.Reallocated.Known || got.Uncorrectable.N != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	refuses := &logged{}
	if _, err := ReadHealth(context.Background(), refuses, logs); err == nil {
		t.Error("a drive that says it has logs and aborts has no health")
	}
}

// mutant: health.go: if len(b) != sector || sum(b) != 0 || uniform(b) { => if len(b) != sector || uniform(b) {
func TestParseSmartRefuses(t *testing.T) {
	good := smart(map[byte]uint64{5: 1})
	var h Health
	if err := h.ParseSmart(good); err != nil || h.Attribute5.N != 1 {
		t.Fatalf("%+v, %v", h, err)
	}
	for name, edit := range map[string]func([]byte) []byte{
		"short": func(b []byte) []byte { return b[:511] }, "checksum": func(b []byte) []byte { b[9]++; return b },
		"zeros": func([]byte) []byte { return make([]byte, 512) },
	} {
		h = Health{}
		if err := h.ParseSmart(edit(append([]byte(nil), good...))); err == nil || h != (Health{}) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

func TestSecurityPage(t *testing.T) {
	for _, c := range []struct {
		q    uint64
		want SecurityCapabilities
	}{
		{1<<63 | 1<<7 | 1, SecurityCapabilities{true, true}},
		{1<<63 | 1<<7, SecurityCapabilities{OverridesSecurity: true}},
		{1<<63 | 1, SecurityCapabilities{EncryptsAll: true}},
		{1<<7 | 1, SecurityCapabilities{}}, // not valid
	} {
		b := page(6)
		binary.LittleEndian.PutUint64(b[48:], c.q)
		l := &logged{logs: map[[2]byte][]byte{{0, 0}: directory(0x30), {0x30, 0}: list(0, 1, 6), {0x30, 6}: b}}
		id, _ := ParseIdentify(drive(map[int]uint16{83: 0x4400, 84: 0x4020}))
		if got, err := ReadSecurityPage(context.Background(), l, id); err != nil || got != c.want {
			t.Errorf("%#x: %+v, %v; want %+v", c.q, got, err, c.want)
		}
	}
	no, _ := ParseIdentify(drive(map[int]uint16{83: 0x4400}))
	if got, err := ReadSecurityPage(context.Background(), &logged{}, no); err != nil || got != (SecurityCapabilities{}) {
		t.Errorf("a drive without logs: %+v, %v", got, err)
	}
	if _, err := ReadLogDirectory(context.Background(), &logged{}, no); !errors.Is(err, errNoLogs) {
		t.Errorf("ReadLogDirectory of a drive without logs: %v", err)
	}
	if _, err := ParseSecurityPage(page(5)); err == nil {
		t.Error("page 05h was taken for the security page")
	}
	over := list()
	over[8] = 255
	if _, err := parsePages(over); err != nil {
		t.Errorf("255 pages fit: %v", err)
	}
}

func FuzzHealth(f *testing.F) {
	f.Add(stat(page(3), 0x20, 17, 0xc0))
	f.Add(smart(map[byte]uint64{5: 1, 197: 2}))
	f.Add(directory(4, 0x30))
	f.Add(list(0, 3, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Health
		if h.ParseStatistics(b) != nil && h != (Health{}) {
			t.Errorf("refused and believed: %+v", h)
		}
		if h.Reallocated.N > 1<<32-1 || h.PercentUsed.N > 255 {
			t.Errorf("%+v", h)
		}
		if h.ParseSmart(b) == nil && h.Attribute5.N >= 1<<48 {
			t.Errorf("%+v", h)
		}
		if pages, err := parsePages(b); err == nil && len(pages) > 255 {
			t.Errorf("%d pages", len(pages))
		}
		if _, err := ParseLogDirectory(b); err == nil && len(b) != 512 {
			t.Errorf("a directory of %d bytes", len(b))
		}
	})
}
