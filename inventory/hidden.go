package inventory

import (
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/devio"
	"lethe/inventory/nvme"
	"lethe/inventory/sysfs"
)

// nativeSize is the drive in bytes with everything that can be uncovered: by
// READ NATIVE MAX ADDRESS or its successor and by DEVICE CONFIGURATION IDENTIFY, else by the drive's own capacity.
func nativeSize(id devio.Identification, v devio.Survey) record.Size {
	size := record.Size(id.DriveSize)
	if id.ATA == nil {
		return size
	}
	sector := uint64(id.ATA.LogicalSector())
	if v.NativeAsked && v.NativeMaxErr == nil {
		size = max(size, record.Size((v.NativeMax+1)*sector))
	}
	if v.AMAXAsked && v.AMAXErr == nil {
		size = max(size, record.Size((v.AMAX+1)*sector))
	}
	if v.DCOAsked && v.DCOErr == nil {
		size = max(size, record.Size((v.DCO+1)*sector))
	}
	return size
}

// hidden lists the storage of a drive that a host write may not reach.
func hidden(d Device, id devio.Identification, v devio.Survey) []record.HiddenArea {
	var out []record.HiddenArea
	if id.ATA != nil {
		out = append(out, ataHidden(*id.ATA, v)...)
	}
	if id.Controller != nil {
		out = append(out, nvmeHidden(*id.Controller, v)...)
	}
	if d.Transport == sysfs.USB && id.DriveSize > uint64(d.Size) && d.Size > 0 {
		out = append(out, record.HiddenArea{Kind: "unallocated", Bytes: record.Size(id.DriveSize) - d.Size,
			State: "present: kept back by the USB bridge"})
	}
	if d.Transport == sysfs.MMC {
		out = append(out, record.HiddenArea{Kind: "boot-partition", State: "not readable: eMMC is not surveyed yet"},
			record.HiddenArea{Kind: "RPMB", State: "not readable: eMMC is not surveyed yet"})
	}
	if d.Medium == record.MediumFlash || d.Medium == record.MediumCard {
		out = append(out, record.HiddenArea{Kind: "spare",
			State: "not readable: flash keeps reserve and retired blocks outside its addresses"})
	}
	return out
}

func ataHidden(id ata.Identify, v devio.Survey) []record.HiddenArea {
	area := func(kind string, asked bool, last uint64, err error, absent string) record.HiddenArea {
		h := record.HiddenArea{Kind: kind}
		switch {
		case !asked:
			h.State = "none: " + absent
		case err != nil:
			h.State = "not readable: " + err.Error()
		case last+1 < id.Sectors():
			h.State = fmt.Sprintf("not readable: native end %d lies before the end %d", last, id.Sectors()-1)
		case last+1 == id.Sectors():
			h.State = "none"
		default:
			h.State = "present"
			h.Bytes = record.Size((last + 1 - id.Sectors()) * uint64(id.LogicalSector()))
		}
		return h
	}
	return []record.HiddenArea{
		area("HPA", v.NativeAsked, v.NativeMax, v.NativeMaxErr, "not supported (word 82 bit 10)"),
		area("AMAX", v.AMAXAsked, v.AMAX, v.AMAXErr, "not supported (word 119 bit 8)"),
		area("DCO", v.DCOAsked, v.DCO, v.DCOErr, "not supported (word 83 bit 11)"),
	}
}

func nvmeHidden(c nvme.Controller, v devio.Survey) []record.HiddenArea {
	out := []record.HiddenArea{{Kind: "boot-partition",
		State: "not readable: the kernel does not show the controller's CAP.BPS"}}
	if c.RPMB.Units() > 0 {
		out = append(out, record.HiddenArea{Kind: "RPMB", Bytes: record.Size(c.RPMB.Bytes()), State: "present"})
	}
	if c.Unused > 0 {
		out = append(out, record.HiddenArea{Kind: "unallocated", Bytes: record.Size(c.Unused),
			State: "present: in no namespace"})
	}
	switch {
	case v.DetachedErr != nil:
		out = append(out, record.HiddenArea{Kind: "unallocated", State: "not readable: " + v.DetachedErr.Error()})
	case len(v.Detached) > 0:
		out = append(out, record.HiddenArea{Kind: "unallocated", State: "present: namespaces not attached to this controller: " +
			strings.Trim(fmt.Sprint(v.Detached), "[]")})
	}
	return out
}
