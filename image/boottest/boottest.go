// Package boottest starts an image in QEMU and talks to its serial console. It
// serves tests and the demo.
//
// The machine has no acceleration (TCG), so that it runs where there is no KVM.
// Its zero Config is a q35 whose kernel QEMU loads; Firmware and Boot choose every
// other way to start, Chipset and Drive.Bus every other machine. Drives are raw
// files or block devices of the host; writes that the guest has flushed are in the
// file, and the host may read it while the machine runs. With Network the guest
// reaches the host's loopback at 10.0.2.2 (QEMU's user network).
package boottest

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Config describes a machine. Kernel and Initrd, or Boot, are needed, the rest may
// be zero.
type Config struct {
	Firmware Firmware
	Chipset  Chipset
	// Vars is a file of UEFI variables, which the machine changes. Without it the
	// machine has a copy of its own: no keys with UEFI, Microsoft's with SecureBoot.
	Vars string
	Boot Boot

	// Kernel, Initrd, Overlays and Append are for Boot's zero value.
	Kernel string // path of vmlinuz
	Initrd string // path of initrd.img
	// Overlays are packed archives (initramfs.Pack) that are appended to the
	// initrd in this order.
	Overlays [][]byte
	// Append is added to the kernel command line, e.g. "lethe.poweroff".
	Append string

	Drives    []Drive
	Network   bool
	Machine   Machine
	MemoryMiB int // 1024 where 0
	CPUs      int // 2 where 0

	QEMU  string   // program, "qemu-system-x86_64" where empty
	Extra []string // arguments added at the end
}

// Machine is what SMBIOS type 1 says; empty fields keep QEMU's.
type Machine struct{ Manufacturer, Product, Serial, UUID string }

// KernelWords begin every command line: the console, and a panic that ends QEMU
// instead of hanging it.
const KernelWords = "console=ttyS0 panic=-1 quiet"

// ErrConfig is wrapped by all errors about a Config.
var ErrConfig = errors.New("boottest: bad machine")

// files are the paths of what a running machine has for itself.
type files struct{ initrd, qmp, vars string }

// args returns QEMU's arguments.
func (c Config) args(f files) ([]string, error) {
	if err := c.check(f); err != nil {
		return nil, err
	}
	a, err := c.machineArgs(f.vars)
	if err != nil {
		return nil, err
	}
	a = append(a, "-accel", "tcg,thread=multi", "-cpu", "max",
		"-smp", strconv.Itoa(cmp.Or(c.CPUs, 2)), "-m", strconv.Itoa(cmp.Or(c.MemoryMiB, 1024)),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")
	a = append(a, c.consoleArgs(f.qmp)...)
	if c.Boot.From == Direct {
		a = append(a, "-kernel", c.Kernel, "-initrd", f.initrd,
			"-append", strings.TrimSpace(KernelWords+" "+c.Append))
	}
	if s := c.Machine.smbios(); s != "" {
		a = append(a, "-smbios", s)
	}
	if c.Network || c.Boot.From == PXE || c.Boot.From == IPXE || c.Boot.From == HTTP {
		a = append(a, c.Boot.network(c.Firmware)...)
	}
	r := &rig{chipset: c.Chipset, n: map[Bus]int{}}
	if err := r.all(c.Drives); err != nil {
		return nil, err
	}
	m, err := c.Boot.args(r, c.Firmware)
	if err != nil {
		return nil, err
	}
	return append(append(append(a, r.args...), m...), c.Extra...), nil
}

func (c Config) check(f files) error {
	if c.Boot.From == Direct && (c.Kernel == "" || f.initrd == "") {
		return fmt.Errorf("%w: kernel and initrd are needed", ErrConfig)
	}
	if c.Boot.From != Direct && (len(c.Overlays) > 0 || c.Append != "") {
		return fmt.Errorf("%w: a medium has its own overlays and command line", ErrConfig)
	}
	return c.Boot.check(c.Firmware)
}

// consoleArgs give the serial line to the program that started QEMU; qmp is a
// socket for its events. Without one a person sits there (see Attach).
func (c Config) consoleArgs(qmp string) []string {
	if qmp == "" {
		return []string{"-serial", "mon:stdio"}
	}
	return []string{"-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con",
		"-qmp", "unix:" + escape(qmp) + ",server=on,wait=off"}
}

func (m Machine) smbios() string {
	s := ""
	for _, kv := range [][2]string{{"manufacturer", m.Manufacturer}, {"product", m.Product},
		{"serial", m.Serial}, {"uuid", m.UUID}} {
		if kv[1] != "" {
			s += "," + kv[0] + "=" + escape(kv[1])
		}
	}
	if s == "" {
		return ""
	}
	return "type=1" + s
}

// escape doubles commas, as QEMU's option syntax wants it.
func escape(s string) string { return strings.ReplaceAll(s, ",", ",,") }

// quote writes a command as a shell would read it.
func quote(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if w == "" || strings.ContainsAny(w, " \t\n'\"\\$&;|<>()*?[]#~`") {
			out[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}
