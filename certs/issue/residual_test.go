package issue

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
)

func TestResidual(t *testing.T) {
	medium := func(m record.Medium) func(*lines, *record.Context) {
		return func(l *lines, c *record.Context) { l.task.Device.Medium = m }
	}
	for name, c := range map[string]struct {
		change func(l *lines, c *record.Context)
		want   string
		absent bool
	}{
		"magnetic": {medium(record.MediumMagnetic), "reallocated", false},
		"flash":    {medium(record.MediumFlash), "spare, over-provisioned", false},
		"card":     {medium(record.MediumCard), "spare, over-provisioned", false},
		"virtual":  {medium(record.MediumVirtual), "snapshots", false},
		// mutant: residual.go: if d.Identity.Backing != "" { => if false {
		"in a file": {func(l *lines, c *record.Context) {
			l.task.Device.Medium, l.task.Device.Identity.Backing = record.MediumVirtual, "file:1:2:3:4"
		}, "the machine's cache of the drive", false},
		"unknown":          {medium(record.MediumUnknown), "not known", false},
		"no medium at all": {medium(""), "not known", false},
		// mutant: residual.go: if strings.HasPrefix(h.State, "none") { => if !strings.HasPrefix(h.State, "present") {
		"hidden area not readable": {func(l *lines, c *record.Context) {
			l.task.Device.Hidden = []record.HiddenArea{{Kind: "DCO", State: "not readable: no answer"}}
		}, "DCO: not readable", false},
		"no hidden area": {func(l *lines, c *record.Context) {
			l.task.Device.Hidden = []record.HiddenArea{{Kind: "DCO", State: "none"}, {Kind: "DCO", State: "none: not supported"}}
		}, "DCO", true},
		// mutant: residual.go: if o.Method.Rank() > c.Method.Rank() { => if false {
		"stronger technique": {func(l *lines, c *record.Context) {
			l.task.Ladder = append(l.task.Ladder, record.Rung{Technique: record.BlockErase, Method: record.MethodPurge, Reason: "not carried out"})
		}, "BlockErase (Purge) is stronger than Overwrite (Clear) and was not used: not carried out", false},
		"fixed pattern": {func(l *lines, c *record.Context) {}, "one fixed byte", false},
		// mutant: residual.go: if n == 0 || r.Passes[n-1].What.Pattern == record.PatternStream { => if n == 0 {
		"stream":            {func(l *lines, c *record.Context) { l.events[2].PassBegin.What.Pattern = record.PatternStream }, "one fixed byte", true},
		"write error cured": {func(l *lines, c *record.Context) { l.events[4].PassEnd.FirstError = "EIO at 7" }, "retry cured: EIO at 7", false},
		"write error not cured": {func(l *lines, c *record.Context) {
			l.events[4].PassEnd.FirstError, l.events[4].PassEnd.Failed = "EIO", []record.Range{{End: 1}}
		}, "cured", true},
		"read error cured": {func(l *lines, c *record.Context) { l.events[7].CheckEnd.FirstError = "EIO at 8" }, "retry cured: EIO at 8", false},
		// mutant: residual.go: open, longest = !e.Over, max(longest, e.Nanos) => open, longest = !e.Over, 0
		"stalled": {func(l *lines, c *record.Context) {
			l.events = slices.Insert(l.events, 5, record.Event{Stalled: &record.Stalled{Nanos: 9e9}}, record.Event{Stalled: &record.Stalled{Nanos: 61e9, Over: true}})
		}, "no sign of life 1 times and went on, the longest for at least 1m1s", false},
		// mutant: residual.go: if open { // the => if open && false { // the
		"stalled, and nobody looked again": {func(l *lines, c *record.Context) {
			l.events = slices.Insert(l.events, 5, record.Event{Stalled: &record.Stalled{Nanos: 9e9}})
		}, "no sign of life 1 times and went on, the longest for at least 9s", false},
		"volatile": {func(l *lines, c *record.Context) { l.task.Audit.Kind = record.AuditVolatile }, "audit: volatile", false},
		// mutant: residual.go: if r.Audit.Kind != record.AuditDepot && r.Audit.Kind != record.AuditStick { => if r.Audit.Kind == record.AuditVolatile {
		"audit of no kind":   {func(l *lines, c *record.Context) { l.task.Audit.Kind = "" }, "audit: volatile", false},
		"depot":              {func(l *lines, c *record.Context) {}, "audit: volatile", true},
		"clock nobody knows": {func(l *lines, c *record.Context) { c.Clock = record.Clock{Source: "rtc"} }, "unauthenticated clock (rtc)", false},
		// mutant: residual.go: SteppedNanos); d != 0 { => SteppedNanos); d < 0 {
		"clock stepped in the run": {func(l *lines, c *record.Context) { c.Clock.SteppedNanos = 3600e9 }, "set by +1h0m0s during the run", false},
		"clock synchronised":       {func(l *lines, c *record.Context) {}, "unauthenticated", true},
		// mutant: residual.go: if step := clockStep(t); step != 0 { => if step := clockStep(t); step < 0 {
		"clock set":         {func(l *lines, c *record.Context) { l.wall[4] = time.Hour }, "set by 1h0m0s", false},
		"clock set back":    {func(l *lines, c *record.Context) { l.wall[4] = -2 * time.Hour }, "set by -2h0m0s", false},
		"clock that drifts": {func(l *lines, c *record.Context) { l.wall[4] = 900 * time.Millisecond }, "clock was set", true},
	} {
		l, cc := zeroed(t), ctx
		c.change(l, &cc)
		all := strings.Join(build(t, l, cc).Residual, "\n")
		if strings.Contains(all, c.want) == c.absent {
			t.Errorf("%s: %q; contains %q: %v", name, all, c.want, c.absent)
		}
	}
}

// The last line of a task that was found later repeats the last time kept: the hours
// between are no step of the clock while the task ran.
//
// mutant: residual.go: if b.Event.Stopped != nil && b.Mono == a.Mono { => if false {
func TestFoundLaterIsNoClockStep(t *testing.T) {
	l := zeroed(t)
	l.events = l.events[:5]
	tr := l.transcript(t)
	last := tr.Lines[len(tr.Lines)-1]
	stop := record.Event{Stopped: &record.Stopped{By: "supervisor", Reason: record.StopLost}}
	for mono, want := range map[int64]bool{last.Mono: false, last.Mono + 1: true} {
		again, err := record.ParseTranscript(tr.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Append(mono, record.At(last.Wall.Add(48*time.Hour)), stop); err != nil {
			t.Fatal(err)
		}
		if got := clockStep(again) != 0; got != want {
			t.Errorf("a last line %d ns after the one before: step seen %v, want %v", mono-last.Mono, got, want)
		}
	}
}
