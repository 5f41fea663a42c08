package wipe

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"lethe/certs/record"
)

// carriedOut are the drive's own commands that this version gives.
var carriedOut = map[record.Act]bool{
	record.ATASanitizeCrypto: true, record.ATASanitizeBlock: true, record.ATASanitizeOverwrite: true,
	record.ATASecurityEnhanced: true, record.ATASecurityNormal: true,
	record.NVMeSanitizeCrypto: true, record.NVMeSanitizeBlock: true, record.NVMeSanitizeOverwrite: true,
	record.NVMeFormatCrypto: true, record.NVMeFormatUser: true,
	record.SCSISanitizeCrypto: true, record.SCSISanitizeBlock: true, record.SCSISanitizeOverwrite: true, record.SCSIFormatUnit: true,
}

// preference orders techniques that earn the same method: first the one of which most
// can be shown. A host's overwrite is compared byte by byte; a cryptographic erase
// rests on what no drive shows.
var preference = []record.Technique{record.Overwrite, record.SanitizeOverwrite, record.BlockErase, record.FormatNVM,
	record.SecurityEraseEnhanced, record.FormatUnit, record.SecurityErase, record.Revert, record.CryptoErase}

// ladder lists every technique the drive offers, strongest first, and which one will be
// used and why. The acts are the drive's own commands that make it up, none for an
// overwrite. An error is the reason why none will do.
func ladder(d record.Device, p Policy) (rungs []record.Rung, acts []record.Act, err error) {
	offered := offered(d)
	usable := map[record.Technique]record.Capability{}
	at := map[record.Technique]int{}
	for _, c := range offered {
		r, ok := rung(d, p, c)
		i, seen := at[c.Technique]
		if _, had := usable[c.Technique]; ok && !had {
			usable[c.Technique] = c
			if seen {
				rungs[i] = r // another command of this technique will do where the first would not
			}
		}
		if !seen {
			at[c.Technique] = len(rungs)
			rungs = append(rungs, r)
		}
	}
	sort.SliceStable(rungs, func(i, j int) bool {
		if a, b := rungs[i].Method.Rank(), rungs[j].Method.Rank(); a != b {
			return a > b
		}
		return slices.Index(preference, rungs[i].Technique) < slices.Index(preference, rungs[j].Technique)
	})
	for i := range rungs {
		r := &rungs[i]
		c, ok := usable[r.Technique]
		if !ok {
			continue
		}
		if r.Method.Rank() < p.Least.Rank() {
			return rungs, nil, fmt.Errorf("%s is asked; the strongest technique that can be carried out here is %s, which earns %s",
				p.Least, r.Technique, r.Method)
		}
		r.Chosen = true
		return rungs, actsOf(d, c), nil
	}
	if p.Technique != "" {
		return rungs, nil, fmt.Errorf("%s is asked as the technique; it cannot be carried out here", p.Technique)
	}
	why := ""
	if _, knows := p.Profile.PassesFor(d.Medium); !knows {
		why = fmt.Sprintf("; profile %s: %s", p.Profile.ID, p.Profile.Note)
	}
	return rungs, nil, fmt.Errorf("%s is asked; no technique that can be carried out here earns any method on %s media%s", p.Least, d.Medium, why)
}

// offered are the techniques for a drive: the host's own, and what the drive says it can do.
func offered(d record.Device) []record.Capability {
	return append([]record.Capability{{Technique: record.Overwrite, Command: "host overwrite of every addressable byte"}}, d.Capabilities...)
}

// Offer is one command that could erase a drive.
type Offer struct {
	record.Capability
	Method record.Method `json:"method"` // what it earns on the drive's medium, "" for none
	Usable bool          `json:"usable"`
	Reason string        `json:"reason"` // by whose word it earns that, or why it is not to be used
}

// Offers are all commands that could erase a drive, the host's overwrite first, each by
// itself: what NewPlan chooses from.
func Offers(d record.Device, p Policy) (all []Offer) {
	for _, c := range offered(d) {
		r, ok := rung(d, p, c)
		all = append(all, Offer{Capability: c, Method: r.Method, Usable: ok, Reason: r.Reason})
	}
	return all
}

// rung is one step of the ladder, and whether it can be taken.
func rung(d record.Device, p Policy, c record.Capability) (r record.Rung, ok bool) {
	m, src, earns := p.Profile.Earns(d.Medium, c.Technique)
	r = record.Rung{Technique: c.Technique, Method: m, Reason: src}
	native := c.Technique != record.Overwrite
	switch {
	case !earns:
		r.Reason = fmt.Sprintf("%s: profile %s grants it no method on %s media", c.Command, p.Profile.ID, d.Medium)
	case native && !carriedOut[c.Act]:
		r.Reason = fmt.Sprintf("%s: the drive offers it; this version of Lethe does not carry it out", c.Command)
	case p.Technique != "" && p.Technique != c.Technique:
		r.Reason = fmt.Sprintf("%s: the drive offers it; %s is asked", c.Command, p.Technique)
	case c.Blocked != "":
		r.Reason = fmt.Sprintf("%s: the drive offers it; %s", c.Command, c.Blocked)
	case native && shared(d, c.Act) != "":
		r.Reason = fmt.Sprintf("%s: the drive offers it; %s", c.Command, shared(d, c.Act))
	case c.Act.Crypto() && !p.Crypto.Holds():
		r.Reason = fmt.Sprintf("%s: the drive offers it; alone it counts only with a person's word that the drive always encrypted and that no key is kept elsewhere", c.Command)
	default:
		return r, true
	}
	return r, false
}

// shared says whom else a command would hit, "" where nobody.
func shared(d record.Device, a record.Act) string {
	if len(d.Siblings) > 0 && strings.HasPrefix(string(a), "nvme-") {
		return fmt.Sprintf("it would erase other namespaces too (%s)", strings.Join(d.Siblings, ", "))
	}
	return ""
}

// actsOf are the commands of a technique. On flash the keys go first where the drive can
// do that by the same command: what a block erase leaves behind then reads as noise.
func actsOf(d record.Device, c record.Capability) []record.Act {
	if c.Act == "" {
		return nil
	}
	acts := []record.Act{c.Act}
	if c.Technique == record.BlockErase && d.Medium == record.MediumFlash {
		for _, o := range d.Capabilities {
			if o.Technique == record.CryptoErase && o.Act.Family() == c.Act.Family() && o.Blocked == "" && carriedOut[o.Act] {
				acts = []record.Act{o.Act, c.Act}
			}
		}
	}
	return acts
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
