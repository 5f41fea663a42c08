package boottest

import (
	"fmt"
	"slices"
)

// sasAddress is of drives that are not given one.
const sasAddress = 0x5000c500de400000

// rig places drives on controllers and counts them.
type rig struct {
	chipset Chipset
	args    []string
	n       map[Bus]int
	nvme    []string // serial numbers of the NVMe controllers
	shared  []string // those with several namespaces
	hasUSB  bool
}

func (r *rig) all(drives []Drive) error {
	for i, d := range drives {
		several := func(e Drive) bool { return d.Bus == NVMe && e.Bus == NVMe && e.Serial == d.Serial }
		if slices.ContainsFunc(drives[:i], several) {
			r.shared = append(r.shared, d.Serial)
		}
	}
	for i, d := range drives {
		if err := r.add(backend(i), d); err != nil {
			return fmt.Errorf("%w: drive %d: %w", ErrConfig, i, err)
		}
	}
	return nil
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
	if d.Log != "" {
		file, err := d.logged()
		if err != nil {
			return err
		}
		back = fmt.Sprintf("if=none,id=%s,file=%s,cache=writeback", id, escape(file))
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

// device is the drive itself; its controller comes with the bus's first drive.
func (r *rig) device(id string, d Drive) (string, error) {
	n := r.n[d.Bus]
	switch d.Bus {
	case SATA, IDE:
		return r.ata(id, d)
	case NVMe:
		return r.namespace(id, d), nil
	case Virtio:
		return "virtio-blk-pci,drive=" + id + opt("serial", d.Serial) + d.sectors(), nil
	case SCSI:
		return r.parallel(id, d, "virtio-scsi-pci", 255)
	case LSI:
		return r.parallel(id, d, "lsi53c895a", 7)
	case MPTSAS:
		return r.parallel(id, d, "mptsas1068", 8)
	case MegaSAS:
		return r.parallel(id, d, "megasas", 64)
	case USB:
		r.xhci()
		return "usb-storage,bus=xhci.0,drive=" + id + opt("serial", d.Serial) + d.sectors() + d.removable(), nil
	case UAS:
		r.xhci()
		r.controller(fmt.Sprintf("usb-uas,bus=xhci.0,id=uas%d", n))
		return fmt.Sprintf("scsi-hd,bus=uas%d.0,drive=%s", n, id) + d.scsi(), nil
	case SD:
		if n > 0 {
			return "", fmt.Errorf("all SD cards have the same serial number: there is one")
		}
		r.controller("sdhci-pci")
		return "sd-card,bus=sd-bus,drive=" + id, nil
	}
	return "", fmt.Errorf("bus %q is unknown", d.Bus)
}

func (r *rig) controller(dev string) { r.args = append(r.args, "-device", dev) }

// ata uses what the board has, and adds what it has not.
func (r *rig) ata(id string, d Drive) (string, error) {
	n, bus, board := r.n[d.Bus], "ide", Q35
	if d.Bus == IDE {
		board = PC
	}
	if r.chipset != board {
		adapter := "ich9-ahci"
		if bus = "ahci"; d.Bus == IDE {
			adapter, bus = "piix3-ide", "piix"
		}
		if n == 0 {
			r.controller(adapter + ",id=" + bus)
		}
	}
	if d.Bus == IDE {
		if n >= 4 {
			return "", fmt.Errorf("there are four IDE places")
		}
		return fmt.Sprintf("ide-hd,bus=%s.%d,unit=%d,drive=%s", bus, n/2, n%2, id) + d.ata(), nil
	}
	if n >= 6 {
		return "", fmt.Errorf("there are six SATA ports")
	}
	return fmt.Sprintf("ide-hd,bus=%s.%d,drive=%s", bus, n, id) + d.ata(), nil
}

// parallel is a drive by its number on an adapter of limit places.
func (r *rig) parallel(id string, d Drive, adapter string, limit int) (string, error) {
	n, bus := r.n[d.Bus], "bus-"+string(d.Bus)
	if n >= limit {
		return "", fmt.Errorf("%s has %d places", adapter, limit)
	}
	if n == 0 {
		r.controller(adapter + ",id=" + bus)
	}
	if d.Bus == MPTSAS && d.WWN == 0 {
		d.WWN = sasAddress + uint64(n) // to Linux a SAS drive without an address is none
	}
	return fmt.Sprintf("scsi-hd,bus=%s.0,scsi-id=%d,drive=%s", bus, n, id) + d.scsi(), nil
}

// namespace is a drive of NVMe. A controller with several is in a subsystem, as
// those of two ports are: Linux then shows each namespace a second time, hidden.
func (r *rig) namespace(id string, d Drive) string {
	ctl := slices.Index(r.nvme, d.Serial)
	if ctl < 0 {
		ctl = len(r.nvme)
		r.nvme = append(r.nvme, d.Serial)
		dev := fmt.Sprintf("nvme,id=nvme%d,serial=%s", ctl, escape(d.Serial))
		if slices.Contains(r.shared, d.Serial) {
			r.controller(fmt.Sprintf("nvme-subsys,id=subsys%d", ctl))
			dev += fmt.Sprintf(",subsys=subsys%d", ctl)
		}
		r.controller(dev)
	}
	return fmt.Sprintf("nvme-ns,bus=nvme%d,drive=%s", ctl, id) + d.wwn("eui64") + d.sectors()
}

// xhci is the USB controller, once.
func (r *rig) xhci() {
	if !r.hasUSB {
		r.controller("qemu-xhci,id=xhci")
	}
	r.hasUSB = true
}
