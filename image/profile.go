package image

import (
	"errors"
	"fmt"
	"slices"
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
}

var profiles = []Profile{vm}

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

// vm is for virtual machines and for plain hardware: on-board SATA, NVMe, USB
// and the common wired network chips; no RAID adapters.
var vm = Profile{
	Name:    "vm",
	Summary: "virtual machines, and machines with on-board SATA, NVMe and USB",
	Modules: []string{
		// virtio
		"virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "virtio_console", "virtio_rng",
		"virtio_balloon",
		// other hypervisors' disks and networks
		"vmw_pvscsi", "vmxnet3", "hv_vmbus", "hv_storvsc", "hv_netvsc", "xen_blkfront", "xen_netfront",
		// ATA
		"ahci", "libahci", "ata_piix", "ata_generic",
		// SCSI and NVMe
		"sd_mod", "sr_mod", "sg", "mptspi", "mptsas", "sym53c8xx", "nvme",
		// USB storage and input
		"xhci_pci", "ehci_pci", "uhci_hcd", "ohci_pci", "usb_storage", "uas",
		"hid_generic", "usbhid", "atkbd", "i8042",
		// SD and eMMC
		"sdhci_pci", "sdhci_acpi", "mmc_block",
		// wired networks
		"e1000", "e1000e", "igb", "igc", "r8169", "realtek", "8139cp", "8139too", "tg3",
		// delivery sticks: FAT with the tables that Debian's defaults ask for
		"vfat", "nls_cp437", "nls_ascii", "nls_utf8", "nls_iso8859-1",
		// firmware and clock
		"efivarfs", "rtc_cmos", "loop",
		// checksums that sd_mod and NVMe ask for by crypto alias
		"crct10dif", "crc64_rocksoft_generic", "crc32c_generic", "crc32c_intel",
	},
	// The checksum comes first: sd_mod's would else start /sbin/modprobe for it.
	Always: []string{"crc64_rocksoft_generic", "sd_mod", "sg", "loop", "efivarfs", "vfat",
		"nls_cp437", "nls_ascii", "nls_utf8"},
}
