//go:build boot

package demo_test

import (
	"regexp"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

// plugs are drives of 16 MiB on the buses, one each; SD cards have a serial number
// that nobody can choose.
func plugs(buses ...boottest.Bus) (out []demo.Plug) {
	for i, b := range buses {
		p := demo.Plug{Name: string(b) + "-" + string(rune('a'+i)), FS: "ext4", Bus: b,
			Serial: "BUS-" + strings.ToUpper(string(b)) + "-" + string(rune('A'+i))}
		if b == boottest.SD {
			p.Serial = boottest.SDSerial
		}
		out = append(out, p)
	}
	return out
}

// Drives on every bus there is, at once, in the image for all hardware: each is
// found, listed once, erased, and proven so from the host. An NVMe drive with two
// namespaces of unlike sectors is two drives.
func TestBuses(t *testing.T) {
	q35 := append(plugs(boottest.SATA, boottest.Virtio, boottest.SCSI, boottest.MPTSAS, boottest.MegaSAS, boottest.USB,
		boottest.UAS, boottest.SD, boottest.IDE),
		demo.Plug{Name: "nvme-1", FS: "ext4", Bus: boottest.NVMe, Serial: "BUS-NVME"},
		demo.Plug{Name: "nvme-2", Bus: boottest.NVMe, Serial: "BUS-NVME", Logical: 4096},
		demo.Plug{Name: "nvme-3", Bus: boottest.NVMe, Serial: "BUS-NVME-SINGLE"})
	pc := plugs(boottest.IDE, boottest.IDE, boottest.IDE, boottest.IDE, boottest.LSI, boottest.LSI, boottest.MPTSAS, boottest.SATA)
	for name, c := range map[string]struct {
		chipset boottest.Chipset
		drives  []demo.Plug
	}{"q35": {boottest.Q35, q35}, "pc": {boottest.PC, pc}} {
		t.Run(name, func(t *testing.T) {
			w := way{config: direct(bios)}
			o := w.options(t)
			o.Artefact.Profile, o.Chipset, o.Drives = "full", c.chipset, c.drives
			res := run(t, o)
			if !res.Proven {
				t.Errorf("not proven")
			}
			for _, d := range res.Drives {
				if d.Paper == nil || d.Paper.State != string(record.Cleared) || !d.Remains.Gone() {
					t.Errorf("%s (%s): %v, paper %+v", d.Name, d.Serial, d.Remains, d.Paper)
				}
			}
			if n := listedDrives(res.Console); n != len(c.drives) {
				t.Errorf("%d drives are listed, want %d", n, len(c.drives))
			}
		})
	}
}

// listedDrives counts the drives of the agent's first table.
func listedDrives(console string) int {
	_, table, _ := strings.Cut(console, "NODE ")
	n := 0
	for _, l := range strings.Split(table, "\n")[1:] {
		if !regexp.MustCompile(`^\s*(sd|nvme|vd|mmcblk|hd)\w+ `).MatchString(l) {
			break
		}
		n++
	}
	return n
}
