package simnvme

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

const size = 64 * unit

func drive(t *testing.T, edit func(*Config)) (*Subsystem, *Manual, Memory) {
	t.Helper()
	c := Config{Model: "MODEL", Serial: "SERIAL", Firmware: "FW", NQN: "nqn.x", Controllers: []uint16{1, 2}, Virtual: true,
		Sanicap: 7, OACS: 1<<1 | 1<<3, FNA: 4, DLFEAT: 2, Capacity: size, RPMBS: 0x00010001, BPCAP: 1, Estimates: true,
		Takes: Durations{Block: 10 * time.Second, Crypto: time.Second, Overwrite: 20 * time.Second}}
	if edit != nil {
		edit(&c)
	}
	clock, m := NewManual(), make(Memory, size)
	for i := range m {
		m[i] = 0xaa
	}
	d := New(c, []Namespace{{ID: 1, Size: size / 2, Attached: []uint16{1}, NGUID: [16]byte{7}},
		{ID: 2, Offset: size / 2, Size: size / 4, Attached: []uint16{1, 2}}}, m, clock)
	return d, clock, m
}

func entry(op byte, nsid uint32, dwords ...uint32) (e Entry) {
	e[0] = op
	binary.LittleEndian.PutUint32(e[4:], nsid)
	for i, v := range dwords {
		binary.LittleEndian.PutUint32(e[40+4*i:], v)
	}
	return e
}

func ask(t *testing.T, d *Subsystem, want uint16, e Entry, data []byte) {
	t.Helper()
	s, _, err := d.Admin(context.Background(), 1, e, data)
	if err != nil || s != want {
		t.Fatalf("%02x: status %04x, %v; want %04x", e[0], s, err, want)
	}
}

func page(t *testing.T, d *Subsystem) string {
	t.Helper()
	b := make([]byte, 512)
	ask(t, d, ok, entry(2, allNamespaces, 127<<16|0x81), b)
	return hex.EncodeToString(b[:8])
}

// TestSanitizeLog is the page, byte for byte: SPROG, SSTAT, SCDW10.
func TestSanitizeLog(t *testing.T) {
	d, clock, m := drive(t, nil)
	if got := page(t, d); got != "ffff000000000000" {
		t.Errorf("at first %s", got)
	}
	ask(t, d, ok, entry(0x84, 0, 0x0a), nil) // block erase, unrestricted
	clock.Add(5 * time.Second)
	if got := page(t, d); got != "008002000a000000" {
		t.Errorf("half-way %s", got)
	}
	if n := bytes.Count(m, []byte{0xff}); n != size/2 {
		t.Errorf("half-way %d bytes are erased", n)
	}
	p := make([]byte, 512)
	for want, e := range map[uint16]Entry{sanitizing: entry(2, 1, 0, 0, 0)} {
		if s, _, err := d.IO(context.Background(), 1, e, p); s != want || err != nil {
			t.Errorf("read meanwhile %04x, %v", s, err)
		}
	}
	ask(t, d, sanitizing, entry(0x84, 0, 4), nil)
	ask(t, d, sanitizing, entry(0x80, 1, 1<<9), nil)
	ask(t, d, sanitizing, entry(0x0d, 1, 1), nil)
	clock.Add(5 * time.Second)
	if got := page(t, d); got != "ffff01010a000000" {
		t.Errorf("at the end %s", got)
	}
	if s, _, err := d.IO(context.Background(), 1, entry(1, 1, 0, 0, 0), p); s != ok || err != nil {
		t.Errorf("write %04x, %v", s, err)
	}
	if got := page(t, d); got != "ffff01000a000000" {
		t.Errorf("after a write %s", got)
	}
	ask(t, d, ok, entry(0x84, 0, 0x143, 0x01020304), nil) // four passes, inverted
	clock.Add(40 * time.Second)
	if got := page(t, d); got != "0080120043010000" { // two of them done
		t.Errorf("overwrite %s", got)
	}
	clock.Add(40 * time.Second)
	if got := page(t, d); got != "ffff210143010000" || !bytes.Equal(m[:4], []byte{0xfb, 0xfc, 0xfd, 0xfe}) {
		t.Errorf("overwritten %s, %x", got, m[:4])
	}
}

// TestReads: the medium keeps what a read no longer shows.
func TestReads(t *testing.T) {
	d, _, _ := drive(t, nil)
	ctx, p := context.Background(), make([]byte, 1024)
	read := func() string {
		if s, _, err := d.IO(ctx, 1, entry(2, 2, 7, 0, 1), p); s != ok || err != nil {
			t.Fatalf("read %04x, %v", s, err)
		}
		return hex.EncodeToString([]byte{p[0], p[511], p[512], p[1023]})
	}
	if got := read(); got != "aaaaaaaa" {
		t.Error(got)
	}
	r := make([]byte, 4096)
	binary.LittleEndian.PutUint32(r[4:], 1)
	binary.LittleEndian.PutUint64(r[8:], 8)
	if s, _, err := d.IO(ctx, 2, entry(9, 2, 0, 4), r); s != ok || err != nil {
		t.Fatalf("deallocate %04x, %v", s, err)
	}
	if got := read(); got != "aaaaffff" {
		t.Error(got)
	}
	q := make([]byte, 512)
	if err := d.Peek(q, size/2+8*512); err != nil || q[0] != 0xaa {
		t.Errorf("the medium holds %x, %v", q[0], err)
	}
	if s, _, err := d.IO(ctx, 1, entry(8, 2, 8, 0, 0), nil); s != ok || err != nil {
		t.Fatalf("write zeroes %04x, %v", s, err)
	}
	if got := read(); got != "aaaa0000" {
		t.Error(got)
	}
	for want, e := range map[uint16]Entry{invalidNamespace: entry(2, 1, 0, 0, 1), outOfRange: entry(2, 2, size/4/512-1, 0, 1)} {
		if s, _, err := d.IO(ctx, 2, e, p); s != want || err != nil {
			t.Errorf("status %04x, %v; want %04x", s, err, want)
		}
	}
}

// TestIdentify is on offsets of the standard, not on the product's decoders.
func TestIdentify(t *testing.T) {
	d, _, _ := drive(t, nil)
	b := make([]byte, 4096)
	get := func(cns byte, nsid uint32, at, n int) string {
		ask(t, d, ok, entry(6, nsid, uint32(cns)), b)
		return hex.EncodeToString(b[at : at+n])
	}
	for _, c := range []struct {
		cns   byte
		nsid  uint32
		at, n int
		want  string
	}{
		{1, 0, 4, 6, hex.EncodeToString([]byte("SERIAL"))}, {1, 0, 76, 4, "03050100"}, {1, 0, 102, 1, "01"},
		{1, 0, 256, 2, "0a00"}, {1, 0, 280, 8, "0000040000000000"}, {1, 0, 296, 8, "0000010000000000"},
		{1, 0, 312, 4, "01000100"}, {1, 0, 328, 4, "07000000"}, {1, 0, 524, 1, "04"},
		{0, 1, 0, 8, "0001000000000000"}, {0, 1, 32, 2, "8002"}, {0, 1, 104, 1, "07"}, {0, 1, 130, 1, "09"},
		{2, 0, 0, 12, "010000000200000000000000"}, {0x10, 0, 0, 12, "010000000200000000000000"},
		{0x13, 0, 0, 6, "020001000200"}, {0x12, 1, 0, 6, "010001000000"},
	} {
		if got := get(c.cns, c.nsid, c.at, c.n); got != c.want {
			t.Errorf("CNS %02x of %d, bytes %d: %s, want %s", c.cns, c.nsid, c.at, got, c.want)
		}
	}
	if _, _, err := d.Admin(context.Background(), 2, entry(6, 0, 1), b); err != nil || b[76] != 7 {
		t.Errorf("the second controller is %x, %v", b[76], err)
	}
}

// TestManage: capacity in no namespace becomes one, and still holds what it held.
func TestManage(t *testing.T) {
	d, _, _ := drive(t, nil)
	b := make([]byte, 4096)
	binary.LittleEndian.PutUint64(b, size/4/512)
	s, id, err := d.Admin(context.Background(), 1, entry(0x0d, 0), b)
	if s != ok || id != 3 || err != nil {
		t.Fatalf("create: %04x, %d, %v", s, id, err)
	}
	ask(t, d, noCapacity, entry(0x0d, 0), b)
	list := make([]byte, 4096)
	list[0], list[2] = 1, 1
	ask(t, d, ok, entry(0x15, 3), list)
	p := make([]byte, 512)
	if s, _, err := d.IO(context.Background(), 1, entry(2, 3, 0, 0, 0), p); s != ok || err != nil || p[0] != 0xaa {
		t.Errorf("reads %04x, %v, %x", s, err, p[0])
	}
	ask(t, d, ok, entry(0x0d, allNamespaces, 1), nil)
	if s, _, _ := d.IO(context.Background(), 1, entry(2, 3, 0, 0, 0), p); s != invalidNamespace {
		t.Errorf("a deleted namespace reads %04x", s)
	}
}

func TestSaved(t *testing.T) {
	d, clock, m := drive(t, nil)
	ask(t, d, ok, entry(0x84, 0, 2), nil)
	clock.Add(3 * time.Second)
	d.PowerOff()
	if _, _, err := d.Admin(context.Background(), 1, entry(6, 0, 1), make([]byte, 4096)); !errors.Is(err, ErrPower) {
		t.Errorf("without power: %v", err)
	}
	clock.Add(time.Hour)
	b, err := d.Save()
	if err != nil || !strings.Contains(string(b), `"SERIAL"`) {
		t.Fatalf("%s, %v", b, err)
	}
	d, err = Restore(b, m, clock)
	if err != nil {
		t.Fatal(err)
	}
	clock.Add(2 * time.Second)
	if got := page(t, d); got != "0080020002000000" {
		t.Errorf("after power is back %s", got)
	}
	if _, err := Restore([]byte("{"), m, clock); err == nil {
		t.Error("half a state was restored")
	}
}

func FuzzCommands(f *testing.F) {
	f.Add(byte(0x84), uint32(0), uint32(2), uint32(0), []byte{1})
	f.Add(byte(0x0d), uint32(0), uint32(0), uint32(0), make([]byte, 4096))
	f.Fuzz(func(t *testing.T, op byte, nsid, d10, d11 uint32, data []byte) {
		d, clock, _ := drive(t, nil)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for range 2 {
			_, _, _ = d.Admin(ctx, 1, entry(op, nsid, d10, d11), data)
			_, _, _ = d.IO(ctx, 1, entry(op, nsid, d10, d11, d10), data)
			clock.Add(time.Second)
		}
		if _, err := d.Save(); err != nil {
			t.Error(err)
		}
	})
}
