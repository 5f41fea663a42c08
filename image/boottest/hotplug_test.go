package boottest_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/image/boottest"
)

// TestHotplug plugs things into the running machine: a controller whose driver is
// not loaded yet; then, after the barrier, a drive whose driver is there and a
// controller whose driver may not be loaded any more. All are told, and the
// bytes of what came are as they were.
func TestHotplug(t *testing.T) {
	nvme, usb := blank(t, "nvme"), blank(t, "usb")
	extra := slices.Concat(boottest.RootPorts(2), boottest.Shelved("late1", nvme), boottest.Shelved("late2", usb),
		[]string{"-device", "qemu-xhci,id=usb"})
	vm, ctx := bootWithin(t, 12*time.Minute, boottest.Config{Append: "lethe.nonet agent_stay=1", Extra: extra,
		Drives: []boottest.Drive{{Bus: boottest.SATA, Path: blank(t, "sata"), Serial: "SATA-1"}}})
	expect(t, ctx, vm, `DisksSettled: 1 drives, .*: sda`)
	expect(t, ctx, vm, `AGENT stays`)

	plug := func(device map[string]any) {
		t.Helper()
		if err := vm.Plug(ctx, device); err != nil {
			t.Fatal(err)
		}
	}
	plug(map[string]any{"driver": "nvme", "id": "n", "bus": "port0", "serial": "LATE-1", "drive": "late1"})
	expect(t, ctx, vm, `DriveAppeared: drive nvme\S* appeared during the run: it is in no plan .*pci0000:00/`)

	if err := vm.Send("close\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, vm, `ModulesClosed`)
	expect(t, ctx, vm, `AGENT closed: <nil>`)
	plug(map[string]any{"driver": "usb-storage", "id": "u", "bus": "usb.0", "drive": "late2"})
	expect(t, ctx, vm, `DriveAppeared: drive sdb appeared .*/usb`)
	plug(map[string]any{"driver": "megasas-gen2", "id": "m", "bus": "port1"})
	expect(t, ctx, vm, `DriverRefused: .*megaraid_sas.* may not be loaded any more`)
	if err := vm.Send("load megaraid_sas\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, vm, `AGENT modprobe megaraid_sas: 1`)
	if err := vm.Pull(ctx, "u"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, vm, `DriveGone: drive sdb`)
	vm.Close()
	for _, name := range []string{nvme, usb} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(b, func(c byte) bool { return c != 0 }); i >= 0 {
			t.Errorf("%s was written at byte %d", name, i)
		}
	}
	if out := vm.Output(); strings.Contains(out, "ModuleFailed") {
		t.Errorf("output:\n%s", out)
	}
}
