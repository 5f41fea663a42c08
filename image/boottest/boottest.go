// Package boottest starts an image in QEMU and talks to its serial console. It
// serves tests and the demo.
//
// The machine is a plain q35 without acceleration (TCG), so that it runs where
// there is no KVM. Drives are raw files or block devices of the host; writes
// that the guest has flushed are in the file, and the host may read it while
// the machine runs. With Network the guest reaches the host's loopback at
// 10.0.2.2 (QEMU's user network).
package boottest

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Config describes a machine. Kernel and Initrd are needed, the rest may be
// zero.
type Config struct {
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

// args returns QEMU's arguments; initrd and qmp are paths.
func (c Config) args(initrd, qmp string) ([]string, error) {
	if c.Kernel == "" || initrd == "" {
		return nil, fmt.Errorf("%w: kernel and initrd are needed", ErrConfig)
	}
	a := []string{
		"-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
		"-smp", strconv.Itoa(cmp.Or(c.CPUs, 2)), "-m", strconv.Itoa(cmp.Or(c.MemoryMiB, 1024)),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con",
		"-qmp", "unix:" + escape(qmp) + ",server=on,wait=off",
		"-kernel", c.Kernel, "-initrd", initrd,
		"-append", strings.TrimSpace(KernelWords + " " + c.Append),
	}
	if s := c.Machine.smbios(); s != "" {
		a = append(a, "-smbios", s)
	}
	if c.Network {
		// Without its ROM the card costs the firmware no time.
		a = append(a, "-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=")
	}
	d, err := driveArgs(c.Drives)
	if err != nil {
		return nil, err
	}
	return append(append(a, d...), c.Extra...), nil
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
