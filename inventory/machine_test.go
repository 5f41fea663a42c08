package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

func TestReadMachine(t *testing.T) {
	tr := inventorytest.NewTree(t)
	for k, v := range map[string]string{
		"sys_vendor": "QEMU", "product_name": "Standard PC (Q35 + ICH9, 2009)", "product_serial": "Default string",
		"product_uuid": "2F1A-X", "bios_vendor": "SeaBIOS", "bios_version": "1.16.2", "bios_date": "04/01/2014",
		"board_serial": "B-7", "chassis_asset_tag": "LAB-12",
	} {
		tr.File("sys/class/dmi/id/"+k, v+"\n")
	}
	tr.File("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme hypervisor lm\n")
	got := inventory.ReadMachine(inventory.WithRoot(tr.Root))
	want := record.Machine{
		Manufacturer: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)", UUID: "2f1a-x", AssetTag: "LAB-12", BoardSerial: "B-7",
		Firmware: "SeaBIOS 1.16.2 04/01/2014", Virtual: true, VirtualWhy: []string{
			`SMBIOS manufacturer "QEMU"`, `BIOS vendor "SeaBIOS"`,
			"the processor reports a hypervisor (CPUID leaf 1, ECX bit 31)"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("ReadMachine (-want +got):\n%s", d)
	}
}

func TestReadMachinePhysical(t *testing.T) {
	tr := inventorytest.NewTree(t)
	tr.File("sys/class/dmi/id/sys_vendor", "ACME Inc.\n")
	tr.File("sys/class/dmi/id/product_name", "Server 740\n")
	tr.File("proc/cpuinfo", "flags\t: fpu vme lm\n")
	if m := inventory.ReadMachine(inventory.WithRoot(tr.Root)); m.Virtual || m.VirtualWhy != nil || m.Product != "Server 740" {
		t.Errorf("ReadMachine = %+v; want a physical one", m)
	}
}

func TestReadMachineHere(t *testing.T) {
	m := inventory.ReadMachine()
	if m.Virtual != (len(m.VirtualWhy) > 0) {
		t.Errorf("virtual %v because %s", m.Virtual, strings.Join(m.VirtualWhy, "; "))
	}
}
