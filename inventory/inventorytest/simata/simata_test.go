package simata

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"
)

// everything is a drive with all feature sets, 2048 sectors and 16 spare ones.
func everything() Config {
	return Config{Model: "SIMULATED SSD", Serial: "SIM-ATA-1", Firmware: "1.0", WWN: 0x5000c50012345678,
		Sectors: 2048, Spare: 16, Rotation: 1, Crypto: true, Block: true, Overwrite: true, AntiFreeze: true,
		Security: true, Enhanced: true, HPA: true, DCO: true, Logs: true, Smart: true,
		SanitizeTime: 100 * time.Second, EraseTime: time.Hour, EnhancedTime: time.Hour, EraseWord: 30, EnhancedWord: 30}
}

// bench is a drive filled with old data.
type bench struct {
	*Drive
	t     *testing.T
	clock *Manual
	store Memory
}

func newBench(t *testing.T, c Config, f Faults) *bench {
	t.Helper()
	b := &bench{t: t, clock: &Manual{}, store: NewMemory(c)}
	for i := range b.store {
		b.store[i] = 0xa5
	}
	b.Drive = New(c, f, b.store, b.clock)
	return b
}

// old counts the physical sectors that still hold the old data, in order.
func (b *bench) old() (left []uint64) {
	want := bytes.Repeat([]byte{0xa5}, 512)
	for n := range uint64(len(b.store) / 512) {
		p, err := b.Peek(n)
		if err != nil {
			b.t.Fatal(err)
		}
		if bytes.Equal(p, want) {
			left = append(left, n)
		}
	}
	return left
}

// nonData is ATA PASS-THROUGH(16) of a 48-bit command without data, asking for registers.
func nonData(op byte, feature, count uint16, lba uint64) []byte {
	return []byte{0x85, 0x07, 0x20, byte(feature >> 8), byte(feature), byte(count >> 8), byte(count),
		byte(lba >> 24), byte(lba), byte(lba >> 32), byte(lba >> 8), byte(lba >> 40), byte(lba >> 16), 0x40, op, 0}
}

func dataIn(op byte, feature byte, lba uint64) []byte {
	return []byte{0x85, 0x08, 0x0e, 0, feature, 0, 1, 0, byte(lba), 0, byte(lba >> 8), 0, byte(lba >> 16), 0x40, op, 0}
}

func dataOut(op byte) []byte {
	return []byte{0x85, 0x0a, 0x06, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x40, op, 0}
}

// ata sends a non-data command and returns COUNT and LBA, or fails when it was aborted.
func (b *bench) ata(op byte, feature, count uint16, lba uint64) (uint16, uint64) {
	b.t.Helper()
	status, s, _, err := b.Do(nonData(op, feature, count, lba), nil)
	if err != nil || status != 2 || len(s) != 22 || s[0] != 0x72 || s[21]&1 != 0 {
		b.t.Fatalf("command %02X/%02X: status %d sense % x, %v", op, feature, status, s, err)
	}
	n := uint64(s[15]) | uint64(s[17])<<8 | uint64(s[19])<<16 | uint64(s[14])<<24 | uint64(s[16])<<32 | uint64(s[18])<<40
	return uint16(s[12])<<8 | uint16(s[13]), n
}

// aborts sends one that must be aborted; the sense is of the old fixed format.
func (b *bench) aborts(op byte, feature, count uint16, lba uint64, reason byte) {
	b.t.Helper()
	status, s, _, err := b.Do(nonData(op, feature, count, lba), nil)
	if err != nil || status != 2 || len(s) != 18 || s[0] != 0x70 || s[2] != 0x0b || s[8]&4 == 0 || s[9]&1 == 0 || s[17] != reason {
		b.t.Fatalf("command %02X/%02X: status %d sense % x, %v; want an abort, reason %d", op, feature, status, s, err, reason)
	}
}

// password sends a security command with data.
func (b *bench) password(op, bits byte, pw string) bool {
	b.t.Helper()
	p := make([]byte, 512)
	p[0] = bits
	copy(p[2:34], pw)
	status, _, _, err := b.Do(dataOut(op), p)
	if err != nil {
		b.t.Fatal(err)
	}
	return status == 0
}

func (b *bench) word(n int) uint16 {
	b.t.Helper()
	_, _, d, err := b.Do(dataIn(0xec, 0, 0), nil)
	if err != nil || len(d) != 512 {
		b.t.Fatalf("IDENTIFY DEVICE: %d bytes, %v", len(d), err)
	}
	var sum byte
	for _, c := range d {
		sum += c
	}
	if sum != 0 || d[510] != 0xa5 {
		b.t.Fatal("IDENTIFY DEVICE: wrong checksum")
	}
	return binary.LittleEndian.Uint16(d[2*n:])
}

func (b *bench) sectors() int { return int(b.word(100)) | int(b.word(101))<<16 }

// clear takes the attention after a power cycle.
func (b *bench) clear() {
	b.t.Helper()
	if status, s, _, _ := b.Do(make([]byte, 6), nil); status != 2 || s[2] != 6 || s[12] != 0x29 {
		b.t.Fatalf("no unit attention: status %d, % x", status, s)
	}
}

func TestSanitizeReachesEverything(t *testing.T) {
	for _, c := range []struct {
		name    string
		feature uint16
		count   uint16
		lba     uint64
		last    byte // of any sector
	}{{"crypto", 0x11, 0, 0x43727970, 0}, {"block", 0x12, 0, 0x426b4572, 0}, {"overwrite", 0x14, 1, 0x4f57_11223344, 0x44}} {
		b := newBench(t, everything(), Faults{})
		if err := b.Reallocate(7); err != nil {
			t.Fatal(err)
		}
		b.Set(func(s *State) { s.Accessible, s.Configured = 1000, 1500 })
		if count, lba := b.ata(0xb4, 0, 0, 0); count != 0 || lba != 0xffff {
			t.Errorf("%s: idle: %04X %X", c.name, count, lba)
		}
		if count, lba := b.ata(0xb4, c.feature, c.count, c.lba); count != 0x4000 || lba != 0 {
			t.Errorf("%s: started: %04X %X", c.name, count, lba)
		}
		b.clock.Sleep(50 * time.Second)
		if count, lba := b.ata(0xb4, 0, 0, 0); count != 0x4000 || lba != 0x8000 {
			t.Errorf("%s: half way: %04X %X", c.name, count, lba)
		}
		if n := len(b.old()); n < 1000 || n > 1064 {
			t.Errorf("%s: half way, %d sectors left of 2064", c.name, n)
		}
		if status, _, _, _ := b.Do([]byte{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, nil); status == 0 {
			t.Errorf("%s: a read in mid-erase succeeded", c.name)
		}
		b.clock.Sleep(50 * time.Second)
		if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x8000 {
			t.Errorf("%s: done: %04X", c.name, count)
		}
		if n := b.old(); n != nil {
			t.Errorf("%s: %v left", c.name, n)
		}
		if p, _ := b.Peek(2063); c.name != "crypto" && p[511] != c.last || c.name == "crypto" && bytes.Equal(p, make([]byte, 512)) {
			t.Errorf("%s: spare sector % x", c.name, p[:8])
		}
		b.PowerCycle()
		b.clear()
		if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x8000 {
			t.Errorf("%s: after a power cycle: %04X; a drive remembers its success", c.name, count)
		}
	}
}

func TestOverwriteOfNoPassesIsSixteen(t *testing.T) {
	b := newBench(t, everything(), Faults{})
	b.ata(0xb4, 0x14, 0, 0x4f57_00000000)
	b.clock.Sleep(1599 * time.Second)
	if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x4000 {
		t.Errorf("after 15.99 passes' time: %04X", count)
	}
}

func TestSanitizeLocks(t *testing.T) {
	b := newBench(t, everything(), Faults{})
	b.aborts(0xb4, 0x12, 0, 0x12345678, 0) // wrong key
	b.ata(0xb4, 0x20, 0, 0x46724c6b)
	b.aborts(0xb4, 0x12, 0, 0x426b4572, 3)
	b.aborts(0xb4, 0x40, 0, 0x416e7469, 3)
	b.HotReset()
	b.clear()
	b.aborts(0xb4, 0x12, 0, 0x426b4572, 3)
	b.PowerCycle()
	b.clear()
	b.ata(0xb4, 0x40, 0, 0x416e7469)
	b.aborts(0xb4, 0x20, 0, 0x46724c6b, 4)
	if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x1000 {
		t.Errorf("antifreeze: %04X", count)
	}
}

// TestNormalEraseLeavesWhatNoHostReaches: reallocated sectors and what lies behind an HPA
// keep their data under a normal erase and not under an enhanced one.
func TestNormalEraseLeavesWhatNoHostReaches(t *testing.T) {
	for bits, want := range map[byte]int{0: 1 + 48 + 15, 2: 0} {
		b := newBench(t, everything(), Faults{})
		if err := b.Reallocate(7); err != nil {
			t.Fatal(err)
		}
		b.Set(func(s *State) { s.Accessible = 2000 })
		if !b.password(0xf1, 0, "secret") || b.word(128) != 0x23 {
			t.Fatalf("SET PASSWORD: word 128 %04X", b.word(128))
		}
		if b.password(0xf4, bits, "secret") {
			t.Error("ERASE UNIT without PREPARE was taken")
		}
		b.ata(0xf3, 0, 0, 0)
		if !b.password(0xf4, bits, "secret") || b.word(128) != 0x21 {
			t.Errorf("ERASE UNIT: word 128 %04X", b.word(128))
		}
		if d := b.clock.Now().Sub(time.Unix(0, 0)); d < time.Hour {
			t.Errorf("ERASE UNIT took %v", d)
		}
		if n := len(b.old()); n != want {
			t.Errorf("bits %d: %d sectors left; want %d", bits, n, want)
		}
	}
}

func TestSecurityStates(t *testing.T) {
	b := newBench(t, everything(), Faults{})
	b.password(0xf1, 0, "secret")
	b.PowerCycle()
	b.clear()
	if b.word(128) != 0x27 {
		t.Fatalf("after a power cycle: word 128 %04X; want locked", b.word(128))
	}
	if status, _, _, _ := b.Do([]byte{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, nil); status == 0 {
		t.Error("a locked drive was read")
	}
	b.aborts(0xb4, 0x12, 0, 0x426b4572, 0)
	for range 5 {
		if b.password(0xf2, 0, "wrong") {
			t.Fatal("wrong password taken")
		}
	}
	if b.word(128) != 0x37 || b.password(0xf2, 0, "secret") {
		t.Errorf("after five wrong ones: word 128 %04X; the right one must not be taken either", b.word(128))
	}
	b.PowerCycle()
	b.clear()
	if !b.password(0xf2, 0, "secret") || !b.password(0xf6, 0, "secret") || b.word(128) != 0x21 {
		t.Errorf("unlock and disable: word 128 %04X", b.word(128))
	}
	b.ata(0xf5, 0, 0, 0)
	b.HotReset()
	b.clear()
	if b.password(0xf1, 0, "x") || b.word(128) != 0x29 {
		t.Errorf("frozen: word 128 %04X", b.word(128))
	}
	b.Suspend()
	b.clear()
	if b.word(128) != 0x21 {
		t.Errorf("woken: word 128 %04X", b.word(128))
	}
}

func TestEndsOfTheDrive(t *testing.T) {
	b := newBench(t, everything(), Faults{})
	b.aborts(0x37, 0, 1, 999, 0) // not after READ NATIVE MAX
	if _, last := b.ata(0x27, 0, 0, 0); last != 2047 {
		t.Fatalf("native max %d", last)
	}
	b.ata(0x37, 0, 1, 999)
	if b.sectors() != 1000 {
		t.Fatalf("%d sectors; want 1000", b.sectors())
	}
	if _, _, d, _ := b.Do([]byte{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, nil); be.Uint32(d) != 999 {
		t.Errorf("READ CAPACITY %d", be.Uint32(d))
	}
	if status, s, _, _ := b.Do([]byte{0x28, 0, 0, 0, 0x03, 0xe8, 0, 0, 1, 0}, nil); status != 2 || s[12] != 0x21 {
		t.Errorf("a hidden sector was read: %d % x", status, s)
	}
	b.ata(0x27, 0, 0, 0)
	if status, s, _, _ := b.Do(nonData(0x37, 0, 1, 2047), nil); status != 2 || s[8] != 0x14 {
		t.Errorf("a second lasting SET MAX in one power cycle: % x", s)
	}
	b.aborts(0xb1, 0xc0, 0, 0, 0) // RESTORE while an HPA is set
	b.PowerCycle()
	b.clear()
	if b.sectors() != 1000 {
		t.Errorf("a lasting SET MAX was forgotten")
	}
	b.ata(0x27, 0, 0, 0)
	b.ata(0x37, 0, 0, 1500)
	if b.sectors() != 1501 {
		t.Errorf("volatile SET MAX: %d", b.sectors())
	}
	b.PowerCycle()
	b.clear()
	if b.sectors() != 1000 {
		t.Errorf("a volatile SET MAX was kept")
	}
	b.Set(func(s *State) { s.Accessible, s.Configured, s.HidesSecurity = 0, 1500, true })
	if b.sectors() != 1500 || b.word(128) != 0 || b.word(82)&2 != 0 {
		t.Errorf("overlay: %d sectors, word 128 %04X", b.sectors(), b.word(128))
	}
	if _, last := b.ata(0x27, 0, 0, 0); last != 1499 {
		t.Errorf("native max under an overlay %d", last)
	}
	if _, _, d, _ := b.Do(dataIn(0xb1, 0xc2, 0), nil); binary.LittleEndian.Uint64(d[6:]) != 2047 {
		t.Error("DEVICE CONFIGURATION IDENTIFY does not name the real end")
	}
	b.ata(0xb1, 0xc0, 0, 0)
	if b.sectors() != 2048 || b.word(128) != 0x21 {
		t.Errorf("restored: %d sectors, word 128 %04X", b.sectors(), b.word(128))
	}
}

func TestAccessibleMax(t *testing.T) {
	c := everything()
	c.HPA, c.AMAX = false, true
	b := newBench(t, c, Faults{})
	b.ata(0x78, 1, 0, 999)
	if _, last := b.ata(0x78, 0, 0, 0); b.sectors() != 1000 || last != 2047 {
		t.Errorf("%d sectors, native %d", b.sectors(), last)
	}
	b.aborts(0x78, 1, 0, 2047, 0)
	b.PowerCycle()
	b.clear()
	b.ata(0x78, 1, 0, 2047)
	if b.sectors() != 2048 {
		t.Errorf("%d sectors", b.sectors())
	}
}

// TestRestored: a drive that dies with whatever serves it goes on from what it told last.
func TestRestored(t *testing.T) {
	b := newBench(t, everything(), Faults{})
	var kept []byte
	b.OnChange = func(s []byte) { kept = s }
	b.ata(0xb4, 0x12, 0x10, 0x426b4572)
	b.clock.Sleep(30 * time.Second)
	b.ata(0xb4, 0, 0, 0)
	later := &Manual{}
	later.Sleep(1000 * time.Hour) // off all the while
	d, err := Restore(kept, b.store, later)
	if err != nil {
		t.Fatal(err)
	}
	b.Drive, b.clock = d, later
	b.clear()
	if count, lba := b.ata(0xb4, 0, 0, 0); count != 0x4000 || lba != 0x4ccc {
		t.Errorf("restored: %04X %04X; want 30 %%", count, lba)
	}
	b.clock.Sleep(70 * time.Second)
	if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x8000 || b.old() != nil {
		t.Errorf("gone on: %04X, %d left", count, len(b.old()))
	}
}

// TestDiesInSecurityErase: the state that was told in the middle of the command is of a
// drive that comes back locked with the password.
func TestDiesInSecurityErase(t *testing.T) {
	b := newBench(t, everything(), Faults{})
	b.password(0xf1, 0, "secret")
	n, kept := 0, []byte(nil)
	b.OnChange = func(s []byte) {
		if n++; n == 40 {
			kept = s
		}
	}
	b.ata(0xf3, 0, 0, 0)
	b.password(0xf4, 2, "secret")
	d, err := Restore(kept, b.store, b.clock)
	if err != nil {
		t.Fatal(err)
	}
	b.Drive = d
	b.clear()
	if b.word(128) != 0x27 || !b.password(0xf2, 0, "secret") {
		t.Errorf("word 128 %04X; want enabled and locked with the password", b.word(128))
	}
}

// TestFaults: what each fault does, seen from outside.
func TestFaults(t *testing.T) {
	block := func(b *bench) { b.ata(0xb4, 0x12, 0, 0x426b4572); b.clock.Sleep(100 * time.Second) }
	for name, c := range map[string]struct {
		f    Faults
		then func(t *testing.T, b *bench)
	}{
		"unsupported": {Faults{Unsupported: true}, func(t *testing.T, b *bench) {
			b.aborts(0xb4, 0x12, 0, 0x426b4572, 2)
			if b.word(59) != 0 || b.word(128) != 0 || b.word(82)&2 != 0 {
				t.Error("and claimed")
			}
		}},
		"rejects": {Faults{Rejects: true}, func(t *testing.T, b *bench) { b.aborts(0xb4, 0x12, 0, 0x426b4572, 0) }},
		"frozen": {Faults{FrozenSecurity: true, FrozenSanitize: true}, func(t *testing.T, b *bench) {
			b.aborts(0xb4, 0x12, 0, 0x426b4572, 3)
			if b.word(128)&8 == 0 {
				t.Error("security is not frozen")
			}
		}},
		"locked": {Faults{Locked: true}, func(t *testing.T, b *bench) {
			if b.word(128) != 0x27 {
				t.Errorf("word 128 %04X", b.word(128))
			}
		}},
		"fails": {Faults{FailsAt: 40}, func(t *testing.T, b *bench) {
			block(b)
			b.aborts(0xb4, 0, 0, 0, 1)
			b.aborts(0xb4, 0, 1, 0, 1) // FAILURE MODE was restricted
			b.ata(0xb4, 0x12, 0x10, 0x426b4572)
			b.clock.Sleep(100 * time.Second)
			if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x8000 {
				t.Errorf("run again: %04X", count)
			}
		}},
		"stuck": {Faults{StuckAt: 40}, func(t *testing.T, b *bench) {
			block(b)
			b.clock.Sleep(1e6 * time.Second)
			if count, lba := b.ata(0xb4, 0, 0, 0); count != 0x4000 || lba != 0x6666 {
				t.Errorf("%04X %04X", count, lba)
			}
		}},
		"power cut": {Faults{PowerCutAt: 40}, func(t *testing.T, b *bench) {
			block(b)
			b.clear()
			b.clock.Sleep(100 * time.Second)
			if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x8000 || b.old() != nil || b.State().PowerCycles != 1 {
				t.Errorf("%04X, %d left, %d power cycles", count, len(b.old()), b.State().PowerCycles)
			}
		}},
		"resets": {Faults{ResetsAt: 40}, func(t *testing.T, b *bench) {
			block(b)
			b.clear()
			if count, _ := b.ata(0xb4, 0, 0, 0); count&0xc000 == 0 {
				t.Errorf("%04X", count)
			}
		}},
		"vanishes": {Faults{VanishesAt: 40}, func(t *testing.T, b *bench) {
			block(b)
			if _, _, _, err := b.Do(dataIn(0xec, 0, 0), nil); !errors.Is(err, ErrGone) {
				t.Errorf("%v", err)
			}
		}},
		"nothing erased": {Faults{ErasesNothing: true}, func(t *testing.T, b *bench) {
			block(b)
			if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x8000 || len(b.old()) != 2064 {
				t.Errorf("%04X, %d left", count, len(b.old()))
			}
		}},
		"stale success": {Faults{StaleSuccess: true}, func(t *testing.T, b *bench) {
			if count, _ := b.ata(0xb4, 0, 0, 0); count != 0x8000 {
				t.Errorf("before: %04X", count)
			}
			if count, _ := b.ata(0xb4, 0x12, 0, 0x426b4572); count != 0x8000 || len(b.old()) != 2064 {
				t.Errorf("after: %04X, %d left", count, len(b.old()))
			}
		}},
		"1 % contiguous": {Faults{SurvivePPM: 10_000, Contiguous: true, SurviveSeed: 5}, func(t *testing.T, b *bench) {
			block(b)
			b.ata(0xb4, 0, 0, 0)
			old := b.old()
			if len(old) != 21 || old[20]-old[0] != 20 {
				t.Errorf("%v left", old)
			}
		}},
		"10 % spread": {Faults{SurvivePPM: 100_000}, func(t *testing.T, b *bench) {
			block(b)
			b.ata(0xb4, 0, 0, 0)
			if old := b.old(); len(old) < 150 || len(old) > 260 || old[1]-old[0] == 1 && old[2]-old[1] == 1 && old[3]-old[2] == 1 {
				t.Errorf("%d left: %v", len(old), old)
			}
		}},
		"leaves hidden": {Faults{LeavesHidden: true}, func(t *testing.T, b *bench) {
			b.Set(func(s *State) { s.Accessible = 2000 })
			block(b)
			b.ata(0xb4, 0, 0, 0)
			if old := b.old(); len(old) != 48 || old[0] != 2000 {
				t.Errorf("%v left", old)
			}
		}},
		"changes identity": {Faults{ChangesIdentity: true}, func(t *testing.T, b *bench) {
			before := b.word(10)
			block(b)
			if b.word(10) == before {
				t.Error("the same serial number")
			}
		}},
		"zero registers": {Faults{ZeroRegisters: true}, func(t *testing.T, b *bench) {
			_, s, _, _ := b.Do(nonData(0xb4, 0, 0, 0), nil)
			if !bytes.Equal(s[10:], make([]byte, 12)) || s[1] != 1 || s[3] != 0x1d {
				t.Errorf("% x", s)
			}
		}},
		"loses registers": {Faults{LoseRegisters: 2}, func(t *testing.T, b *bench) {
			for i := range 3 {
				if _, s, _, _ := b.Do(nonData(0xb4, 0, 0, 0), nil); (s[21] == 0) != (i < 2) {
					t.Errorf("time %d: % x", i, s)
				}
			}
		}},
		"garbage": {Faults{GarbageRegisters: true}, func(t *testing.T, b *bench) {
			_, s1, _, _ := b.Do(nonData(0xb4, 0, 0, 0), nil)
			_, s2, _, _ := b.Do(nonData(0xb4, 0, 0, 0), nil)
			if bytes.Equal(s1, s2) {
				t.Errorf("% x twice", s1)
			}
		}},
		"cache lies": {Faults{CacheLies: true}, func(t *testing.T, b *bench) {
			write := []byte{0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0}
			if status, _, _, _ := b.Do(write, make([]byte, 512)); status != 0 {
				t.Fatal("write refused")
			}
			_, _, p, _ := b.Do([]byte{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, nil)
			if p[0] != 0 || b.store[0] != 0xa5 {
				t.Errorf("reads %02X, medium %02X", p[0], b.store[0])
			}
			b.PowerCycle()
			b.clear()
			if _, _, p, _ = b.Do([]byte{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, nil); p[0] != 0xa5 {
				t.Errorf("after a power cut: %02X", p[0])
			}
		}},
	} {
		t.Run(name, func(t *testing.T) { c.then(t, newBench(t, everything(), c.f)) })
	}
}

// TestSecurityFaults: what happens in the middle of SECURITY ERASE UNIT leaves the drive
// locked with the password.
func TestSecurityFaults(t *testing.T) {
	for name, f := range map[string]Faults{"power cut": {PowerCutAt: 50}, "resets": {ResetsAt: 50}, "fails": {FailsAt: 50}} {
		b := newBench(t, everything(), f)
		b.password(0xf1, 0, "secret")
		b.ata(0xf3, 0, 0, 0)
		p := make([]byte, 512)
		copy(p[2:], "secret")
		status, _, _, err := b.Do(dataOut(0xf4), p)
		if name == "fails" && (status != 2 || err != nil) || name != "fails" && !errors.Is(err, ErrReset) {
			t.Errorf("%s: status %d, %v", name, status, err)
		}
		if name != "fails" {
			b.clear()
		}
		if n := len(b.old()); b.word(128)&6 != 6 || n < 900 || n > 1100 {
			t.Errorf("%s: word 128 %04X, %d left", name, b.word(128), n)
		}
	}
}
