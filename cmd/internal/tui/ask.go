package tui

import (
	"fmt"
	"strconv"
	"strings"
)

// The keys that a person has while drives are erased.
const (
	keyAbort  = 'a'
	keyEnter  = '\n'
	keyReturn = '\r'
	keyEscape = 0x1b
	keyErase  = 0x7f
	keyBack   = '\b'
)

// question is what a person is being asked.
type question int

const (
	askNothing question = iota
	askWhich            // drive, by the number of its row
	askSure             // by the word abort
)

// sure is what a person types to have a drive aborted: no key that is hit by mistake.
const sure = "abort"

// dialog is the way from a key to an aborted drive. It belongs to the screen's lock.
type dialog struct {
	asks  question
	typed string
	row   *row
}

// Key takes one byte of the keyboard. It returns the task that a person wants ended
// and has confirmed, else "".
func (s *Screen) Key(b byte) (task string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &s.dialog
	switch {
	case d.asks == askNothing:
		if b == keyAbort && s.open() > 0 {
			*d = dialog{asks: askWhich}
		}
	case b == keyEscape:
		*d = dialog{}
	case b == keyErase || b == keyBack:
		d.typed = d.typed[:max(len(d.typed)-1, 0)]
	case b == keyEnter || b == keyReturn:
		return s.answer()
	case b >= ' ' && b < keyErase && len(d.typed) < 20:
		d.typed += string(rune(b))
	}
	return ""
}

// open counts the drives that have not ended.
func (s *Screen) open() (n int) {
	for _, r := range s.rows {
		if r.end == "" {
			n++
		}
	}
	return n
}

// answer takes a line that was typed. What fits no question ends the dialog: nothing
// is aborted by guessing.
func (s *Screen) answer() (task string) {
	d := s.dialog
	s.dialog = dialog{}
	switch d.asks {
	case askWhich:
		n, err := strconv.Atoi(strings.TrimSpace(d.typed))
		if err == nil && n >= 1 && n <= len(s.rows) && s.rows[n-1].end == "" {
			s.dialog = dialog{asks: askSure, row: s.rows[n-1]}
		}
	case askSure:
		if d.typed == sure && d.row.end == "" {
			return d.row.task
		}
	}
	return ""
}

// prompt is the line below the bars of a screen that hears keys.
func (s *Screen) prompt() string {
	switch d := s.dialog; d.asks {
	case askWhich:
		return fmt.Sprintf("abort which drive? its number, then Enter (Esc: none): %s", d.typed)
	case askSure:
		return fmt.Sprintf("%s is left as it is, NOT SANITISED: type %s, then Enter (Esc: no): %s", d.row.name, sure, d.typed)
	}
	return "a: abort one drive   Ctrl-C: stop all"
}

// number is what a row is called while a person is asked which.
func (s *Screen) number(i int) string {
	if s.dialog.asks == askWhich {
		return fmt.Sprintf("%2d ", i+1)
	}
	return ""
}
