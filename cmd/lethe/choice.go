package main

import (
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/cmd/internal/tui"
	"lethe/wipe"
)

// choice says in a sentence how a drive will be erased, what that earns, and by what it
// will be verified.
func choice(t record.Task, asked string) string {
	method := "nothing"
	for _, r := range t.Ladder {
		if r.Chosen {
			method = string(r.Method)
		}
	}
	if len(t.Acts) == 0 {
		var ps []string
		for _, s := range t.Passes {
			ps = append(ps, passName(s))
		}
		return fmt.Sprintf("%s by a host's overwrite of every addressable byte. passes: %s; then %s", method, strings.Join(ps, ", "), readBack(t, asked))
	}
	var commands, sources []string
	for _, a := range t.Acts {
		c := capability(t.Device, a)
		commands = append(commands, c.Command)
		if s := c.Source; s != "" && (len(sources) == 0 || sources[len(sources)-1] != s) {
			sources = append(sources, s)
		}
	}
	s := fmt.Sprintf("%s by %s (%s); verified by %s canaries", method, strings.Join(commands, ", then "), strings.Join(sources, "; "), commas(t.Canaries))
	if len(t.Acts) > 1 {
		s += " before each"
	}
	if e := wipe.Estimated(t, ""); e > 0 {
		s += fmt.Sprintf("; about %s by the drive's own estimate", tui.Clock(e))
	}
	return s
}

// capability is what the drive says of an act; its spelling where it says nothing.
func capability(d record.Device, a record.Act) record.Capability {
	for _, c := range d.Capabilities {
		if c.Act == a {
			return c
		}
	}
	return record.Capability{Act: a, Command: string(a)}
}

// commas writes n with a comma after every third digit.
func commas(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
