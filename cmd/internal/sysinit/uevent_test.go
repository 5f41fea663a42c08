package sysinit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func nuls(words ...string) []byte { return []byte(strings.Join(words, "\x00") + "\x00") }

// As kernel 6.1 sends them.
var (
	driveAdd = nuls("add@/devices/pci0000:00/0000:00:05.0/nvme/nvme0/nvme0n1", "ACTION=add",
		"DEVPATH=/devices/pci0000:00/0000:00:05.0/nvme/nvme0/nvme0n1", "SUBSYSTEM=block", "MAJOR=259",
		"MINOR=0", "DEVNAME=nvme0n1", "DEVTYPE=disk", "DISKSEQ=9", "SEQNUM=1234")
	pciAdd = nuls("add@/devices/pci0000:00/0000:00:05.0", "ACTION=add", "DEVPATH=/devices/pci0000:00/0000:00:05.0",
		"SUBSYSTEM=pci", "PCI_CLASS=10802", "MODALIAS=pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02", "SEQNUM=1")
)

func TestParseUevent(t *testing.T) {
	got, err := parseUevent(driveAdd)
	want := uevent{Action: "add", Path: "/devices/pci0000:00/0000:00:05.0/nvme/nvme0/nvme0n1",
		Subsystem: "block", Type: "disk", Name: "nvme0n1"}
	if err != nil || !got.drive() {
		t.Errorf("drive: %+v, %v", got, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("drive (-want +got):\n%s", diff)
	}
	got, err = parseUevent(pciAdd)
	if err != nil || got.Modalias != "pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02" || got.drive() {
		t.Errorf("controller: %+v, %v", got, err)
	}
}

func TestParseUeventRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":            nil,
		"no end":           driveAdd[:len(driveAdd)-1],
		"udev's":           append([]byte("libudev\x00\xfe\xed\xca\xfe"), driveAdd...),
		"no path":          nuls("add", "ACTION=add"),
		"relative path":    nuls("add@devices/x", "ACTION=add"),
		"two actions":      nuls("add@/devices/x", "ACTION=remove"),
		"two paths":        nuls("add@/devices/x", "DEVPATH=/devices/y"),
		"word for heading": nuls("ACTION=add@/x"),
		"too long":         nuls("add@/devices/x", strings.Repeat("A", maxUevent)),
	} {
		if e, err := parseUevent(b); err == nil {
			t.Errorf("%s: accepted as %+v", name, e)
		}
	}
}

func FuzzParseUevent(f *testing.F) {
	f.Add(driveAdd)
	f.Add(pciAdd)
	f.Add([]byte("a@/\x00\x00=\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parseUevent(b)
		if err != nil {
			return
		}
		if e.Action == "" || e.Action == lostUevents.Action && len(b) == 0 || e.Path == "" || e.Path[0] != '/' {
			t.Fatalf("accepted %q as %+v", b, e)
		}
		for _, s := range []string{e.Action, e.Path, e.Subsystem, e.Type, e.Name, e.Modalias} {
			if strings.ContainsRune(s, 0) {
				t.Fatalf("a NUL in %+v", e)
			}
		}
	})
}
