package inventory

import (
	"testing"

	"lethe/certs/record"
)

// Only what the kernel will not write to may be read all the same; a mount changes
// what is read.
//
// mutant: reading_linux.go: return h.Kind == HoldReadOnly }) => return true })
// mutant: reading_linux.go: slices.DeleteFunc(slices.Clone(d.Holds), => slices.DeleteFunc(d.Holds,
func TestReadable(t *testing.T) {
	d := Device{Device: record.Device{Identity: record.Identity{Serial: "S1"}, Size: 512}, NodePath: "/dev/sda"}
	for _, c := range []struct {
		kinds []HoldKind
		ok    bool
	}{
		{nil, true}, {[]HoldKind{HoldReadOnly}, true}, {[]HoldKind{HoldMounted}, false}, {[]HoldKind{HoldReadOnly, HoldHeld}, false},
		{[]HoldKind{HoldRemote}, false}, {[]HoldKind{HoldDuplicate}, false},
	} {
		d.Holds = nil
		for _, k := range c.kinds {
			d.Holds = append(d.Holds, Hold{Kind: k})
		}
		if err := d.Readable(); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.kinds, err)
		}
		if len(d.Holds) != len(c.kinds) || len(c.kinds) > 0 && d.Holds[0].Kind != c.kinds[0] {
			t.Errorf("%v became %v", c.kinds, d.Holds)
		}
	}
	if (Device{}).Readable() == nil {
		t.Error("the zero device may be read")
	}
}
