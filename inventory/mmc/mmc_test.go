package mmc

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func extCSD() []byte {
	b := make([]byte, 512)
	b[143], b[144] = 2, 1
	b[168], b[175], b[179], b[181], b[192] = 4, 1, 0x4a, 1, 8
	b[212], b[214] = 0x00, 0xe9 // 15,269,888 sectors
	b[221], b[223], b[224], b[226], b[230], b[231] = 16, 2, 1, 32, 27, 0x55
	b[267], b[268], b[269] = 1, 2, 3
	return b
}

func TestParseExtCSD(t *testing.T) {
	got, err := ParseExtCSD(extCSD())
	want := ExtCSD{Revision: 8, Sectors: 0xe90000, Secure: 0x55, EraseGroup: 1024, EraseTimeout: 600 * time.Millisecond,
		SecureFactor: 27, HighCapacity: true, Boot: 4 << 20, RPMB: 512 << 10, General: [4]uint64{258 * 16 * 512 << 10},
		Selected: 2, ErasedOnes: true, PreEOL: 1, LifeA: 2, LifeB: 3}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if !got.Sanitize() || !got.SecureErase() || !got.SecureTrim() {
		t.Error("features mistaken")
	}
	for _, b := range [][]byte{nil, make([]byte, 511), make([]byte, 512)} {
		if e, err := ParseExtCSD(b); err == nil {
			t.Errorf("%d bytes were %+v", len(b), e)
		}
	}
}

// TestCommands: SANITIZE as mmc-utils sends it, 03A50101h.
//
// mutant: mmc.go: was&^partitionAccess|byte(partition) => byte(partition)
// mutant: mmc.go: if last < first || first%e.EraseGroup != 0 => if last < first
func TestCommands(t *testing.T) {
	if c := SanitizeCommand(time.Hour); c.Opcode != 6 || c.Arg != 0x03a50101 || c.Flags != 0x49d || !c.Write || c.Timeout != time.Hour {
		t.Errorf("sanitize %+v", c)
	}
	if c := ExtCSDCommand(); c.Opcode != 8 || c.Flags != 0xb5 || c.Write || len(c.Data) != 512 {
		t.Errorf("EXT_CSD %+v", c)
	}
	if c, err := SelectCommand(0x4a, 1); err != nil || c.Arg != 0x03b34901 {
		t.Errorf("select %+v, %v", c, err)
	}
	if c := GroupCommand(); c.Arg != 0x03af0101 {
		t.Errorf("group %+v", c)
	}
	if _, err := SelectCommand(0, 8); err == nil {
		t.Error("partition 8 was taken")
	}
	e, err := ParseExtCSD(extCSD())
	if err != nil {
		t.Fatal(err)
	}
	cs, err := Erase(e, 1024, 3071, true, time.Minute)
	if err != nil || len(cs) != 3 || cs[0].Arg != 1024 || cs[1].Arg != 3071 || cs[2].Opcode != 38 || cs[2].Arg != 1<<31 || !cs[2].Write {
		t.Errorf("erase %+v, %v", cs, err)
	}
	if _, err := Erase(e, 0, e.Sectors-1, false, 0); err != nil {
		t.Error(err)
	}
	old := e
	old.HighCapacity = false
	plain := e
	plain.Secure = 0
	for _, bad := range []func() ([]*Command, error){
		func() ([]*Command, error) { return Erase(e, 1, 1023, false, 0) },
		func() ([]*Command, error) { return Erase(e, 0, 1022, false, 0) },
		func() ([]*Command, error) { return Erase(e, 1024, 1023, false, 0) },
		func() ([]*Command, error) { return Erase(old, 0, 1023, false, 0) },
		func() ([]*Command, error) { return Erase(plain, 0, 1023, true, 0) },
	} {
		if cs, err := bad(); err == nil {
			t.Errorf("erase %+v", cs)
		}
	}
}

func FuzzExtCSD(f *testing.F) {
	f.Add(extCSD())
	f.Fuzz(func(t *testing.T, head []byte) {
		b := make([]byte, 512)
		copy(b, head)
		e, err := ParseExtCSD(b)
		if err != nil {
			return
		}
		cs, err := Erase(e, 0, e.Sectors-1, false, 0)
		if err == nil && (len(cs) != 3 || cs[1].Arg != e.Sectors-1) {
			t.Errorf("%+v", cs)
		}
	})
}
