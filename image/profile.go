package image

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrProfile is returned for the name of a profile that does not exist.
var ErrProfile = errors.New("no such image profile")

// Profile says which hardware an image serves.
type Profile struct {
	Name    string
	Summary string
	// Modules are names or aliases of kernel modules; their dependencies come by
	// themselves. A name the kernel has neither as a module nor built in fails
	// the build: a driver must not vanish in silence with a new kernel.
	Modules []string
	// Always are loaded at each boot, in this order. No device asks for them
	// by modalias.
	Always []string
	// Hotplug are loaded before the modules are closed, so that a drive which
	// comes later still finds its driver.
	Hotplug []string
	// Options are parameters by module, as in modprobe.d(5): "a=1 b=2". The
	// kernel's command line may set others, which count more.
	Options map[string]string
}

var profiles = []Profile{full, vm}

// Profiles returns all profiles, sorted by name.
func Profiles() []Profile {
	return slices.Clone(profiles)
}

// ProfileByName returns the profile of that name.
func ProfileByName(name string) (Profile, error) {
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("%w: %q", ErrProfile, name)
}

// wanted is every name that must be in the image.
func (p Profile) wanted() []string {
	return join(p.Modules, p.Always, p.Hotplug, slices.Sorted(maps.Keys(p.Options)))
}

// moduleList is the file that sysinit reads, [AlwaysPath]: "load NAME",
// "hotplug NAME" or "options NAME PARAMETERS" a line.
func (p Profile) moduleList() string {
	var b strings.Builder
	for _, n := range p.Always {
		fmt.Fprintf(&b, "load %s\n", n)
	}
	for _, n := range p.Hotplug {
		fmt.Fprintf(&b, "hotplug %s\n", n)
	}
	for _, n := range slices.Sorted(maps.Keys(p.Options)) {
		fmt.Fprintf(&b, "options %s %s\n", n, p.Options[n])
	}
	return b.String()
}

// always: the checksum comes first, since sd_mod's would else start
// /sbin/modprobe for it.
var always = []string{"crc64_rocksoft_generic", "sd_mod", "sg", "loop", "efivarfs", "vfat",
	"nls_cp437", "nls_ascii", "nls_utf8"}

// hotplug is what may be plugged into a running machine: bays and ports.
var hotplug = []string{"nvme", "ahci", "usb_storage", "uas", "mmc_block", "sr_mod", "usbhid", "hid_generic"}

// moduleOptions: without allow_tpm libata refuses the TRUSTED SEND and RECEIVE
// commands (5Ch to 5Fh) from SG_IO, by which a SATA drive is asked for its TCG
// state and reverted; the kernel's own sed-opal needs it, too. It can be set
// only while libata loads.
var moduleOptions = map[string]string{"libata": "allow_tpm=1"}

// vm is for virtual machines and for plain hardware: on-board SATA, NVMe, USB
// and the common wired network chips; no RAID adapters of real servers.
var vm = Profile{
	Name:    "vm",
	Summary: "virtual machines, and machines with on-board SATA, NVMe and USB",
	Modules: join(virtualDrivers, diskDrivers, boardDrivers, emulatedHBAs, []string{"megaraid_sas"},
		plainNICs, networkDrivers, mediaDrivers, platformDrivers, checksumDrivers),
	Always:  always,
	Hotplug: hotplug,
	Options: moduleOptions,
}

// full is for servers of the last twenty years.
var full = Profile{
	Name:    "full",
	Summary: "servers: SAS and RAID adapters, VMD, SD, UFS, and the networks of ten vendors",
	Modules: join(vm.Modules, ataDrivers, hbaDrivers, flashDrivers, usbDrivers, serverNICs),
	Always:  always,
	Hotplug: hotplug,
	Options: moduleOptions,
}
