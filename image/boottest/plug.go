package boottest

import (
	"context"
	"fmt"
)

// Plug puts a device into the running machine: properties as QEMU's device_add
// takes them, "driver" and "id" among them. PCI devices need a root port of
// their own, see [RootPorts].
func (vm *VM) Plug(ctx context.Context, properties map[string]any) error {
	if err := vm.qmp.execute(ctx, "device_add", properties); err != nil {
		return fmt.Errorf("plug %v: %w", properties["driver"], err)
	}
	return nil
}

// Pull takes out a device that Plug put in. USB devices go at once; for others
// QEMU asks the guest politely.
func (vm *VM) Pull(ctx context.Context, id string) error {
	if err := vm.qmp.execute(ctx, "device_del", map[string]string{"id": id}); err != nil {
		return fmt.Errorf("pull %s: %w", id, err)
	}
	return nil
}

// RootPorts returns the arguments, for Config.Extra, of n places for PCI devices
// that come later; their buses are named port0, port1, …
func RootPorts(n int) []string {
	var a []string
	for i := range n {
		a = append(a, "-device", fmt.Sprintf("pcie-root-port,id=port%d,chassis=%d,slot=%d", i, i+1, i+1))
	}
	return a
}

// Shelved returns the arguments, for Config.Extra, of a drive's file that no
// device uses yet; id is what Plug's property "drive" names.
func Shelved(id, path string) []string {
	return []string{"-drive", fmt.Sprintf("if=none,id=%s,file=%s,format=raw,cache=writeback", id, escape(path))}
}
