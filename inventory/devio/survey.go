package devio

import (
	"context"
	"errors"

	"lethe/inventory/ata"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
)

// Survey is what a drive says of its native techniques and hidden areas beyond
// its identity. Every question only reads. A field with an Err beside it was
// asked and not answered when Err is set.
type Survey struct {
	Characteristics *scsi.Characteristics // VPD B1h
	Provisioning    *scsi.Provisioning    // VPD B2h
	Limits          *scsi.Limits          // VPD B0h

	NativeMax    uint64 // last block without a host protected area
	NativeMaxErr error
	NativeAsked  bool
	AMAX         uint64 // last block by Accessible Max Address Configuration
	AMAXErr      error
	AMAXAsked    bool
	DCO          uint64 // last block below the device configuration overlay
	DCOErr       error
	DCOAsked     bool

	Sanitize   map[byte]scsi.Support // SCSI SANITIZE by service action
	FormatUnit scsi.Support

	Detached    []uint32 // NVMe namespaces allocated but not attached
	DetachedErr error
	// Controllers are those of the subsystem, where it may have more than one.
	Controllers    []uint16
	ControllersErr error

	Claims Claims

	Evidence []Evidence
}

// SCSI SANITIZE service actions, as keys of Survey.Sanitize.
const (
	SanitizeOverwrite = scsi.SanitizeOverwrite
	SanitizeBlock     = scsi.SanitizeBlock
	SanitizeCrypto    = scsi.SanitizeCrypto
)

// Explore asks the questions that fit what Identify found.
func Explore(ctx context.Context, s Source, id Identification) Survey {
	var l log
	var v Survey
	if s.SCSI != nil && id.Inquiry != nil {
		conn := scsiLog{s.SCSI, &l}
		v.pages(ctx, conn, id)
		if id.ATA != nil {
			v.native(ctx, ata.Over(conn), *id.ATA)
		} else if s.Block.Transport != "usb" {
			// USB bridges translate badly what they do not know: do not ask.
			v.opcodes(ctx, conn)
		}
	}
	if s.NVMe != nil && id.Controller != nil {
		v.detached(ctx, nvmeLog{s.NVMe, &l}, *id.Controller)
		v.controllers(ctx, nvmeLog{s.NVMe, &l}, id.Controller.CMIC)
	}
	v.Claims = askClaims(ctx, s, id, &l)
	v.Evidence = l.lines
	return v
}

func (v *Survey) pages(ctx context.Context, conn scsi.Conn, id Identification) {
	if has(id.Pages, scsi.PageCharacteristics) {
		v.Characteristics = page(ctx, conn, scsi.PageCharacteristics, scsi.ParseCharacteristics)
	}
	if has(id.Pages, scsi.PageProvisioning) {
		v.Provisioning = page(ctx, conn, scsi.PageProvisioning, scsi.ParseProvisioning)
	}
	if has(id.Pages, scsi.PageLimits) {
		v.Limits = page(ctx, conn, scsi.PageLimits, scsi.ParseLimits)
	}
}

// page reads and decodes one page, nil when the drive does not give it.
func page[T any](ctx context.Context, conn scsi.Conn, code byte, parse func([]byte) (T, error)) *T {
	b, err := scsi.ReadPage(ctx, conn, code)
	if err != nil {
		return nil
	}
	p, err := parse(b)
	if err != nil {
		return nil
	}
	return &p
}

func (v *Survey) native(ctx context.Context, conn ata.Conn, id ata.Identify) {
	if id.HPA() {
		v.NativeAsked = true
		v.NativeMax, v.NativeMaxErr = ata.ReadNativeMax(ctx, conn, id)
	}
	if id.AMAX() {
		v.AMAXAsked = true
		v.AMAX, v.AMAXErr = ata.ReadAccessibleMax(ctx, conn)
	}
	if id.DCO() {
		v.DCOAsked = true
		v.DCO, v.DCOErr = ata.ReadConfigurationMax(ctx, conn)
	}
}

// opcodes asks for SANITIZE and FORMAT UNIT. The first refusal ends it: a drive
// without REPORT SUPPORTED OPERATION CODES refuses all of it.
func (v *Survey) opcodes(ctx context.Context, conn scsi.Conn) {
	v.Sanitize = map[byte]scsi.Support{}
	f, err := scsi.ReadSupport(ctx, conn, 0x04, -1)
	if err != nil {
		return
	}
	v.FormatUnit = f
	for _, sa := range []byte{SanitizeOverwrite, SanitizeBlock, SanitizeCrypto} {
		s, err := scsi.ReadSupport(ctx, conn, 0x48, int(sa))
		if err != nil {
			return
		}
		v.Sanitize[sa] = s
	}
}

// controllers lists those through which the subsystem can be used, where there may be
// several: another port, another host, virtual functions.
func (v *Survey) controllers(ctx context.Context, conn nvme.Conn, c nvme.CMIC) {
	if c.Ports() || c.Controllers() || c.Virtual() {
		v.Controllers, v.ControllersErr = nvme.ReadControllers(ctx, conn)
	}
}

// detached compares the namespaces of the subsystem with those this controller
// serves: data may sit in one that has no block device.
func (v *Survey) detached(ctx context.Context, conn nvme.Conn, c nvme.Controller) {
	if !c.OACS.Management() {
		return
	}
	active, e1 := nvme.ReadActive(ctx, conn)
	all, e2 := nvme.ReadAllocated(ctx, conn)
	if v.DetachedErr = errors.Join(e1, e2); v.DetachedErr != nil {
		return
	}
	on := map[uint32]bool{}
	for _, n := range active {
		on[n] = true
	}
	for _, n := range all {
		if !on[n] {
			v.Detached = append(v.Detached, n)
		}
	}
}
