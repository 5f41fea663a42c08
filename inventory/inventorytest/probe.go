package inventorytest

import (
	"bytes"
	"context"

	"lethe/inventory/devio"
	"lethe/inventory/nvme"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// Probe answers for a drive of a Tree, as *devio.Probe does for a real one: the
// same questions go to the simulated channels.
type Probe struct {
	Root   string // of the tree
	Name   string // kernel name in the tree
	SCSI   scsi.Conn
	NVMe   nvme.Conn
	NVMeIO nvme.Conn
	NSID   uint32
	Loop   *devio.LoopStatus
	Size   int64         // bytes, 0: what the tree says
	Hang   chan struct{} // when set, Identify does not return before it is closed
	Head   []byte        // first bytes of the drive
	Closes int
}

// source is what devio asks.
func (p *Probe) source() (devio.Source, error) {
	root := sysfs.Root(p.Root)
	b, err := root.Block(p.Name)
	if err != nil {
		return devio.Source{}, err
	}
	g := devio.Geometry{
		Size: int64(b.Size), LogicalSector: int(b.LogicalSector), PhysicalSector: int(b.PhysicalSector), ReadOnly: b.ReadOnly,
	}
	if p.Size != 0 {
		g.Size = p.Size
	}
	return devio.Source{Root: root, Block: b, Geometry: g, SCSI: p.SCSI, NVMe: p.NVMe, NVMeIO: p.NVMeIO, NSID: p.NSID, Loop: p.Loop}, nil
}

// Identify asks the simulated drive. With Hang it ignores ctx, as a system call
// on a dead drive does.
func (p *Probe) Identify(ctx context.Context) (devio.Identification, error) {
	if p.Hang != nil {
		<-p.Hang
	}
	s, err := p.source()
	if err != nil {
		return devio.Identification{}, err
	}
	return devio.Identify(ctx, s)
}

// Survey asks the simulated drive.
func (p *Probe) Survey(ctx context.Context, id devio.Identification) devio.Survey {
	s, err := p.source()
	if err != nil {
		return devio.Survey{}
	}
	return devio.Explore(ctx, s, id)
}

// ReadAt reads Head.
func (p *Probe) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(p.Head).ReadAt(b, off)
}

// Close counts.
func (p *Probe) Close() error { p.Closes++; return nil }
