package devio

import (
	"context"

	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// Claims are reservations and registrations of hosts, as the drive tells them.
// The kernel knows nothing of them: another machine made them over another port.
type Claims struct {
	SCSI *scsi.Reservation // nil: not asked
	NVMe *nvme.Reservation // nil: not asked
	Err  error             // asked, and no answer that can be trusted
}

// askClaims asks a drive that may have an answer. Not asked are USB bridges,
// which translate badly what they do not know, and namespaces of controllers
// that say they have no reservations.
func askClaims(ctx context.Context, s Source, id Identification, l *log) Claims {
	var c Claims
	switch {
	case s.NVMeIO != nil && id.Controller != nil && id.Namespace != nil:
		if !id.Controller.ONCS.Reservations() {
			return c
		}
		r, err := nvme.ReadReservation(ctx, nvmeLog{s.NVMeIO, l}, s.NSID)
		c.NVMe, c.Err = &r, err
	case s.SCSI != nil && id.Inquiry != nil && s.Block.Transport != sysfs.USB:
		r, err := scsi.ReadReservation(ctx, scsiLog{s.SCSI, l})
		c.SCSI, c.Err = &r, err
		// An ATA drive has no reservations; what a translator says to the
		// question is its own affair, unless it says that there are some.
		if id.ATA != nil && refused(err) {
			c.Err = nil
		}
	}
	return c
}
