package inventory

import (
	"lethe/certs/record"
	"lethe/inventory/devio"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// nonRotating is the rotation rate of a solid-state drive, in ATA word 217 and
// in VPD page B1h.
const nonRotating = 1

// rate is what the drive says of its rotation: 0 nothing, 1 solid state, else
// revolutions a minute.
func rate(id devio.Identification, v devio.Survey) int64 {
	if id.ATA != nil && id.ATA.Rotation() != 0 {
		return id.ATA.Rotation()
	}
	if v.Characteristics != nil && (v.Characteristics.Rotation == nonRotating || v.Characteristics.Rotation >= 0x401) {
		return int64(v.Characteristics.Rotation)
	}
	return 0
}

func rotation(id devio.Identification, v devio.Survey) int64 {
	if r := rate(id, v); r > nonRotating {
		return r
	}
	return 0
}

// medium is what holds the data, by the drive's own word where it gives one. The
// kernel's rotational flag is 1 also where nobody knows, so only a 0 counts, and
// a 1 for SATA and SAS, where a drive that says nothing is an old disk.
func medium(b sysfs.Block, d Device, id devio.Identification, v devio.Survey) record.Medium {
	switch b.Transport {
	case sysfs.Loop, sysfs.File, sysfs.Virtio:
		return record.MediumVirtual
	case sysfs.NVMe:
		return record.MediumFlash
	case sysfs.MMC:
		return record.MediumCard
	}
	switch r := rate(id, v); {
	case r == nonRotating:
		return record.MediumFlash
	case r > nonRotating:
		return record.MediumMagnetic
	case b.Transport == sysfs.USB && (b.Removable || id.Inquiry != nil && id.Inquiry.Removable):
		return record.MediumCard
	case d.Transport == sysfs.SATA || d.Transport == sysfs.SAS:
		if !b.Rotational {
			return record.MediumFlash
		}
		return record.MediumMagnetic
	case d.Virtual:
		return record.MediumVirtual
	case !b.Rotational:
		return record.MediumFlash
	}
	return record.MediumUnknown
}

// thin reports a thinly provisioned volume. QEMU's disks claim it of every image
// whatever stands behind, so from them it means nothing.
func thin(id devio.Identification, v devio.Survey) bool {
	return v.Provisioning != nil && v.Provisioning.Type == scsi.ProvisionedThin &&
		id.Capacity != nil && id.Capacity.Thin && id.Inquiry != nil && id.Inquiry.Vendor != "QEMU"
}
