package page

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// drive is what the certificate says of the drive (800-88r1 §4.8, r2 §4.6:
// manufacturer, model, serial number, media type).
func drive(s *setter, d record.Device) {
	i := d.Identity
	s.section("Drive")
	s.field("Manufacturer", i.Vendor)
	s.field("Model", i.Model)
	s.row("Serial number", heavy, Printable(i.Serial))
	if i.WWN+i.EUI64+i.NGUID == "" {
		s.field("World-wide name", "")
	}
	s.some("World-wide name", i.WWN)
	s.some("EUI-64", i.EUI64)
	s.some("NGUID", i.NGUID)
	if i.NSID > 0 {
		s.field("Namespace", fmt.Sprint(i.NSID))
	}
	s.some("Backing", i.Backing)
	s.field("Firmware", d.Firmware)
	s.row("Size", body, size(d.Size))
	if d.NativeSize > 0 && d.NativeSize != d.Size {
		s.row("Native size", heavy, size(d.NativeSize))
	}
	s.row("Sectors", body, sectors(d))
	s.row("Medium", body, medium(d))
	s.field("Attached by", attached(d))
	if c := d.Controller; c != nil {
		s.field("Controller", controller(*c, i))
	}
	if len(d.Siblings) > 0 {
		s.field("Other namespaces", list(d.Siblings, 8))
	}
	s.field("Hidden areas", hidden(d.Hidden))
	s.row("It says it can do", body, abilities(d.Capabilities))
	s.absent()
}

// controller says what it is called where the drive is not called the same.
func controller(c record.Controller, i record.Identity) string {
	if c.NQN != "" && c.Model == i.Model && c.Serial == i.Serial {
		c.Model, c.Serial = "", ""
	}
	return join(c.Model, c.Serial, c.Firmware, c.NQN, c.Driver)
}

func size(n record.Size) string {
	if n == 0 {
		return ""
	}
	if n < 1000 {
		return byteCount(n)
	}
	return amount(n) + " (" + byteCount(n) + ")"
}

func sectors(d record.Device) string {
	if d.LogicalSector <= 0 {
		return ""
	}
	t := fmt.Sprintf("%s of %d bytes", Commas(uint64(d.Size)/uint64(d.LogicalSector)), d.LogicalSector)
	if d.PhysicalSector > 0 {
		t += fmt.Sprintf(" (physical %d)", d.PhysicalSector)
	}
	return t
}

// attached is the transport and the adapter path. The kernel's name of the time is
// no identity, and says so.
func attached(d record.Device) string {
	remote, node := "", ""
	if d.Remote {
		remote = "remote"
	}
	if d.Node != "" {
		node = "then " + d.Node
	}
	return join(d.Transport, remote, d.Path, node)
}

// join puts the strings that are there on one line.
func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

func hidden(all []record.HiddenArea) string {
	var out []string
	for _, h := range all {
		t := h.Kind + " " + h.State
		if h.Bytes > 0 {
			t += " (" + byteCount(h.Bytes) + ")"
		}
		out = append(out, t)
	}
	return list(out, 8)
}

func abilities(all []record.Capability) string {
	var out []string
	for _, c := range all {
		out = append(out, technique(c.Technique))
	}
	if len(out) == 0 {
		return "no erase command of its own stated"
	}
	return list(out, 10)
}

// machine is where the drive sat.
func machine(s *setter, r record.Record) { machineOf(s, r.Context.Machine) }

func machineOf(s *setter, m record.Machine) {
	s.section("Machine")
	s.field("Made by", m.Manufacturer)
	s.field("Product", m.Product)
	s.field("Serial number", m.Serial)
	s.field("UUID", m.UUID)
	s.some("Asset tag", m.AssetTag)
	s.some("Board serial", m.BoardSerial)
	s.field("Firmware", m.Firmware)
	if m.Virtual {
		s.field("Virtual", orYes(list(m.VirtualWhy, 4)))
	}
	s.some("Connected to", neighbours(m.Neighbours))
	s.absent()
}

// neighbours says which switches the cables lead to, by their own word.
func neighbours(ns []record.Neighbour) string {
	var out []string
	for _, n := range ns {
		name := n.System
		if name == "" {
			name = n.Chassis
		}
		out = append(out, name+" port "+n.Port)
	}
	return list(out, 4)
}

func orYes(s string) string {
	if s == "" {
		return "yes"
	}
	return s
}

// job is the names people know the work by, and what becomes of the media.
func job(s *setter, r record.Record) {
	l := r.Context.Labels
	s.section("Job and media")
	s.field("Contract", l.Contract)
	s.field("Customer", l.Customer)
	s.field("Service code", l.ServiceCode)
	s.field("Asset tag", l.AssetTag)
	s.field("Site", l.Site)
	s.field("Media source", l.Source)
	s.field("Classification", l.Classification)
	s.field("Data backed up", l.Backup)
	s.field("Destination", l.Destination)
	s.absent()
}

// times says when, and how far the clock can be trusted.
func times(s *setter, r record.Record) {
	c := r.Context.Clock
	s.section("Time")
	s.row("Started", body, instant(r.Start))
	s.row("Ended", body, instant(r.End))
	s.row("Took", body, duration(r.Nanos)+" by the monotonic clock")
	s.field("Clock", clock(c))
	s.absent()
}

func clock(c record.Clock) string {
	t := join(c.Source, c.Quality)
	if c.OffsetNanos != 0 {
		t += fmt.Sprintf(", off by %d ms", c.OffsetNanos/1e6)
	}
	if c.SteppedNanos != 0 {
		t += fmt.Sprintf(", set by %+d s during the run", c.SteppedNanos/1e9)
	}
	if c.DistanceNanos != 0 {
		t += fmt.Sprintf(", error at most %d ms, stratum %d", (c.DistanceNanos+999_999)/1e6, c.Stratum)
	}
	if c.Servers > 1 {
		t += fmt.Sprintf(", %d of %d servers agree", c.Agreed, c.Servers)
	}
	return t
}

func tool(s *setter, r record.Record) {
	s.section("Tool")
	toolRows(s, r.Context.Tool)
	s.absent()
}

func toolRows(s *setter, t record.Tool) {
	s.field("Tool", strings.TrimSpace(t.Name+" "+t.Version))
	s.field("Image and kernel", join(t.Image, t.Kernel))
}
