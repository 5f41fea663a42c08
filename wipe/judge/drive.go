package judge

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// needing returns a function that adds a sentence to gaps unless ok holds.
func needing(gaps *[]string) func(ok bool, f string, a ...any) {
	return func(ok bool, f string, a ...any) {
		if !ok {
			*gaps = append(*gaps, fmt.Sprintf(f, a...))
		}
	}
}

// driveGaps lists what is not shown of the drive itself: that it is the planned
// one, held by us alone, and addressable to its native end.
func (s *scene) driveGaps() (gaps []string) {
	need := needing(&gaps)
	d, o := s.task.Device, s.opened
	for _, h := range s.handles {
		need(h.Exclusive, "the drive was not held exclusively")
		need(h.Direct, "the drive was not opened for direct I/O")
	}
	need(o.Identity.Same(d.Identity), "the drive that was opened (%s) is not the one planned (%s)", o.Identity, d.Identity)
	need(o.Size == d.Size && d.Size > 0, "the drive opened with %d bytes, planned were %d", o.Size, d.Size)
	need(o.LogicalSector == d.LogicalSector && d.LogicalSector > 0,
		"the drive opened with sectors of %d bytes, planned were %d", o.LogicalSector, d.LogicalSector)
	need(d.NativeSize == 0 || d.NativeSize == o.Size, "the drive's native size is %d bytes, %d are addressable", d.NativeSize, o.Size)
	for _, h := range d.Hidden {
		need(!shortens(h), "a hidden area was not uncovered: %s, %d bytes, %s", h.Kind, h.Bytes, h.State)
	}
	return gaps
}

// shortens reports whether a hidden area is known to keep addresses of the
// medium from the host. What could not be read is residual risk, not this.
func shortens(h record.HiddenArea) bool {
	switch h.Kind {
	case "HPA", "DCO", "AMAX":
		return strings.HasPrefix(h.State, "present") || h.Bytes > 0
	}
	return false
}

// ladderGaps holds the plan's words against the profile and against what was
// done: the certificate prints them.
func (s *scene) ladderGaps() (gaps []string) {
	need := needing(&gaps)
	chosen := 0
	for i, r := range s.task.Ladder {
		earns, _, _ := s.profile.Earns(s.task.Device.Medium, r.Technique)
		need(r.Method == earns, "rung %d of the ladder claims %q for %s, the profile grants %q", i+1, r.Method, r.Technique, earns)
		need(r.Reason != "", "rung %d of the ladder (%s) gives no reason", i+1, r.Technique)
		if r.Chosen {
			chosen++
			need(r.Technique == s.technique, "the ladder chose %s, the intent was %q", r.Technique, s.technique)
		}
	}
	need(chosen == 1, "the ladder chose %d techniques", chosen)
	return gaps
}
