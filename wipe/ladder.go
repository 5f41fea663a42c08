package wipe

import (
	"fmt"
	"sort"

	"lethe/certs/record"
)

// implemented are the techniques this version can carry out.
var implemented = map[record.Technique]bool{record.Overwrite: true}

// ladder lists every technique the drive offers, strongest first, and which one
// will be used and why. ok is false, with the reason, where none will do.
func ladder(d record.Device, p Policy) (rungs []record.Rung, chosen record.Technique, err error) {
	offered := []record.Capability{{Technique: record.Overwrite, Command: "host overwrite of every addressable byte"}}
	offered = append(offered, d.Capabilities...)
	seen := map[record.Technique]bool{}
	for _, c := range offered {
		if seen[c.Technique] {
			continue
		}
		seen[c.Technique] = true
		m, src, ok := p.Profile.Earns(d.Medium, c.Technique)
		r := record.Rung{Technique: c.Technique, Method: m, Reason: src}
		switch {
		case !ok:
			r.Reason = fmt.Sprintf("%s: profile %s grants it no method on %s media", c.Command, p.Profile.ID, d.Medium)
		case !implemented[c.Technique]:
			r.Reason = fmt.Sprintf("%s: the drive offers it; this version of Lethe does not carry it out", c.Command)
		}
		rungs = append(rungs, r)
	}
	sort.SliceStable(rungs, func(i, j int) bool { return rungs[i].Method.Rank() > rungs[j].Method.Rank() })
	for i := range rungs {
		r := &rungs[i]
		if !implemented[r.Technique] || r.Method == record.MethodNone {
			continue
		}
		if r.Method.Rank() < p.Least.Rank() {
			return rungs, "", fmt.Errorf("%s is asked; the strongest technique that can be carried out here is %s, which earns %s",
				p.Least, r.Technique, r.Method)
		}
		r.Chosen = true
		return rungs, r.Technique, nil
	}
	return rungs, "", fmt.Errorf("%s is asked; no technique that can be carried out here earns any method on %s media", p.Least, d.Medium)
}

// unprovable lists why no overwrite of this drive could be shown to have erased
// it, so that nobody learns it from the verdict, hours later.
func unprovable(d record.Device) (reasons []string) {
	add := func(f string, a ...any) { reasons = append(reasons, fmt.Sprintf(f, a...)) }
	if d.Size == 0 || d.LogicalSector <= 0 || int64(d.Size)%max(d.LogicalSector, 1) != 0 {
		add("it has %d bytes in sectors of %d", d.Size, d.LogicalSector)
	}
	if d.NativeSize != 0 && d.NativeSize != d.Size {
		add("its native size is %d bytes, %d are addressable; this version of Lethe does not uncover the rest",
			d.NativeSize, d.Size)
	}
	if d.Volume != "" {
		add("it is a %s volume: a write need not reach the blocks that held the data, so no method is earned", d.Volume)
	}
	for _, h := range d.Hidden {
		if hides(h) {
			add("%s hides %d bytes (%s); this version of Lethe does not uncover them", h.Kind, h.Bytes, h.State)
		}
	}
	return reasons
}

// hides reports whether a hidden area is known to keep addresses of the medium
// from the host. What could not be read is residual risk, not this.
func hides(h record.HiddenArea) bool {
	switch h.Kind {
	case "HPA", "DCO", "AMAX":
		return h.State == "present" || h.Bytes > 0
	}
	return false
}
