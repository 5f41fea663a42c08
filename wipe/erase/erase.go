// Package erase knows who carries out which of a drive's own commands. It makes no
// system call: it is given channels to one drive.
package erase

import (
	"context"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/wipe"
	"lethe/wipe/eraseata"
	"lethe/wipe/erasescsi"
)

// Drive is the channels to one drive, nil where it has none, and the time it lives in.
type Drive struct {
	SCSI scsi.Conn
	ATA  ata.Conn
	NVMe nvme.Conn // admin commands of the controller in front of it
	NSID uint32    // the namespace that is to be erased
	// Clock is the machine's where nil.
	Clock Clock
}

// Clock is a time to wait in.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error // until d has passed, or ctx ends
}

// For is who carries out an act on the drive. The error says why nobody can; nothing was
// sent.
func For(act record.Act, d Drive) (wipe.Eraser, error) {
	switch act.Family() {
	case "scsi-sanitize", "scsi-format":
		if d.SCSI == nil {
			return nil, fmt.Errorf("the drive takes no SCSI commands")
		}
		return erasescsi.New(d.SCSI, act, erasescsi.Options{Clock: d.Clock})
	case "ata-sanitize", "ata-security":
		if d.ATA == nil {
			return nil, fmt.Errorf("the drive takes no ATA commands")
		}
		return eraseata.New(d.ATA, act, eraseata.Options{Clock: d.Clock})
	case "nvme-sanitize", "nvme-format":
		return newNVMe(act, d)
	}
	return nil, fmt.Errorf("this version does not carry it out")
}
