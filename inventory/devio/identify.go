package devio

import (
	"context"
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/internal/ascii"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// Identification is what one drive said of itself on one open handle.
type Identification struct {
	Identity  record.Identity
	Firmware  string
	Transport string // sysfs transport, "sata" for a SATA drive behind SAS or USB
	Geometry
	DriveSize uint64 // bytes by the drive's own answer, 0 when it gives none
	Volume    string // "thin" or "copy-on-write"
	Evidence  []Evidence

	// The decoded answers, nil where the transport has no such question or the
	// drive refused it.
	ATA        *ata.Identify
	Inquiry    *scsi.Inquiry
	Pages      []byte // vital product data pages the drive lists
	Capacity   *scsi.Capacity
	Controller *nvme.Controller
	Namespace  *nvme.Namespace
	Set        byte // NVMe command set, 2 = zoned
	Loop       *LoopStatus
	File       *FileStatus
}

// Identify asks the drive who it is. An error is a drive whose identity could
// not be read; what was read until then is returned with it, evidence included.
func Identify(ctx context.Context, s Source) (Identification, error) {
	var l log
	id := Identification{Transport: s.Block.Transport, Geometry: s.Geometry, Loop: s.Loop, File: s.File}
	if s.SCSI != nil {
		s.SCSI = scsiLog{s.SCSI, &l}
	}
	if s.NVMe != nil {
		s.NVMe = nvmeLog{s.NVMe, &l}
	}
	err := ask(ctx, s, &id, &l)
	id.Evidence = l.lines
	if err != nil {
		return id, fmt.Errorf("identify %s: %w", s.Block.Name, err)
	}
	return id, nil
}

func ask(ctx context.Context, s Source, id *Identification, l *log) error {
	switch {
	case s.File != nil:
		return askFile(s, id, l)
	case s.Loop != nil:
		return askLoop(s, id, l)
	case s.NVMe != nil:
		return askNVMe(ctx, s, id)
	case s.SCSI != nil:
		return askSCSI(ctx, s, id)
	}
	return askKernel(s, id, l)
}

func askLoop(s Source, id *Identification, l *log) error {
	id.Identity = record.Identity{Model: "loop device", Backing: s.Loop.Backing(s.Size)}
	id.Volume = s.Loop.Volume
	l.add("LOOP_GET_STATUS64", "4c05", []byte(id.Identity.Backing), nil)
	return nil
}

func askFile(s Source, id *Identification, l *log) error {
	id.Identity = record.Identity{Model: "image file", Backing: s.File.Backing(s.Size)}
	id.Volume = s.File.Volume
	l.add("fstat", s.Block.Path, []byte(id.Identity.Backing), nil)
	return nil
}

// askNVMe reads controller and namespace. The namespace descriptors are newer
// than many controllers and may be refused.
func askNVMe(ctx context.Context, s Source, id *Identification) error {
	c, err := nvme.ReadController(ctx, s.NVMe)
	if err != nil {
		return err
	}
	n, err := nvme.ReadNamespace(ctx, s.NVMe, s.NSID)
	if err != nil {
		return err
	}
	id.Controller, id.Namespace, id.Firmware = &c, &n, c.Firmware
	id.Identity = record.Identity{
		Model: c.Model, Serial: c.Serial, NSID: int64(s.NSID), EUI64: n.EUI64, NGUID: n.NGUID,
	}
	d, err := nvme.ReadDescriptors(ctx, s.NVMe, s.NSID)
	if err == nil {
		id.Set = d.CommandSet
		id.Identity.EUI64 = or(n.EUI64, d.EUI64)
		id.Identity.NGUID = or(n.NGUID, d.NGUID)
	} else if !refused(err) {
		return err
	}
	id.DriveSize, err = n.Size()
	return err
}

// refused reports whether the drive answered "no", as against not answering.
func refused(err error) bool {
	var n *nvme.StatusError
	var c *scsi.StatusError
	var a *ata.AbortError
	return errors.As(err, &n) || errors.As(err, &c) || errors.As(err, &a)
}

func askSCSI(ctx context.Context, s Source, id *Identification) error {
	q, err := scsi.ReadInquiry(ctx, s.SCSI)
	if err != nil {
		return err
	}
	id.Inquiry = &q
	id.Identity = record.Identity{Vendor: q.Vendor, Model: q.Product}
	id.Firmware = q.Revision
	if err := askPages(ctx, s, id); err != nil {
		return err
	}
	if q.IsATA() || has(id.Pages, scsi.PageATA) {
		if err := askATA(ctx, s, id); err != nil {
			return err
		}
	}
	if id.Identity.Serial == "" {
		id.Identity.Serial = ascii.Clean([]byte(s.Root.USBAttr(s.Block, "serial")))
	}
	return askCapacity(ctx, s, id)
}

// askPages reads the identity pages of the vital product data. A device without
// any, or that answers with something else, is one without identity, no failure.
func askPages(ctx context.Context, s Source, id *Identification) error {
	pages, err := scsi.ReadPage(ctx, s.SCSI, scsi.PageSupported)
	if err != nil {
		return unlessAnswered(ctx, err)
	}
	id.Pages = append([]byte(nil), pages...)
	if has(pages, scsi.PageSerial) {
		sn, err := scsi.ReadSerial(ctx, s.SCSI)
		if err := unlessAnswered(ctx, err); err != nil {
			return err
		}
		id.Identity.Serial = sn
	}
	if !has(pages, scsi.PageIdentification) {
		return nil
	}
	b, err := scsi.ReadPage(ctx, s.SCSI, scsi.PageIdentification)
	if err != nil {
		return unlessAnswered(ctx, err)
	}
	ds, _ := scsi.ParseDesignators(b)
	id.Identity.WWN, id.Identity.EUI64 = scsi.Names(ds)
	return nil
}

// unlessAnswered keeps an error that means the way to the drive is broken, and
// drops one that means the drive has no such answer.
func unlessAnswered(ctx context.Context, err error) error {
	var t *TransportError
	if errors.As(err, &t) || ctx.Err() != nil {
		return err
	}
	return nil
}

func has(list []byte, page byte) bool {
	for _, p := range list {
		if p == page {
			return true
		}
	}
	return false
}

// askATA overrules what a translator made up with the drive's own words. A
// translator that refuses pass-through leaves the SCSI identity standing.
func askATA(ctx context.Context, s Source, id *Identification) error {
	a, err := ata.ReadIdentify(ctx, ata.Over(s.SCSI))
	if err != nil {
		return unlessAnswered(ctx, err)
	}
	id.ATA, id.Firmware = &a, a.Firmware()
	if s.Block.Transport != sysfs.USB {
		id.Transport = sysfs.SATA
	}
	id.Identity.Vendor, id.Identity.Model = "", a.Model()
	id.Identity.Serial = or(a.Serial(), id.Identity.Serial)
	id.Identity.WWN = or(a.WWN(), id.Identity.WWN)
	id.DriveSize = a.Sectors() * uint64(a.LogicalSector())
	return nil
}

func askCapacity(ctx context.Context, s Source, id *Identification) error {
	c, err := scsi.ReadCapacity(ctx, s.SCSI, s.Block.Transport == sysfs.USB)
	if err != nil {
		return unlessAnswered(ctx, err)
	}
	id.Capacity = &c
	// Through a USB bridge the drive's own figure may be larger than what the
	// bridge lets through; behind any other translator they must agree.
	if id.ATA != nil {
		return nil
	}
	if n, err := c.Size(); err == nil {
		id.DriveSize = n
	}
	return nil
}

// askKernel is for transports whose identity only the driver can ask for.
func askKernel(s Source, id *Identification, l *log) error {
	read := func(attr string) string {
		v := ascii.Clean([]byte(s.Root.Attr(s.Block, attr)))
		l.add(attr, s.Block.Dir+"/"+attr, []byte(v), nil)
		return v
	}
	switch s.Block.Transport {
	case sysfs.Virtio:
		// virtio-blk answers VIRTIO_BLK_T_GET_ID at every read of this file.
		id.Identity = record.Identity{Model: "virtio-blk", Serial: read("serial")}
	case sysfs.MMC:
		id.Identity = record.Identity{
			Vendor: read("device/manfid"), Model: read("device/name"),
			Serial: read("device/serial"),
		}
		id.Firmware = read("device/fwrev")
	default:
		id.Identity = record.Identity{Model: read("device/model"), Serial: read("device/serial")}
	}
	return nil
}

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}
