package tui

import (
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/wipe"
)

// phases of a drive's own command, in at most 9 columns.
var phases = map[string]string{"plant": "canaries", "command": "command", "look": "look"}

// commanded is the row of a drive that carries out a command of its own: a bar for the
// phase under way. A drive that does not say how far it is has no bar: its row says how
// long it has been at it, and its own estimate where there is one.
func (s *Screen) commanded(t record.Task, m wipe.Reading, used int) string {
	phase := fmt.Sprintf("%s %d/%d", phases[m.Phase], m.Pass, m.Of)
	if m.Phase == "command" && m.Sum == 0 {
		text := fmt.Sprintf(" %s for %s", phase, Clock(m.Phased))
		if e := wipe.Estimated(t, m.Act); e > 0 {
			text += fmt.Sprintf(" of about %s", Clock(e))
		}
		return s.fit(text+": "+string(m.Act), used)
	}
	part := 0.0
	if m.All > 0 {
		part = min(float64(m.Sum)/float64(m.All), 1)
	}
	tail := fmt.Sprintf(" %3.0f%% %-12s  ETA %s", part*100, phase, Clock(m.ETA))
	room := max(s.width-used-len(tail)-4, 4)
	full := min(int(part*float64(room)+0.5), room)
	return " [" + strings.Repeat("#", full) + strings.Repeat(".", room-full) + "]" + tail
}
