package inventory

import (
	"context"
	"errors"
	"testing"

	"lethe/certs/record"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
	"lethe/inventory/scsi"
	"lethe/inventory/sysfs"
)

// claim is a claimed drive that somebody else comes to.
type claim struct {
	id     devio.Identification
	claims devio.Claims
	block  sysfs.Block
}

func (c claim) Identify(context.Context) (devio.Identification, error)    { return c.id, nil }
func (c claim) Claims(context.Context, devio.Identification) devio.Claims { return c.claims }
func (c claim) Block() sysfs.Block                                        { return c.block }

// TestRecheck is a safety test: what came between the listing and the claim is
// seen on the handle.
//
// mutant: open_linux.go: holds = append(holds, claimHolds(h.Claims(ctx, id))...) =>
// mutant: open_linux.go: holds := usageHolds(readUsage(o.root), o.root, h.Block()) => holds := []Hold(nil)
// mutant: open_linux.go: || int64(id.LogicalSector) != d.LogicalSector { => {
// mutant: claims.go: if c.Err != nil { => if false {
func TestRecheck(t *testing.T) {
	tr := inventorytest.NewTree(t)
	tr.Add(inventorytest.Disk{Dir: "pci0000:00/0000:03:00.0/host1/target1:0:0/1:0:0:0/block/sda", Major: 8, Size: 1 << 20})
	o := settings([]Option{WithRoot(tr.Root)})
	b, err := o.root.Block("sda")
	if err != nil {
		t.Fatal(err)
	}
	who := record.Identity{Model: "DISK", Serial: "1"}
	d := Device{NodePath: "/dev/sda", Device: record.Device{Identity: who, Size: 1 << 20, LogicalSector: 512}}
	good := claim{devio.Identification{Identity: who, Geometry: devio.Geometry{Size: 1 << 20, LogicalSector: 512}}, devio.Claims{}, b}
	if _, err := recheck(context.Background(), good, d, o); err != nil {
		t.Fatal(err)
	}
	var he *HoldError
	var ie *IdentityError
	for name, edit := range map[string]func(*claim){
		"registered": func(c *claim) { c.claims.SCSI = &scsi.Reservation{Keys: []uint64{1}} },
		"conflict":   func(c *claim) { c.claims.SCSI = &scsi.Reservation{Conflict: true} },
		"no answer":  func(c *claim) { c.claims.Err = errors.New("no answer") },
		"used":       func(c *claim) { tr.Mount("8:0", "/srv", "ext4", "/dev/sda", "rw") },
	} {
		c := good
		edit(&c)
		if _, err := recheck(context.Background(), c, d, o); !errors.As(err, &he) {
			t.Errorf("%s: %v; want a HoldError", name, err)
		}
		tr.File("proc/self/mountinfo", "1 1 0:2 / / rw - tmpfs none rw\n")
	}
	for name, edit := range map[string]func(*claim){
		"another drive": func(c *claim) { c.id.Identity.Serial = "2" },
		"size":          func(c *claim) { c.id.Size += 512 },
		"sector":        func(c *claim) { c.id.LogicalSector = 4096 },
	} {
		c := good
		edit(&c)
		if _, err := recheck(context.Background(), c, d, o); !errors.As(err, &ie) {
			t.Errorf("%s: %v; want an IdentityError", name, err)
		}
	}
}
