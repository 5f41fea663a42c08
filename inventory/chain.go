package inventory

import (
	"path"
	"strings"

	"lethe/inventory/sysfs"
)

// usageHolds are the holds that come from what the running system does with a
// drive, its partitions, and everything built on them, however high.
func usageHolds(u *usage, root sysfs.Root, b sysfs.Block) []Hold {
	if u.err != nil {
		return []Hold{{HoldUnreadable, "cannot tell what it is used for: " + u.err.Error()}}
	}
	c := chain{usage: u, root: root, seen: map[string]bool{}}
	c.climb(b.Name, b.Dir, number{b.Major, b.Minor})
	for _, p := range b.Partitions {
		c.climb(p.Name, path.Join(b.Dir, p.Name), number{p.Major, p.Minor})
	}
	if root.Exists(b.Dir, "bcache") {
		c.hold(HoldHeld, b.Name+" belongs to bcache")
	}
	return c.holds
}

// chain walks from a drive up through /sys/block/X/holders.
type chain struct {
	*usage
	root  sysfs.Root
	seen  map[string]bool
	holds []Hold
}

// hold notes a reason once.
func (c *chain) hold(k HoldKind, detail string) {
	for _, h := range c.holds {
		if h == (Hold{k, detail}) {
			return
		}
	}
	c.holds = append(c.holds, Hold{k, detail})
}

func (c *chain) climb(name, dir string, n number) {
	if c.seen[name] {
		return
	}
	c.seen[name] = true
	for _, x := range c.by[n] {
		c.hold(x.kind, name+" is "+x.what)
		if x.boot {
			c.hold(HoldBoot, "this system runs from "+name+", "+x.what)
		}
	}
	for _, h := range c.root.Names(dir, "holders") {
		kind := HoldHeld
		if strings.HasPrefix(c.root.Text("sys/block", h, "dm/uuid"), "mpath-") {
			kind = HoldMultipath
		}
		c.hold(kind, name+" is held by "+c.describe(h))
		c.above(h)
	}
}

// above climbs into a holder and, where it is a disk with partitions of its own,
// such as md, into those.
func (c *chain) above(name string) {
	b, err := c.root.Block(name)
	if err != nil {
		// A holder may itself be a partition of a holder.
		if n, ok := named(c.root, name); ok {
			if dir, err := c.root.Resolve("sys/class/block", name); err == nil {
				c.climb(name, dir, n)
			}
		}
		return
	}
	c.climb(name, b.Dir, number{b.Major, b.Minor})
	for _, p := range b.Partitions {
		c.climb(p.Name, path.Join(b.Dir, p.Name), number{p.Major, p.Minor})
	}
}

// describe names a holder in words people know.
func (c *chain) describe(holder string) string {
	dm := c.root.Text("sys/block", holder, "dm/name")
	id := c.root.Text("sys/block", holder, "dm/uuid")
	kind, _, _ := strings.Cut(id, "-")
	word := map[string]string{
		"LVM": "LVM volume", "CRYPT": "encrypted volume", "mpath": "multipath device", "DMRAID": "dmraid set",
	}[kind]
	switch {
	case dm != "" && word != "":
		return word + " " + dm
	case dm != "":
		return "device mapper " + dm
	case strings.HasPrefix(holder, "md"):
		return "md array " + holder
	case strings.HasPrefix(holder, "bcache"):
		return "bcache device " + holder
	}
	return holder
}
