package boottest

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMachines holds QEMU's command lines against golden files.
func TestMachines(t *testing.T) {
	all := func(c Chipset, buses ...Bus) Config {
		cfg := Config{Chipset: c, Kernel: "vmlinuz", Initrd: "initrd"}
		for _, b := range buses {
			d := Drive{Bus: b, Path: string(b) + ".img", Serial: strings.ToUpper(string(b)) + "-1"}
			if b == SD {
				d.Serial = SDSerial
			}
			cfg.Drives = append(cfg.Drives, d)
		}
		return cfg
	}
	q35 := all(Q35, Buses()...)
	q35.Drives = append(q35.Drives, Drive{Bus: NVMe, Path: "nvme2.img", Serial: "NVME-1", Logical: 4096},
		Drive{Bus: NVMe, Path: "nvme3.img", Serial: "NVME-2"})
	for name, c := range map[string]Config{
		"buses-q35":    q35,
		"buses-pc":     all(PC, SATA, IDE, IDE, IDE, LSI, LSI, MPTSAS, MegaSAS),
		"pxe-bios":     {Boot: Boot{From: PXE, Path: "pxe", File: "pxelinux.0"}},
		"ipxe-bios":    {Boot: Boot{From: IPXE, Path: "pxe", File: "menu.ipxe"}},
		"pxe-uefi":     {Firmware: UEFI, Boot: Boot{From: PXE, Path: "pxe", File: "lethe.efi"}},
		"ipxe-uefi":    {Firmware: UEFI, Boot: Boot{From: IPXE, Path: "pxe", File: "menu.ipxe"}},
		"http-uefi":    {Firmware: UEFI, Boot: Boot{From: HTTP, File: "http://10.0.2.2:80/lethe.efi"}},
		"cd-bios":      {Boot: Boot{From: CD, Path: "a,b.iso"}},
		"cd-pc":        {Chipset: PC, Boot: Boot{From: CD, Path: "lethe.iso"}},
		"stick-bios":   {Boot: Boot{From: Stick, Path: "usb.img", Serial: "STICK-1"}, Drives: []Drive{{Bus: USB, Path: "u"}}},
		"disk-secure":  {Firmware: SecureBoot, Boot: Boot{From: Disk, Path: "fat.img"}},
		"direct-uefi":  {Firmware: UEFI, Kernel: "vmlinuz", Initrd: "initrd"},
		"direct-plain": {Kernel: "vmlinuz", Initrd: "initrd", Append: "lethe.poweroff", Network: true},
	} {
		t.Run(name, func(t *testing.T) {
			args, err := c.args(files{initrd: c.Initrd, qmp: "/qmp", vars: "/vars.fd"})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, a := range args {
				b.WriteString(map[bool]string{true: "\n", false: " "}[strings.HasPrefix(a, "-")] + quote([]string{a}))
			}
			golden(t, name, strings.TrimPrefix(b.String(), "\n")+"\n")
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name+".args")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("arguments (-want +got), -update writes them anew:\n%s", diff)
	}
}

func TestMachinesRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"nothing to boot":     {},
		"unknown firmware":    {Firmware: "coreboot", Kernel: "k", Initrd: "i"},
		"unknown chipset":     {Chipset: "isapc", Kernel: "k", Initrd: "i"},
		"secure boot on pc":   {Firmware: SecureBoot, Chipset: PC, Kernel: "k", Initrd: "i"},
		"http on BIOS":        {Boot: Boot{From: HTTP, File: "http://x/"}},
		"http of nothing":     {Firmware: UEFI, Boot: Boot{From: HTTP}},
		"pxe of nothing":      {Boot: Boot{From: PXE, Path: "p"}},
		"cd of nothing":       {Boot: Boot{From: CD}},
		"unknown medium":      {Boot: Boot{From: "tape", Path: "x"}},
		"words for a CD":      {Boot: Boot{From: CD, Path: "x"}, Append: "quiet"},
		"overlay for a stick": {Boot: Boot{From: Stick, Path: "x"}, Overlays: [][]byte{nil}},
	} {
		if _, err := c.args(files{initrd: c.Initrd, qmp: "q"}); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: error = %v, want ErrConfig", name, err)
		}
	}
}

// The variables of Debian's OVMF stay, further ones come behind them, and what the
// walk reads is what was written.
func TestAddVariables(t *testing.T) {
	for _, from := range []string{ovmfVars, ovmfVarsOfMS} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		at, end, err := freeSpace(b)
		if err != nil || end-at < 64<<10 {
			t.Fatalf("%s: free from %d to %d, %v", from, at, end, err)
		}
		vars := append(bootURI("http://10.0.2.2/x"), Variable{Name: "PK", Vendor: globalVendor, Data: []byte{1, 2, 3}, Signed: true})
		got, err := AddVariables(b, vars...)
		if err != nil {
			t.Fatal(err)
		}
		if string(got[:at]) != string(b[:at]) || len(got) != len(b) {
			t.Errorf("%s: what was there is not as it was", from)
		}
		now, _, err := freeSpace(got)
		want := at
		for _, v := range vars {
			want += align4(len(v.encode()))
		}
		if err != nil || now != want {
			t.Errorf("%s: free from %d, %v; want %d", from, now, err, want)
		}
		if _, err := AddVariables(b, Variable{Name: "big", Data: make([]byte, end)}); err == nil {
			t.Errorf("%s: took a variable larger than itself", from)
		}
	}
}

func FuzzFreeSpace(f *testing.F) {
	b, err := os.ReadFile(ovmfVars)
	if err != nil {
		f.Fatal(err)
	}
	b = b[:4096]
	f.Add(b)
	f.Add(b[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, end, err := freeSpace(b); err == nil && (at > len(b)+3 || end > len(b)) {
			t.Errorf("free from %d to %d of %d", at, end, len(b))
		}
	})
}
