package tui

import "strings"

// Wrap breaks text at blanks into lines of at most width columns; lines after
// the first are indented. Words longer than a line stay whole.
func Wrap(text string, width, indent int) string {
	lead := len(text) - len(strings.TrimLeft(text, " "))
	line, out := text[:lead], []string(nil)
	empty := true
	for _, w := range strings.Fields(text) {
		if !empty && len(line)+1+len(w) > width {
			out = append(out, line)
			line, empty = strings.Repeat(" ", indent), true
		}
		if !empty {
			line += " "
		}
		line, empty = line+w, false
	}
	return strings.Join(append(out, line), "\n")
}
