package inventory

import (
	"fmt"
	"strings"

	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
)

// virtualNames are strings that emulated drives carry in vendor or model, upper
// case.
var virtualNames = []string{
	"QEMU", "VMWARE", "VBOX", "VIRTUAL DISK", "VIRTUAL HD", "VIRTIO", "XENSRC", "BHYVE", "PARALLELS",
	"PERSISTENTDISK", "ELASTIC BLOCK STORE", "LIO-ORG", "SCSI_DEBUG", "TCMU",
}

// virtualPCI are PCI vendors, also as subsystem vendors, of emulated hardware.
// Not Amazon's and Google's: their numbers are on real local drives as well.
var virtualPCI = map[uint64]string{
	0x1af4: "Red Hat (virtio)", 0x1b36: "Red Hat (QEMU)", 0x15ad: "VMware", 0x80ee: "VirtualBox",
	0x1ab8: "Parallels", 0x5853: "Xen", 0x1414: "Microsoft (Hyper-V)",
}

// virtualHosts are SCSI host drivers without hardware behind them.
var virtualHosts = map[string]string{
	"virtio_scsi": "virtio-scsi", "Virtio SCSI HBA": "virtio-scsi", "tcm_loopback": "tcm_loop",
	"scsi_debug": "scsi_debug", "storvsc_host_t": "Hyper-V", "storvsc": "Hyper-V", "xen-scsifront": "Xen",
	"vmw_pvscsi": "VMware", "VMware PVSCSI Host Adapter": "VMware", "TCM_Loopback": "tcm_loop",
}

// virtualUSB is the USB vendor number of QEMU's devices.
const virtualUSB = "46f4"

// virtualWhy lists the reasons, in words, to call a drive emulated or virtual;
// none means that nothing says so.
func virtualWhy(root sysfs.Root, b sysfs.Block, id devio.Identification) []string {
	var why []string
	add := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	switch {
	case b.Transport == sysfs.Loop:
		add("loop device over a file")
	case b.Transport == sysfs.File:
		add("regular file")
	case b.Transport == sysfs.Virtio:
		add("attached by virtio-blk")
	case strings.HasPrefix(b.Name, "xvd"):
		add("attached by Xen")
	}
	who := id.Identity
	for _, field := range [][2]string{{"vendor", who.Vendor}, {"model", who.Model}} {
		for _, n := range virtualNames {
			if b.Transport != sysfs.Virtio && strings.Contains(strings.ToUpper(field[1]), n) {
				add("%s %q", field[0], field[1])
				break
			}
		}
	}
	if w := virtualHosts[root.HostDriver(b.Dir)]; w != "" {
		add("host adapter is %s", w)
	}
	if id.Controller != nil && virtualPCI[uint64(id.Controller.VID)] != "" {
		add("NVMe controller of PCI vendor %04xh, %s", id.Controller.VID, virtualPCI[uint64(id.Controller.VID)])
	}
	if b.Transport != sysfs.Virtio {
		why = append(why, adapterWhy(root, b)...)
	}
	if root.USBAttr(b, "idVendor") == virtualUSB {
		add("USB vendor %s, QEMU", virtualUSB)
	}
	return why
}

// adapterWhy looks at the PCI function the drive hangs on. An emulated adapter
// may bear the vendor of the chip it imitates, and its own as subsystem vendor.
func adapterWhy(root sysfs.Root, b sysfs.Block) []string {
	addr, _, _ := strings.Cut(b.Path, "/")
	for _, attr := range []string{"vendor", "subsystem_vendor"} {
		n, ok := root.Hex("sys/bus/pci/devices", addr, attr)
		if w := virtualPCI[n]; ok && w != "" {
			return []string{fmt.Sprintf("adapter %s has PCI %s %04xh, %s", addr, strings.ReplaceAll(attr, "_", " "), n, w)}
		}
	}
	return nil
}
