package page

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// maxRows is how many drives a summary lists.
const maxRows = 400

// drives is the table of tasks: two lines each.
func drives(s *setter, all []record.SummaryRow) {
	s.section("Drives")
	if len(all) == 0 {
		s.para(label, "none")
	}
	for i, r := range all {
		if i == maxRows {
			s.para(heavy, fmt.Sprintf("and %d more, in the record", len(all)-maxRows))
			return
		}
		s.need(2*body.Line() + 1.4)
		p, y := s.cur(), s.y+body.Line()*0.78+0.4
		c := slate
		switch {
		case certified(r) && r.State == record.Cleared:
			c = green
		case certified(r):
			c = blue
		case r.State == record.Incomplete:
			c = amber
		case r.State != record.Unknown:
			c = red
		}
		chip := Style{Bold, 7.6, white}
		word := strings.ToUpper(string(stateWord(r.State)))
		if !certified(r) && (r.State == record.Cleared || r.State == record.Purged) {
			word += ", TOO LITTLE"
		}
		p.box(s.x, s.y+0.7, 33, 5.6, c)
		p.textCentre(s.x+16.5, s.y+4.5, chip, word)
		id := r.Identity
		x := s.x + 36.0
		p.text(x, y, heavy, clipTo(Printable(id.Name()), heavy, 52))
		p.text(x+54, y, body, clipTo(Printable(join(id.Vendor, id.Model)), body, 48))
		p.textRight(right, y, body, clipTo(amount(r.Size)+", "+Printable(r.Transport), body, 40))
		y += body.Line()
		how := "no technique reached its end"
		if r.Technique != "" {
			how = capital(technique(r.Technique)) + ", method " + reached(r.Method)
		}
		p.text(x, y, body, clipTo(how, body, 52))
		mono := Style{Mono, 7, grey}
		p.text(x+54, y, mono, clipTo(Printable(r.Record), mono, 68))
		p.textRight(right, y, mono, clipTo(Printable(r.Digest), mono, 23))
		s.y += 2*body.Line() + 1.4
		p.box(s.x, s.y-0.4, s.w, 0.15, rule)
	}
}

func refused(s *setter, all []record.Refusal) {
	if len(all) == 0 {
		return
	}
	s.section("Found here, not touched")
	for i, r := range all {
		if i == maxRows/4 {
			s.para(heavy, fmt.Sprintf("and %d more, in the record", len(all)-i))
			return
		}
		s.row(clipTo(Printable(r.Node), label, labelWidth-1), body,
			Printable(r.Identity.String())+": "+orNot(Printable(list(r.Reasons, 6))))
	}
}

func missing(s *setter, all []string) {
	if len(all) == 0 {
		return
	}
	s.section("Ordered, not found here")
	s.items(all, maxRows/4)
}
