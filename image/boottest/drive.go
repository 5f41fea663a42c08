package boottest

import (
	"fmt"
	"strings"
)

// Bus is how a drive is attached.
type Bus string

// The buses that QEMU's q35 offers here. SATA has six ports and IDE four.
const (
	SATA   Bus = "sata"
	IDE    Bus = "ide" // PIIX3, driver ata_piix
	NVMe   Bus = "nvme"
	Virtio Bus = "virtio" // virtio-blk
	SCSI   Bus = "scsi"   // virtio-scsi
	USB    Bus = "usb"    // bulk only
	UAS    Bus = "uas"
)

// Drive is one drive. Path is a raw file or a block device of the host.
type Drive struct {
	Bus    Bus
	Path   string
	Serial string
	// Model, Firmware and WWN are for SATA, IDE, SCSI and UAS; QEMU has fixed
	// ones elsewhere. For NVMe, WWN is the namespace's EUI-64.
	Model    string
	Firmware string
	WWN      uint64
	// Logical and Physical are sector sizes in bytes, 512 where 0. SATA and IDE
	// have 512-byte logical sectors only.
	Logical, Physical int
	RPM               int  // 1: not rotating; 0: not said. SATA, IDE, SCSI, UAS
	Removable         bool // USB
	Discard           bool // hand discards on to the host
	// Rate limits reading and writing together, in bytes a second; 0 is as fast
	// as it goes.
	Rate   int64
	Faults []Fault // sectors that fail
}

// rig counts what has been placed on each controller.
type rig struct {
	args []string
	n    map[Bus]int
}

func driveArgs(drives []Drive) ([]string, error) {
	r := &rig{n: map[Bus]int{}}
	for i, d := range drives {
		if err := r.add(backend(i), d); err != nil {
			return nil, fmt.Errorf("%w: drive %d: %w", ErrConfig, i, err)
		}
	}
	return r.args, nil
}

// backend is the name of drive i's file in QEMU.
func backend(i int) string { return fmt.Sprintf("d%d", i) }

// deviceID is what Unplug calls a drive's device; id is that of its backend.
func deviceID(id string) string { return "dev-" + id }

// add places one drive. writeback hands the guest's flushes on, and works on
// tmpfs, too.
func (r *rig) add(id string, d Drive) error {
	if err := d.check(); err != nil {
		return err
	}
	back := fmt.Sprintf("if=none,id=%s,file=%s,format=raw,cache=writeback", id, escape(d.Path))
	if len(d.Faults) > 0 {
		file, err := d.fault()
		if err != nil {
			return err
		}
		// An error is the guest's to deal with; QEMU would stop it for some.
		back = fmt.Sprintf("if=none,id=%s,file=%s,cache=writeback,werror=report,rerror=report", id, escape(file))
	}
	if d.Rate > 0 {
		back += fmt.Sprintf(",throttling.bps-total=%d", d.Rate)
	}
	if d.Discard {
		back += ",discard=unmap"
	}
	dev, err := r.device(id, d)
	if err != nil {
		return err
	}
	r.args = append(r.args, "-drive", back, "-device", dev+",id="+deviceID(id))
	r.n[d.Bus]++
	return nil
}

func (r *rig) device(id string, d Drive) (string, error) {
	n := r.n[d.Bus]
	switch d.Bus {
	case SATA:
		if n >= 6 {
			return "", fmt.Errorf("q35 has six SATA ports")
		}
		return fmt.Sprintf("ide-hd,bus=ide.%d,drive=%s", n, id) + d.ata(), nil
	case IDE:
		if n >= 4 {
			return "", fmt.Errorf("there are four IDE places")
		}
		r.once(d.Bus, "piix3-ide,id=piix")
		return fmt.Sprintf("ide-hd,bus=piix.%d,unit=%d,drive=%s", n/2, n%2, id) + d.ata(), nil
	case NVMe:
		ctl := fmt.Sprintf("nvme%d", n)
		r.args = append(r.args, "-device", fmt.Sprintf("nvme,id=%s,serial=%s", ctl, escape(d.Serial)))
		return fmt.Sprintf("nvme-ns,bus=%s,drive=%s", ctl, id) + d.wwn("eui64") + d.sectors(), nil
	case Virtio:
		return "virtio-blk-pci,drive=" + id + opt("serial", d.Serial) + d.sectors(), nil
	case SCSI:
		r.once(d.Bus, "virtio-scsi-pci,id=vscsi")
		return "scsi-hd,bus=vscsi.0,drive=" + id + d.scsi(), nil
	case USB:
		r.once(USB, xhci(r))
		return "usb-storage,bus=xhci.0,drive=" + id + opt("serial", d.Serial) + d.sectors() + d.removable(), nil
	case UAS:
		r.once(UAS, xhci(r))
		r.args = append(r.args, "-device", fmt.Sprintf("usb-uas,bus=xhci.0,id=uas%d", n))
		return fmt.Sprintf("scsi-hd,bus=uas%d.0,drive=%s", n, id) + d.scsi(), nil
	}
	return "", fmt.Errorf("bus %q is unknown", d.Bus)
}

// once adds a bus's controller with its first drive.
func (r *rig) once(b Bus, dev string) {
	if r.n[b] == 0 && dev != "" {
		r.args = append(r.args, "-device", dev)
	}
}

// xhci is the controller that USB and UAS share; empty when it is there.
func xhci(r *rig) string {
	if r.n[USB]+r.n[UAS] > 0 {
		return ""
	}
	return "qemu-xhci,id=xhci"
}

func (d Drive) check() error {
	ata := d.Bus == SATA || d.Bus == IDE
	scsi := d.Bus == SCSI || d.Bus == UAS
	switch {
	case d.Path == "":
		return fmt.Errorf("path is missing")
	case d.Bus == NVMe && d.Serial == "":
		return fmt.Errorf("nvme needs a serial number")
	case (d.Model != "" || d.Firmware != "" || d.RPM != 0) && !ata && !scsi:
		return fmt.Errorf("%s has a fixed model, firmware and rate", d.Bus)
	case d.WWN != 0 && !ata && !scsi && d.Bus != NVMe:
		return fmt.Errorf("%s has no WWN", d.Bus)
	case ata && d.Logical > 512:
		return fmt.Errorf("%s has 512-byte logical sectors", d.Bus)
	case d.Removable && d.Bus != USB:
		return fmt.Errorf("%s is not removable", d.Bus)
	}
	return nil
}

func (d Drive) ata() string {
	return opt("serial", d.Serial) + opt("model", d.Model) + opt("ver", d.Firmware) +
		d.wwn("wwn") + d.rpm() + d.sectors()
}

func (d Drive) scsi() string {
	vendor, product, ok := strings.Cut(d.Model, " ")
	if !ok {
		vendor, product = "", d.Model
	}
	return opt("serial", d.Serial) + opt("vendor", vendor) + opt("product", product) +
		opt("ver", d.Firmware) + d.wwn("wwn") + d.rpm() + d.sectors()
}

func (d Drive) sectors() string {
	s := ""
	if d.Logical != 0 {
		s += fmt.Sprintf(",logical_block_size=%d", d.Logical)
	}
	if p := max(d.Physical, d.Logical); p != 0 {
		s += fmt.Sprintf(",physical_block_size=%d", p)
	}
	return s
}

func (d Drive) wwn(key string) string {
	if d.WWN == 0 {
		return ""
	}
	return fmt.Sprintf(",%s=%#016x", key, d.WWN)
}

func (d Drive) rpm() string {
	if d.RPM == 0 {
		return ""
	}
	return fmt.Sprintf(",rotation_rate=%d", d.RPM)
}

func (d Drive) removable() string {
	if d.Removable {
		return ",removable=on"
	}
	return ""
}

func opt(key, val string) string {
	if val == "" {
		return ""
	}
	return "," + key + "=" + escape(val)
}
