package inventory

import (
	"fmt"
	"path"
	"strings"

	"lethe/certs/record"
	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
)

// compose makes a Device of what ghw hinted, sysfs published and the drive said:
// the later overrules the earlier.
func (o options) compose(b sysfs.Block, h hint, a answer) Device {
	id := a.id
	d := Device{
		NodePath: o.node(b.Name), Major: b.Major, Minor: b.Minor,
		Evidence: append(append([]devio.Evidence(nil), id.Evidence...), a.survey.Evidence...),
	}
	d.Node, d.Path, d.Enclosure = b.Name, b.Path, o.root.Enclosure(b)
	d.Transport, d.Remote, d.RemoteAt, d.Removable = b.Transport, b.Remote != "", b.RemoteAt, b.Removable
	d.Size, d.LogicalSector, d.PhysicalSector = record.Size(b.Size), b.LogicalSector, b.PhysicalSector
	d.Identity = published(o.root, b, h)
	if a.asked && a.err == nil {
		d.Identity, d.Firmware, d.Transport, d.Volume = id.Identity, id.Firmware, id.Transport, id.Volume
		d.Size = record.Size(id.Size)
		d.LogicalSector, d.PhysicalSector = int64(id.LogicalSector), int64(id.PhysicalSector)
	}
	for _, p := range b.Partitions {
		d.Partitions = append(d.Partitions, Partition{p.Name, p.Major, p.Minor, record.Size(p.Start), record.Size(p.Size)})
	}
	d.Controller = controller(o.root, b, id)
	d.VirtualWhy = virtualWhy(o.root, b, id)
	d.Virtual = len(d.VirtualWhy) > 0
	d.RotationRPM = rotation(id, a.survey)
	d.Medium = medium(b, d, id, a.survey)
	if d.Volume == "" && thin(id, a.survey) {
		d.Volume = "thin"
	}
	d.Capabilities = capabilities(id, a.survey)
	d.Hidden = hidden(d, id, a.survey)
	d.NativeSize = nativeSize(id, a.survey)
	return d
}

// published is the identity without asking the drive. It fills the list when the
// drive cannot be asked; such a drive is held, so it is never acted upon.
func published(root sysfs.Root, b sysfs.Block, h hint) record.Identity {
	attr := func(names ...string) string {
		for _, n := range names {
			if v := root.Attr(b, n); v != "" {
				return v
			}
		}
		return ""
	}
	id := record.Identity{
		Model:  or(attr("device/model"), h.Model),
		Serial: or(attr("serial", "device/serial"), h.Serial),
	}
	if b.Transport == sysfs.Virtio {
		id.Model = "virtio-blk" // device/vendor and device/model are numbers there
	} else {
		id.Vendor = or(attr("device/vendor"), h.Vendor)
	}
	if b.Transport == sysfs.NVMe {
		id.NSID = int64(root.NSID(b))
	}
	// A path that does not answer must still be known for the twin of one that
	// does: the kernel has read its world-wide name before.
	switch kind, name, _ := strings.Cut(strings.ToLower(attr("wwid", "device/wwid")), "."); kind {
	case "naa":
		id.WWN = name
	case "eui":
		if len(name) == 32 {
			id.NGUID = name
		} else {
			id.EUI64 = name
		}
	}
	return id
}

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// controller describes what is in front of the drive: the NVMe controller, else
// the driver of the host adapter.
func controller(root sysfs.Root, b sysfs.Block, id devio.Identification) *record.Controller {
	if b.Transport != sysfs.NVMe {
		driver := root.HostDriver(b.Dir)
		if driver == "" {
			return nil
		}
		return &record.Controller{Driver: driver}
	}
	cs := root.Controllers(b)
	if len(cs) == 0 {
		return nil
	}
	c := &record.Controller{
		Model: root.Text("sys/class/nvme", cs[0], "model"), Serial: root.Text("sys/class/nvme", cs[0], "serial"),
		Firmware: root.Text("sys/class/nvme", cs[0], "firmware_rev"), NQN: root.Text("sys/class/nvme", cs[0], "subsysnqn"),
	}
	if n, ok := root.Number("sys/class/nvme", cs[0], "cntlid"); ok {
		c.ID = int64(n)
	}
	if p, err := root.Resolve("sys/class/nvme", cs[0], "device/driver"); err == nil {
		c.Driver = path.Base(p)
	}
	if id.Controller != nil {
		c.Model, c.Serial, c.Firmware = id.Controller.Model, id.Controller.Serial, id.Controller.Firmware
		c.NQN, c.ID = or(id.Controller.SubNQN, c.NQN), int64(id.Controller.CNTLID)
	}
	return c
}

// link fills in what only the whole list shows: namespaces of one subsystem, and
// drives that cannot be told apart.
func link(ds []Device) {
	for i := range ds {
		for j := range ds {
			a, b := ds[i].Controller, ds[j].Controller
			if i != j && a != nil && b != nil && a.NQN != "" && a.NQN == b.NQN {
				ds[i].Siblings = append(ds[i].Siblings, ds[j].Node)
			}
		}
	}
	for i := range ds {
		for j := range ds {
			if i != j && confusable(ds[i].Identity, ds[j].Identity) {
				ds[i].Holds = append(ds[i].Holds, Hold{HoldDuplicate, fmt.Sprintf(
					"%s reports the same identity: two paths to one drive, or one serial number for two", ds[j].Node)})
			}
		}
	}
}

// driveHolds are the holds that lie in the drive and how it is attached.
func driveHolds(b sysfs.Block, a answer) []Hold {
	var hs []Hold
	add := func(k HoldKind, format string, args ...any) {
		hs = append(hs, Hold{k, fmt.Sprintf(format, args...)})
	}
	if b.ReadOnly || a.id.ReadOnly {
		add(HoldReadOnly, "the kernel will not write to it")
	}
	if b.Remote != "" {
		add(HoldRemote, "it is attached by %s", strings.TrimSpace(b.Remote+" "+b.RemoteAt))
	}
	if b.Transport == sysfs.Unknown {
		add(HoldTransport, "it is attached in a way that is not known, at %s", b.Path)
	}
	if zoned(b, a.id) {
		add(HoldZoned, "its zones must be written in order, which is not supported yet")
	}
	switch {
	case !a.asked:
	case a.err != nil:
		add(HoldUnreadable, "%v", a.err)
	case !a.id.Identity.Known():
		hs = append(hs, noIdentity)
	}
	hs = append(hs, backingHolds(a.id)...)
	hs = append(hs, claimHolds(a.survey.Claims)...)
	return append(hs, sizeHolds(b, a)...)
}

// backingHolds hold a loop device over a block device: what that is used for, and
// what it is a part of, shows on it and not on the loop device, and claiming the
// one does not claim the other.
func backingHolds(id devio.Identification) []Hold {
	if id.Loop == nil || id.Loop.Block == "" {
		return nil
	}
	return []Hold{{HoldHeld, "it is a loop device over the block device " + id.Loop.Block + ": name that one"}}
}

func zoned(b sysfs.Block, id devio.Identification) bool {
	const typeZoned = 0x14
	return b.Zoned == "host-managed" || id.Set == 2 || (id.Inquiry != nil && id.Inquiry.DeviceType == typeZoned)
}

func sizeHolds(b sysfs.Block, a answer) []Hold {
	id := a.id
	switch {
	case !a.asked && b.Size == 0, a.asked && a.err == nil && id.Size == 0:
		return []Hold{{HoldSize, "the kernel can use none of it: no medium, or sectors such as 520 bytes"}}
	case !a.asked || a.err != nil || id.DriveSize == 0 || id.DriveSize == uint64(id.Size):
		return nil
	case b.Transport == sysfs.USB && id.DriveSize > uint64(id.Size):
		return nil // the bridge keeps some for itself: a hidden area
	}
	return []Hold{{HoldSize, fmt.Sprintf("the drive says %d bytes, the kernel %d", id.DriveSize, id.Size)}}
}
