package simscsi

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory/scsi"
)

const (
	media = 1 << 20
	hour  = time.Hour
)

// bench is a drive full of old data, and its clock.
type bench struct {
	*Drive
	t      *testing.T
	clock  *Hands
	medium Memory
	old    []byte
}

func usual() Config {
	return Config{Vendor: "ACME", Product: "SIMULATED SAS", Revision: "0001", Serial: "SIM-SAS-1", NAA: 0x5000c500aaaa0001,
		Port: 0x5000c500aaaa0002, Target: 0x5000c500aaaa0003, Media: media, BlockLength: 512, Spare: 2, Rotation: 1,
		Overwrite: true, Block: true, Crypto: true, Format: true, SI: true, Takes: hour}
}

func newBench(t *testing.T, c Config) *bench {
	t.Helper()
	m := make(Memory, media)
	for i := range m {
		m[i] = byte(i>>9) ^ 0xa5 | 1
	}
	b := &bench{t: t, clock: NewHands(), medium: m, old: bytes.Clone(m)}
	var err error
	if b.Drive, err = New(c, m, b.clock); err != nil {
		t.Fatal(err)
	}
	b.want("00 00 00 00 00 00", nil, 0, "06/29/01") // it was just switched on
	return b
}

// want carries out a command and compares how it ends: "ok", "busy", "gone", or sense
// key, code and qualifier with the progress in percent.
func (b *bench) want(cdb string, out []byte, in int, want string) []byte {
	b.t.Helper()
	c, err := hex.DecodeString(strings.ReplaceAll(cdb, " ", ""))
	if err != nil {
		b.t.Fatal(err)
	}
	status, sense, data, err := b.Do(context.Background(), c, out, in)
	got := "ok"
	switch {
	case errors.Is(err, ErrGone):
		got = "gone"
	case err != nil:
		got = err.Error()
	case status == busy:
		got = "busy"
	case status != good:
		got = spell(sense)
	}
	if got != want {
		b.t.Errorf("%s: %s, want %s", cdb, got, want)
	}
	return data
}

func spell(sense []byte) string {
	s, err := scsi.ParseSense(sense)
	if err != nil {
		return "noise"
	}
	if s.HasProgress {
		return fmt.Sprintf("%v %d%%", s, (int(s.Progress)*100+32768)/65536)
	}
	return s.String()
}

// asks is what REQUEST SENSE says.
func (b *bench) asks(want string) {
	b.t.Helper()
	data := b.want("03 00 00 00 fc 00", nil, 252, "ok")
	if got := spell(data); got != want {
		b.t.Errorf("REQUEST SENSE: %s, want %s", got, want)
	}
}

const (
	ready    = "00 00 00 00 00 00"
	erase    = "48 82 00 00 00 00 00 00 00 00"
	crypto   = "48 83 00 00 00 00 00 00 00 00"
	readOne  = "28 00 00 00 00 05 00 00 01 00"
	writeOne = "2a 00 00 00 00 05 00 00 01 00"
)

// left is how many 512-byte pieces of the medium still hold their old data.
func (b *bench) left() int {
	n := 0
	for i := 0; i < media; i += 512 {
		if bytes.Equal(b.medium[i:i+512], b.old[i:i+512]) {
			n++
		}
	}
	return n
}

func TestSanitize(t *testing.T) {
	b := newBench(t, usual())
	b.want(readOne, nil, 512, "ok")
	b.asks("00/00/00")
	b.want(erase, nil, 0, "ok")
	b.asks("02/04/1B 0%")
	b.clock.Move(hour / 2)
	for _, c := range []string{ready, readOne, erase, "04 10 00 00 00 00", "25 00 00 00 00 00 00 00 00 00"} {
		b.want(c, make([]byte, 8), 512, "02/04/1B 50%")
	}
	for _, c := range []string{"12 00 00 00 60 00", "a0 00 00 00 00 00 00 00 00 10 00 00", "4d 00 4d 00 00 00 00 00 40 00"} {
		b.want(c, nil, 512, "ok")
	}
	if n := b.left(); n != media/512/2 || !b.Running() {
		t.Errorf("half-way %d blocks are old, want half", n)
	}
	if !bytes.Contains(b.Spare(), []byte("OLD DATA")) {
		t.Error("the spare blocks are erased before the end")
	}
	b.clock.Move(hour / 2)
	b.asks("00/00/00")
	b.want(ready, nil, 0, "ok")
	if n := b.left(); n != 0 || bytes.Contains(b.Spare(), []byte("OLD")) || b.Running() {
		t.Errorf("at the end %d blocks are old", n)
	}
	if got := b.want(readOne, nil, 512, "ok"); !bytes.Equal(got, make([]byte, 512)) {
		t.Errorf("an erased block reads % x", got[:8])
	}
}

// TestOutlives: a sanitize goes on after a loss of power, and after the program that
// simulates it was killed, where it was, however long that took.
func TestOutlives(t *testing.T) {
	b := newBench(t, usual())
	b.want(erase, nil, 0, "ok")
	b.clock.Move(hour / 4)
	b.PowerCycle()
	b.asks("06/29/01")
	b.asks("02/04/1B 25%")
	b.clock.Move(hour / 4)
	b.Reset()
	b.want(ready, nil, 0, "06/29/02")
	s, err := b.State()
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Move(100 * hour)
	again, err := New(Config{Media: 512, BlockLength: 512}, b.medium, b.clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(s); err != nil {
		t.Fatal(err)
	}
	again.PowerCycle()
	b.Drive = again
	b.asks("06/29/01")
	b.asks("02/04/1B 50%")
	b.clock.Move(hour / 2)
	b.want(ready, nil, 0, "ok")
	if n := b.left(); n != 0 {
		t.Errorf("%d blocks are old", n)
	}
	for _, bad := range []string{"", "{}", `{"config":{"media":512},"length":512,"blocks":9}`} {
		if err := b.Restore([]byte(bad)); err == nil {
			t.Errorf("restored %s", bad)
		}
	}
}

func TestOverwrite(t *testing.T) {
	b := newBench(t, usual())
	const o = "48 81 00 00 00 00 00 00 06 00"
	for _, list := range [][]byte{nil, {1, 0, 0, 2, 1}, {0, 0, 0, 2, 1, 2}, {1, 0, 0, 0, 1, 2}, {1, 0, 0, 9, 1, 2}} {
		want := "05/26/00"
		if len(list) < 6 {
			want = "05/1A/00"
		}
		b.want(o, list, 0, want)
	}
	b.want(o, []byte{0x82, 0, 0, 2, 0xaa, 0x0f}, 0, "ok") // two passes, the second inverted
	b.clock.Move(hour)
	if got := b.want(readOne, nil, 4, "ok"); !bytes.Equal(got, []byte{0x55, 0xf0, 0x55, 0xf0}) {
		t.Errorf("an overwritten block reads % x", got)
	}
}

// TestWait: IMMED 0 holds the command until the end.
func TestWait(t *testing.T) {
	c := usual()
	b := newBench(t, c)
	before := b.clock.Now()
	b.want("48 02 00 00 00 00 00 00 00 00", nil, 0, "ok")
	if took := b.clock.Now().Sub(before); took < hour || b.left() != 0 {
		t.Errorf("it took %v, %d blocks are old", took, b.left())
	}
	c.Faults.FailAt = 0.5
	b = newBench(t, c)
	b.want("48 02 00 00 00 00 00 00 00 00", nil, 0, "03/31/03")
}

// TestFailure: which way leads out of the failure mode is decided by AUSE of the
// command that failed.
func TestFailure(t *testing.T) {
	c := usual()
	c.Faults.FailAt = 0.5
	for _, x := range []struct{ start, exit, other, then string }{
		{"48 82", "05/24/00", "05/24/00", "03/31/03"},
		{"48 a2", "ok", "ok", "ok"},
	} {
		b := newBench(t, c)
		b.want(x.start, nil, 0, "ok")
		b.clock.Move(hour)
		b.want(ready, nil, 0, "03/31/03")
		b.asks("03/31/03")
		b.want(readOne, nil, 512, "03/31/03")
		b.PowerCycle()
		b.asks("06/29/01")
		b.want("04 10 00 00 00 00", make([]byte, 4), 0, "03/31/03")
		if n := b.left(); n != media/512/2 {
			t.Errorf("%d blocks are old, want half", n)
		}
		b.want("48 1f", nil, 0, x.exit)
		b.want(ready, nil, 0, x.then)
		b.want("48 a2", nil, 0, x.other)
		b.want("48 82", nil, 0, map[string]string{"ok": "02/04/1B 0%", "05/24/00": "ok"}[x.other])
	}
}

// TestFormat is the way from 520 to 512 bytes a block, with a loss of power in it.
func TestFormat(t *testing.T) {
	c := usual()
	c.BlockLength = 520
	b := newBench(t, c)
	capacity := func(length byte) {
		t.Helper()
		n := media/(512+int(length)) - 1
		want := []byte{0, 0, byte(n >> 8), byte(n), 0, 0, 2, length}
		if got := b.want("25", nil, 8, "ok"); !bytes.Equal(got, want) {
			t.Errorf("capacity % x, want % x", got, want)
		}
	}
	capacity(8)
	b.want(readOne, nil, 520, "ok")
	sel := append([]byte{0, 0, 0, 0, 1, 0, 0, 16}, bytes.Repeat([]byte{0xff}, 8)...)
	sel = append(sel, 0, 0, 0, 0, 0, 0, 2, 0)
	b.want("55 10 00 00 00 00 00 00 18 00", sel, 0, "ok")
	b.want(readOne, nil, 520, "03/31/00")
	b.asks("03/31/00")
	b.want("04 10 00 00 00 00", []byte{0, 2, 0, 0}, 0, "ok")
	b.clock.Move(hour / 2)
	b.want(ready, nil, 0, "02/04/04 50%")
	b.PowerCycle()
	b.want(ready, nil, 0, "06/29/01")
	b.want(ready, nil, 0, "03/31/00") // a format does not go on
	b.want("04 10 00 00 00 00", []byte{0, 0x8a, 0, 0, 0x20, 0, 0, 0}, 0, "ok")
	b.clock.Move(hour)
	b.want(ready, nil, 0, "06/2A/09")
	b.want(ready, nil, 0, "ok")
	capacity(0)
	if b.left() != 0 || bytes.Contains(b.Spare(), []byte("OLD")) {
		t.Error("something is left")
	}
	// Hidden blocks come back without a format.
	copy(sel[8:], []byte{0, 0, 0, 0, 0, 0, 0, 9})
	b.want("55 10 00 00 00 00 00 00 18 00", sel, 0, "ok")
	b.want(ready, nil, 0, "06/2A/09")
	b.want("28 00 00 00 00 09 00 00 01 00", nil, 512, "05/21/00")
	copy(sel[8:], bytes.Repeat([]byte{0xff}, 8))
	b.want("55 10 00 00 00 00 00 00 18 00", sel, 0, "ok")
	b.want(ready, nil, 0, "06/2A/09")
	capacity(0)
}

// TestFormatLeavesSpare: only SI reaches what no host can address, and a fast format
// reaches nothing.
func TestFormatLeavesSpare(t *testing.T) {
	b := newBench(t, usual())
	b.want("04 10 00 00 01 00", []byte{0, 2, 0, 0}, 0, "ok")
	b.clock.Move(hour)
	b.want(ready, nil, 0, "ok")
	if n := b.left(); n != media/512 {
		t.Errorf("a fast format erased; %d blocks are old", n)
	}
	b.want("04 10 00 00 00 00", []byte{0, 2, 0, 0}, 0, "ok")
	b.clock.Move(hour)
	b.want(ready, nil, 0, "ok")
	if b.left() != 0 || !bytes.Contains(b.Spare(), []byte("OLD")) {
		t.Error("want the blocks erased and the spare ones left")
	}
	c := usual()
	c.SI = false
	b = newBench(t, c)
	b.want("04 10 00 00 00 00", []byte{0, 0x8a, 0, 0, 0x20, 0, 0, 0}, 0, "05/26/00")
}

// TestAfterCrypto: reads before a write are errors where WACEREQ says so.
func TestAfterCrypto(t *testing.T) {
	for req, want := range map[byte]string{0: "ok", 1: "ok", 2: "03/11/00", 3: "03/11/15"} {
		c := usual()
		c.WACEREQ = req
		b := newBench(t, c)
		b.want(crypto, nil, 0, "ok")
		b.clock.Move(hour)
		got := b.want(readOne, nil, 512, want)
		if want == "ok" && bytes.Equal(got, make([]byte, 512)) {
			t.Error("a crypto erase left zeros: want noise")
		}
		if b.left() != 0 {
			t.Error("a crypto erase left data")
		}
		b.PowerCycle()
		b.asks("06/29/01")
		b.want(writeOne, make([]byte, 512), 0, "ok")
		b.want(readOne, nil, 512, "ok")
		b.want("28 00 00 00 00 06 00 00 01 00", nil, 512, want)
	}
}

func TestPair(t *testing.T) {
	a, b, err := Pair(usual(), make(Memory, media), make(Memory, media), NewHands())
	if err != nil {
		t.Fatal(err)
	}
	var naa []string
	var rest [2][]scsi.Designator
	for i, d := range []*Drive{a, b} {
		page, err := scsi.ReadPage(context.Background(), Over(d), scsi.PageIdentification)
		if err != nil {
			t.Fatal(err)
		}
		ds, err := scsi.ParseDesignators(page)
		if err != nil || len(ds) != 3 {
			t.Fatalf("%d designators, %v", len(ds), err)
		}
		n, _ := scsi.Names(ds)
		naa, rest[i] = append(naa, n), ds[1:]
	}
	if naa[0] != "5000c500aaaa0001" || naa[1] != "5000c500aaaa0002" {
		t.Errorf("names %v", naa)
	}
	if d := cmp.Diff(rest[0], rest[1]); d != "" {
		t.Errorf("they are two drives:\n%s", d)
	}
}
