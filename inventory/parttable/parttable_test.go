package parttable

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gptDisk is a disk with one GPT entry whose unique GUID is bytes 0..15.
func gptDisk(sector int) []byte {
	b := make([]byte, 8*sector)
	h := b[sector:]
	copy(h, "EFI PART")
	binary.LittleEndian.PutUint64(h[72:], 2)
	binary.LittleEndian.PutUint32(h[80:], 4)
	binary.LittleEndian.PutUint32(h[84:], 128)
	e := b[2*sector+128:]
	e[0] = 1
	for i := range 16 {
		e[16+i] = byte(i)
	}
	return b
}

func TestUUIDs(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		got, err := UUIDs(bytes.NewReader(gptDisk(sector)), sector)
		if want := []string{"03020100-0504-0706-0809-0a0b0c0d0e0f"}; err != nil || !cmp.Equal(got, want) {
			t.Errorf("sectors of %d: UUIDs = %v, %v; want %v", sector, got, err, want)
		}
	}
	m := make([]byte, 1024)
	copy(m[440:], []byte{0xef, 0xbe, 0xad, 0xde})
	m[446+16+4], m[510], m[511] = 0x83, 0x55, 0xaa
	if got, err := UUIDs(bytes.NewReader(m), 512); err != nil || !cmp.Equal(got, []string{"deadbeef-02"}) {
		t.Errorf("MBR: UUIDs = %v, %v", got, err)
	}
	if got, _ := Entries(bytes.NewReader(m), 512); !cmp.Equal(got, []Entry{{"deadbeef-02", "83"}}) {
		t.Errorf("MBR: Entries = %v", got)
	}
	if got, _ := Entries(bytes.NewReader(gptDisk(512)), 512); len(got) != 1 || got[0].Type != "00000001-0000-0000-0000-000000000000" {
		t.Errorf("GPT: Entries = %v", got)
	}
	if got, err := UUIDs(bytes.NewReader(make([]byte, 1024)), 512); err != nil || got != nil {
		t.Errorf("blank: UUIDs = %v, %v; want none", got, err)
	}
}

func TestUUIDsRefuses(t *testing.T) {
	huge := gptDisk(512)
	binary.LittleEndian.PutUint32(huge[512+80:], 1<<31)
	far := gptDisk(512)
	binary.LittleEndian.PutUint64(far[512+72:], 1<<62)
	for name, b := range map[string][]byte{"too many entries": huge, "entries past the end": far, "short": nil} {
		if got, err := UUIDs(bytes.NewReader(b), 512); err == nil {
			t.Errorf("%s: UUIDs = %v; want an error", name, got)
		}
	}
}

func FuzzUUIDs(f *testing.F) {
	f.Add(gptDisk(512))
	f.Fuzz(func(t *testing.T, b []byte) {
		us, _ := UUIDs(bytes.NewReader(b), 512)
		for _, u := range us {
			if len(u) != 36 && len(u) != 11 {
				t.Errorf("UUID %q", u)
			}
		}
	})
}
