package boottest

import (
	"fmt"
	"strings"
)

// Bus is how a drive is attached.
type Bus string

// The buses that QEMU offers. SATA has six ports, IDE four, LSI seven and MPTSAS
// eight.
const (
	SATA    Bus = "sata"    // AHCI, driver ahci
	IDE     Bus = "ide"     // PIIX3, driver ata_piix
	NVMe    Bus = "nvme"    // drives with the same serial number are namespaces of one
	Virtio  Bus = "virtio"  // virtio-blk
	SCSI    Bus = "scsi"    // virtio-scsi
	LSI     Bus = "lsi"     // LSI 53C895A, parallel SCSI, driver sym53c8xx
	MPTSAS  Bus = "mptsas"  // LSI SAS1068, driver mptsas
	MegaSAS Bus = "megasas" // LSI MegaRAID SAS 8708EM2, driver megaraid_sas
	USB     Bus = "usb"     // bulk only
	UAS     Bus = "uas"
	SD      Bus = "sd" // a card in an SDHCI reader, a power of two in size
)

// SDSerial is the serial number that QEMU gives to every SD card, as Linux shows it.
const SDSerial = "0xdeadbeef"

// Buses are all of them.
func Buses() []Bus {
	return []Bus{SATA, IDE, NVMe, Virtio, SCSI, LSI, MPTSAS, MegaSAS, USB, UAS, SD}
}

// Drive is one drive. Path is a raw file or a block device of the host.
type Drive struct {
	Bus    Bus
	Path   string
	Serial string
	// Model, Firmware and WWN are for the ATA and SCSI buses; QEMU has fixed ones
	// elsewhere. For NVMe, WWN is the namespace's EUI-64.
	Model    string
	Firmware string
	WWN      uint64
	// Logical and Physical are sector sizes in bytes, 512 where 0. SATA and IDE
	// have 512-byte logical sectors only.
	Logical, Physical int
	RPM               int  // 1: not rotating; 0: not said. ATA and SCSI buses
	Removable         bool // USB
	Discard           bool // hand discards on to the host
	// Rate limits reading and writing together, in bytes a second; 0 is as fast
	// as it goes.
	Rate   int64
	Faults []Fault // sectors that fail
	Log    string  // file that gets every write, see ReadLog; not together with Faults
}

// scsi tells whether drives on the bus are QEMU's SCSI disks.
func (b Bus) scsi() bool {
	switch b {
	case SCSI, LSI, MPTSAS, MegaSAS, UAS:
		return true
	}
	return false
}

func (d Drive) check() error {
	ata, scsi := d.Bus == SATA || d.Bus == IDE, d.Bus.scsi()
	switch {
	case d.Path == "":
		return fmt.Errorf("path is missing")
	case d.Log != "" && len(d.Faults) > 0:
		return fmt.Errorf("log and faults do not go together")
	case d.Bus == NVMe && d.Serial == "":
		return fmt.Errorf("nvme needs a serial number")
	case (d.Model != "" || d.Firmware != "" || d.RPM != 0) && !ata && !scsi:
		return fmt.Errorf("%s has a fixed model, firmware and rate", d.Bus)
	case d.WWN != 0 && !ata && !scsi && d.Bus != NVMe:
		return fmt.Errorf("%s has no WWN", d.Bus)
	case ata && d.Logical > 512:
		return fmt.Errorf("%s has 512-byte logical sectors", d.Bus)
	case d.Bus == SD && d.Serial != "" && d.Serial != SDSerial:
		return fmt.Errorf("sd has the serial number %s", SDSerial)
	case d.Bus == SD && d.sectors() != "":
		return fmt.Errorf("sd has 512-byte sectors")
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
