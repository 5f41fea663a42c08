package inventory

import (
	"fmt"
	"os"
	"strings"

	"lethe/certs/record"
	"lethe/inventory/internal/ascii"
	"lethe/inventory/smbios"
	"lethe/inventory/sysfs"
)

// virtualMachines are words in manufacturer, product or BIOS vendor that only
// virtual machines use, lower case.
var virtualMachines = []string{
	"qemu", "kvm", "vmware", "virtualbox", "innotek", "bochs", "xen", "parallels", "bhyve", "seabios", "ovmf", "edk ii",
	"virtual machine", "google compute engine", "amazon ec2", "openstack", "ovirt", "rhev", "firecracker", "proxmox",
}

// ReadMachine describes the computer the drives sit in: SMBIOS by the kernel's
// attributes and, where it may be read, by the table itself, and every sign that
// it is virtual. A machine without SMBIOS is no error. WithRoot is honoured.
func ReadMachine(opts ...Option) record.Machine {
	root := settings(opts).root
	in := readSMBIOS(root)
	m := record.Machine{
		Manufacturer: in.Manufacturer, Product: in.Product, Serial: in.Serial, UUID: in.UUID,
		AssetTag: in.AssetTag, BoardSerial: in.BoardSerial,
		Firmware: strings.Join(strings.Fields(in.BIOSVendor+" "+in.BIOSVersion+" "+in.BIOSDate), " "),
	}
	m.VirtualWhy = machineWhy(root, in)
	m.Virtual = len(m.VirtualWhy) > 0
	return m
}

// readSMBIOS takes the table first: the kernel's attributes are its own reading
// of the same table, and fill what that left open.
func readSMBIOS(root sysfs.Root) smbios.Info {
	var in smbios.Info
	if b, err := os.ReadFile(root.Join("sys/firmware/dmi/tables/DMI")); err == nil {
		in, _ = smbios.Parse(b)
	}
	for name, field := range map[string]*string{
		"bios_vendor": &in.BIOSVendor, "bios_version": &in.BIOSVersion, "bios_date": &in.BIOSDate,
		"sys_vendor": &in.Manufacturer, "product_name": &in.Product, "product_serial": &in.Serial,
		"product_uuid": &in.UUID, "board_serial": &in.BoardSerial, "chassis_asset_tag": &in.AssetTag,
	} {
		if *field == "" {
			*field = smbios.Useful(ascii.Clean([]byte(root.Text("sys/class/dmi/id", name))))
		}
	}
	in.UUID = strings.ToLower(in.UUID)
	return in
}

func machineWhy(root sysfs.Root, in smbios.Info) []string {
	var why []string
	for _, f := range [][2]string{
		{"SMBIOS manufacturer", in.Manufacturer}, {"SMBIOS product", in.Product}, {"BIOS vendor", in.BIOSVendor},
	} {
		for _, w := range virtualMachines {
			if strings.Contains(strings.ToLower(f[1]), w) {
				why = append(why, fmt.Sprintf("%s %q", f[0], f[1]))
				break
			}
		}
	}
	if cpuFlag(root, "hypervisor") {
		why = append(why, "the processor reports a hypervisor (CPUID leaf 1, ECX bit 31)")
	}
	if t := root.Text("sys/hypervisor/type"); t != "" {
		why = append(why, "the kernel runs on the hypervisor "+t)
	}
	return why
}

// cpuFlag reports whether the first processor of /proc/cpuinfo has a flag.
func cpuFlag(root sysfs.Root, flag string) bool {
	for _, line := range strings.Split(root.Text("proc/cpuinfo"), "\n") {
		key, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(key) != "flags" {
			continue
		}
		for _, f := range strings.Fields(value) {
			if f == flag {
				return true
			}
		}
		return false
	}
	return false
}
