package sysfs

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Transports of Block.Transport.
const (
	SATA    = "sata"
	SAS     = "sas"
	SCSI    = "scsi"
	NVMe    = "nvme"
	USB     = "usb"
	Virtio  = "virtio"
	MMC     = "mmc"
	Loop    = "loop"
	File    = "file" // a regular file; it is in no /sys
	Unknown = "unknown"
)

// remoteDrivers are SCSI host drivers, by proc_name, whose drives sit on a
// network: some of them show no session or rport in the device's path.
var remoteDrivers = map[string]string{
	"iscsi_tcp": "iSCSI", "ib_iser": "iSCSI (iSER)", "bnx2i": "iSCSI", "cxgb4i": "iSCSI", "qedi": "iSCSI",
	"be2iscsi": "iSCSI", "qla4xxx": "iSCSI", "ib_srp": "SRP", "fcoe": "FCoE", "bnx2fc": "FCoE", "fnic": "FCoE",
	"qedf": "FCoE", "qla2xxx": "Fibre Channel", "lpfc": "Fibre Channel", "bfa": "Fibre Channel",
	"ibmvfc": "Fibre Channel", "zfcp": "Fibre Channel",
}

var (
	nvmeName  = regexp.MustCompile(`^nvme\d+(c\d+)?n\d+$`)
	nvmeCtrl  = regexp.MustCompile(`^nvme\d+$`)
	pciAddr   = regexp.MustCompile(`^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$`)
	ataPort   = regexp.MustCompile(`^ata\d+$`)
	usbPort   = regexp.MustCompile(`^\d+-(\d+(\.\d+)*)$`)
	scsiHost  = regexp.MustCompile(`^host\d+$`)
	scsiAddr  = regexp.MustCompile(`^\d+:(\d+:\d+:\d+)$`)
	usbBus    = regexp.MustCompile(`^usb\d+$`)
	virtioBus = regexp.MustCompile(`^virtio\d+$`)
)

func find(dir string, re *regexp.Regexp) string {
	for _, c := range strings.Split(dir, "/") {
		if re.MatchString(c) {
			return c
		}
	}
	return ""
}

// transport tells how the drive is attached, from its place in the device tree.
// remote is not empty when the way leads out of the machine (law 7).
func (r Root) transport(name, dir string) (kind, remote string) {
	switch {
	case strings.HasPrefix(name, "loop"):
		return Loop, ""
	case nvmeName.MatchString(name):
		return NVMe, r.fabric(dir)
	case strings.HasPrefix(name, "mmcblk"):
		return MMC, ""
	case strings.HasPrefix(name, "vd") && find(dir, virtioBus) != "":
		return Virtio, ""
	case find(dir, scsiHost) == "":
		return Unknown, ""
	}
	remote = remoteDrivers[r.HostDriver(dir)]
	switch {
	case strings.Contains(dir, "/session"):
		return SCSI, or(remote, "iSCSI")
	case strings.Contains(dir, "/rport-"):
		return SCSI, or(remote, "Fibre Channel or SRP")
	case find(dir, usbBus) != "":
		return USB, remote
	case find(dir, ataPort) != "":
		return SATA, remote
	case strings.Contains(dir, "/end_device-"), r.Exists(dir, "device/sas_address"):
		return SAS, remote
	}
	return SCSI, remote
}

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// fabric names the transport of an NVMe namespace whose controllers are not all
// on PCI Express. A controller that does not say is taken as remote.
func (r Root) fabric(dir string) string {
	cs := r.Controllers(Block{Dir: dir})
	if len(cs) == 0 {
		return "NVMe without a visible controller"
	}
	for _, c := range cs {
		if t := r.Text("sys/class/nvme", c, "transport"); t != "pcie" {
			return "NVMe over fabrics (" + or(t, "transport not stated") + ")"
		}
	}
	return ""
}

// Controllers are the kernel names of the NVMe controllers in front of a
// namespace: one, or several behind a multipath head.
func (r Root) Controllers(b Block) []string {
	parent, err := r.Resolve(b.Dir, "device")
	if err != nil {
		return nil
	}
	if base := path.Base(parent); nvmeCtrl.MatchString(base) {
		return []string{base}
	}
	var out []string
	for _, n := range r.Names(parent) {
		if nvmeCtrl.MatchString(n) {
			out = append(out, n)
		}
	}
	return out
}

// HostDriver is the SCSI host driver in front of a device directory, "" if none.
func (r Root) HostDriver(dir string) string {
	host := find(dir, scsiHost)
	if host == "" {
		return ""
	}
	driver := r.Text("sys/class/scsi_host", host, "proc_name")
	if driver == "(null)" { // what the kernel prints for a driver without one, such as uas
		return ""
	}
	return driver
}

// adapterPath names where a drive is plugged in, without any number that the
// kernel counts up as it finds things: the nearest PCI function and the port
// below it. Without a PCI function it is the place in the device tree.
func (r Root) adapterPath(name, dir string) string {
	if cs := r.Controllers(Block{Dir: dir}); nvmeName.MatchString(name) && len(cs) > 0 {
		if d, err := r.Resolve("sys/class/nvme", cs[0]); err == nil {
			return nearestPCI(d) + "/ns" + r.Text(dir, "nsid")
		}
	}
	at := nearestPCI(dir)
	if at == "" {
		return strings.TrimPrefix(strings.TrimPrefix(dir, "/sys/devices/"), "virtual/block/")
	}
	if p := r.port(dir); p != "" {
		at += "/" + p
	}
	return at
}

func nearestPCI(dir string) (at string) {
	for _, c := range strings.Split(dir, "/") {
		if pciAddr.MatchString(c) {
			at = c
		}
	}
	return at
}

// port is the attachment below the PCI function.
func (r Root) port(dir string) string {
	if a := find(dir, ataPort); a != "" {
		if n := r.Text("sys/class/ata_port", a, "port_no"); n != "" {
			return "ata" + n
		}
		return a
	}
	if a := r.Text(dir, "device/sas_address"); a != "" {
		return "sas-" + strings.TrimPrefix(a, "0x")
	}
	parts := strings.Split(dir, "/")
	last := ""
	for _, c := range parts {
		if m := usbPort.FindStringSubmatch(c); m != nil {
			last = "usb-" + m[1]
		}
	}
	for _, c := range parts {
		if m := scsiAddr.FindStringSubmatch(c); m != nil && last == "" {
			last = "scsi-" + m[1]
		}
	}
	return last
}

// USBAttr is an attribute of the USB device a drive belongs to, for example
// idVendor, product, serial; "" when it is not on USB.
func (r Root) USBAttr(b Block, name string) string {
	at, parts := "", strings.Split(b.Dir, "/")
	for i, c := range parts {
		if usbPort.MatchString(c) {
			at = strings.Join(parts[:i+1], "/")
		}
	}
	if at == "" {
		return ""
	}
	return r.Text(at, name)
}

// Hex reads an attribute such as 0x1af4.
func (r Root) Hex(elem ...string) (uint64, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(r.Text(elem...), "0x"), 16, 64)
	return n, err == nil
}

// address is where the controllers of an NVMe namespace are, "" where they are not all
// at one place or do not say: "tcp traddr=192.0.2.1,trsvcid=4420".
func (r Root) address(dir string) (at string) {
	for i, c := range r.Controllers(Block{Dir: dir}) {
		kind, where := r.Text("sys/class/nvme", c, "transport"), r.Text("sys/class/nvme", c, "address")
		if kind == "" || where == "" {
			return ""
		}
		// What follows is this machine's own end of the way (src_addr, host_traddr).
		way := []string{}
		for _, part := range strings.Split(where, ",") {
			if strings.HasPrefix(part, "traddr=") || strings.HasPrefix(part, "trsvcid=") {
				way = append(way, part)
			}
		}
		this := kind + " " + strings.Join(way, ",")
		if i > 0 && this != at {
			return ""
		}
		at = this
	}
	return at
}
