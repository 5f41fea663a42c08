package ascii

import "testing"

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"  WD-123  ", "WD-123"},
		{"\x00\x00S1\x00\x00", "S1"},
		{"A\x1b[31mB", "A?[31mB"},
		{"caf\xe9", "caf?"},
		{"", ""},
		{"    ", ""},
		{"a b", "a b"},
	} {
		if got := Clean([]byte(c.in)); got != c.want {
			t.Errorf("Clean(%q) = %q; want %q", c.in, got, c.want)
		}
	}
}

func TestSwapped(t *testing.T) {
	if got := Swapped([]byte("EQUMH RADDSI K")); got != "QEMU HARDDISK" {
		t.Errorf("Swapped = %q; want %q", got, "QEMU HARDDISK")
	}
	if got := Swapped([]byte("abc")); got != "ba" {
		t.Errorf("Swapped of an odd field = %q; want the whole pairs %q", got, "ba")
	}
}

func TestNonZero(t *testing.T) {
	if NonZero(make([]byte, 8)) || NonZero(nil) || !NonZero([]byte{0, 1}) {
		t.Error("NonZero mistakes an unassigned identifier")
	}
}
