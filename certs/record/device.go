package record

import "strings"

// Identity is what tells one drive from every other (law 4: identity, not path).
// At least Serial or one of WWN, EUI64, NGUID must be set for a drive to have one.
type Identity struct {
	Vendor  string `json:"vendor,omitempty"`  // SCSI INQUIRY bytes 8-15, else manufacturer where stated
	Model   string `json:"model,omitempty"`   // ATA words 27-46, SCSI INQUIRY 16-31, NVMe MN
	Serial  string `json:"serial,omitempty"`  // ATA words 10-19, SCSI VPD 80h, NVMe SN, virtio-blk serial
	WWN     string `json:"wwn,omitempty"`     // NAA identifier, lower-case hex without 0x
	EUI64   string `json:"eui64,omitempty"`   // NVMe Identify Namespace EUI64, lower-case hex, "" when zero
	NGUID   string `json:"nguid,omitempty"`   // NVMe Identify Namespace NGUID, lower-case hex, "" when zero
	NSID    int64  `json:"nsid,omitempty"`    // NVMe namespace identifier, 0 when not NVMe
	Backing string `json:"backing,omitempty"` // "loop:" or "file:" + device number, inode and size
}

// Known reports whether the identity can tell the drive from another one.
func (i Identity) Known() bool {
	return i.Serial != "" || i.WWN != "" || i.EUI64 != "" || i.NGUID != "" || i.Backing != ""
}

// Same reports whether both name the same drive: every field equal, and known.
func (i Identity) Same(j Identity) bool { return i == j && i.Known() }

// String is the identity in one line, for people.
func (i Identity) String() string {
	var p []string
	for _, s := range []string{i.Vendor, i.Model, i.Serial} {
		if s != "" {
			p = append(p, s)
		}
	}
	if len(p) == 0 && i.Backing != "" {
		p = append(p, i.Backing)
	}
	if len(p) == 0 {
		return "unidentified"
	}
	return strings.Join(p, " ")
}

// Name is the shortest word an operator types for the drive: its serial, else
// its world-wide name, else its backing.
func (i Identity) Name() string {
	for _, s := range []string{i.Serial, i.WWN, i.EUI64, i.NGUID, i.Backing} {
		if s != "" {
			return s
		}
	}
	return "unidentified"
}

// Device is everything Lethe knows of one drive (for NVMe: of one namespace).
type Device struct {
	Identity       Identity     `json:"identity"`
	Firmware       string       `json:"firmware,omitempty"`
	Size           Size         `json:"size"`                 // bytes, BLKGETSIZE64, checked against the drive's own answer
	NativeSize     Size         `json:"nativeSize,omitempty"` // bytes by READ NATIVE MAX / namespace size; 0 when not stated
	LogicalSector  int64        `json:"logicalSector"`        // bytes
	PhysicalSector int64        `json:"physicalSector"`       // bytes
	Medium         Medium       `json:"medium"`
	RotationRPM    int64        `json:"rotationRpm,omitempty"`
	Transport      string       `json:"transport"`          // sata, sas, scsi, nvme, usb, virtio, mmc, loop, file
	Remote         bool         `json:"remote,omitempty"`   // iSCSI, FC, NVMe over fabrics
	RemoteAt       string       `json:"remoteAt,omitempty"` // transport and address, of NVMe over fabrics
	Path           string       `json:"path"`               // adapter path: PCI address and port, from /sys
	Node           string       `json:"node"`               // kernel name at the time, e.g. sda; never an identity
	Removable      bool         `json:"removable,omitempty"`
	Virtual        bool         `json:"virtual,omitempty"` // emulated or virtual drive
	VirtualWhy     []string     `json:"virtualWhy,omitempty"`
	Volume         string       `json:"volume,omitempty"` // "thin" or "copy-on-write" when the blocks are not the medium's own
	Controller     *Controller  `json:"controller,omitempty"`
	Siblings       []string     `json:"siblings,omitempty"` // other namespaces of the same NVMe subsystem, by kernel name
	Capabilities   []Capability `json:"capabilities,omitempty"`
	Hidden         []HiddenArea `json:"hidden,omitempty"`
}

// Controller is the NVMe controller or host adapter in front of a drive.
type Controller struct {
	Model    string `json:"model,omitempty"`
	Serial   string `json:"serial,omitempty"`
	Firmware string `json:"firmware,omitempty"`
	NQN      string `json:"nqn,omitempty"`    // NVMe subsystem NQN
	Driver   string `json:"driver,omitempty"` // kernel driver
	ID       int64  `json:"id,omitempty"`     // NVMe CNTLID
}

// Capability is one technique the drive itself says it supports.
type Capability struct {
	Technique Technique `json:"technique"`
	Command   string    `json:"command"`           // e.g. "ATA SANITIZE DEVICE, BLOCK ERASE EXT"
	Source    string    `json:"source"`            // where it was read, e.g. "IDENTIFY DEVICE word 59 = 8000h"
	Minutes   int64     `json:"minutes,omitempty"` // the drive's own estimate, 0 when it gives none
	Act       Act       `json:"act,omitempty"`     // "" where no version of Lethe has it
	Blocked   string    `json:"blocked,omitempty"` // what stands in the way right now: frozen, locked
}

// HiddenArea is storage that a host write may not reach.
type HiddenArea struct {
	Kind  string `json:"kind"` // HPA, DCO, AMAX, boot-partition, RPMB, spare, unallocated
	Bytes Size   `json:"bytes,omitempty"`
	State string `json:"state"` // e.g. "none", "present", "not readable: ..."
}

// Machine is the computer the drives sit in (SMBIOS type 1, 2 and 3).
type Machine struct {
	Manufacturer string   `json:"manufacturer,omitempty"`
	Product      string   `json:"product,omitempty"`
	Serial       string   `json:"serial,omitempty"`
	UUID         string   `json:"uuid,omitempty"`
	AssetTag     string   `json:"assetTag,omitempty"`
	BoardSerial  string   `json:"boardSerial,omitempty"`
	Firmware     string   `json:"firmware,omitempty"` // BIOS vendor, version, date
	Virtual      bool     `json:"virtual,omitempty"`
	VirtualWhy   []string `json:"virtualWhy,omitempty"`
	// Neighbours are the switches its network cables lead to, as they say.
	Neighbours []Neighbour `json:"neighbours,omitempty"`
}

// Neighbour is what the switch at the end of a cable says of itself (IEEE 802.1AB,
// LLDP). Nobody vouches for it; it tells where in the room the machine stood.
type Neighbour struct {
	NIC     string `json:"nic"`
	Chassis string `json:"chassis"`
	Port    string `json:"port"`
	System  string `json:"system,omitempty"`
}
