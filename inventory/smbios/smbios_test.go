package smbios

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func structureBytes(typ byte, body []byte, strs ...string) []byte {
	b := append([]byte{typ, byte(4 + len(body)), 0, typ}, body...)
	for _, s := range strs {
		b = append(append(b, s...), 0)
	}
	if len(strs) == 0 {
		b = append(b, 0)
	}
	return append(b, 0)
}

func table() []byte {
	uuid := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	t := structureBytes(0, []byte{1, 2, 0, 0, 3}, "ACME", "2.19.1", "01/31/2024")
	t = append(t, structureBytes(1, append([]byte{1, 2, 0, 3}, uuid...), "ACME Inc.", "Server 740", " SN-77 ")...)
	t = append(t, structureBytes(2, []byte{0, 0, 0, 1}, "..CN70..")...)
	t = append(t, structureBytes(3, []byte{0, 0, 0, 0, 1}, "To Be Filled By O.E.M.")...)
	t = append(t, structureBytes(1, []byte{1}, "a second system")...)
	t = append(t, structureBytes(127, nil)...)
	return append(t, structureBytes(3, []byte{0, 0, 0, 0, 1}, "after the end")...)
}

func TestParse(t *testing.T) {
	got, err := Parse(table())
	want := Info{
		BIOSVendor: "ACME", BIOSVersion: "2.19.1", BIOSDate: "01/31/2024", Manufacturer: "ACME Inc.",
		Product: "Server 740", Serial: "SN-77", UUID: "00112233-4455-6677-8899-aabbccddeeff", BoardSerial: "..CN70..",
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Parse (-want +got):\n%s", d)
	}
	cut := table()[:70]
	if got, err := Parse(cut); err == nil || got.BIOSVendor != "ACME" {
		t.Errorf("Parse of a cut table = %+v, %v; want the first structure and an error", got, err)
	}
}

func TestUseful(t *testing.T) {
	for in, want := range map[string]string{
		"Default string": "", "To be filled by O.E.M.": "", "0000000000": "", "Not Specified": "", "  ": "",
		"CZ12": "CZ12", " 0 1 ": "0 1",
	} {
		if got := Useful(in); got != want {
			t.Errorf("Useful(%q) = %q; want %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(table())
	f.Fuzz(func(t *testing.T, b []byte) {
		in, _ := Parse(b)
		if len(in.UUID) != 0 && len(in.UUID) != 36 {
			t.Errorf("UUID %q", in.UUID)
		}
	})
}
