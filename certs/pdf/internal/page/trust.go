package page

import (
	"fmt"

	"lethe/certs/record"
)

// digests pins what the certificate was made of and made by.
func digests(s *setter, r record.Record, digest record.Hex) {
	title := "Digests (SHA-256)"
	if len(r.Acts) > 0 {
		title += ", and how to check this file"
	}
	s.section(title)
	s.digest("Record", digest)
	s.digest("Transcript", r.Transcript.SHA256)
	if r.Order != nil {
		s.digest("Order", r.Order.Digest)
	}
	s.digest("Tool", r.Context.Tool.Binary)
	s.digest("Image", r.Context.Tool.ImageDigest)
	if len(r.Acts) > 0 { // there is nothing to compare the drive with: a row is enough
		checkFile(s)
	}
	s.absent()
}

func (s *setter) digest(name string, h record.Hex) { s.row(name, code, Printable(h)) }

// check tells a reader how to do without us.
func check(s *setter, r record.Record, l look) {
	if len(r.Acts) > 0 {
		return
	}
	s.section("Check it yourself")
	checkFile(s)
	if l.good {
		s.commands(compare(r), "prints nothing where every byte is as it was left. It needs no code of ours.")
	}
}

// commands are what a reader types to compare the drive, and what that says.
func (s *setter) commands(cmds []string, says string) {
	if len(cmds) == 0 {
		return
	}
	name := "The drive"
	for _, cmd := range cmds {
		s.row(name, code, cmd)
		name = ""
	}
	s.row("", label, says)
}

// checkFile is a command, and behind it what it does.
func checkFile(s *setter) {
	s.row("This file", code, checkCommand)
	st := s.sized(code)
	s.cur().text(s.x+labelWidth+st.Width(checkCommand)+3, s.y-st.Line()*0.22, s.sized(label),
		"also derives the verdict again. The QR code is the record's digest.")
}

// compare are the commands that compare the drive with its last pass, one for each of
// its parts.
func compare(r record.Record) []string {
	if len(r.Passes) == 0 {
		return nil
	}
	return CompareWith(r.Passes[len(r.Passes)-1], r.Device.Size)
}

// CompareWith are those for one pass over a drive.
func CompareWith(p record.PassDone, size record.Size) []string {
	n := uint64(size)
	switch {
	case size == 0:
		return nil
	case p.What.Pattern == record.PatternZero:
		return []string{fmt.Sprintf("cmp -n %d /dev/zero /dev/DRIVE", n)}
	case p.What.Pattern == record.PatternByte && p.What.Byte >= 0 && p.What.Byte < 256:
		return []string{fmt.Sprintf(`tr '\000' '\%03o' </dev/zero | cmp -n %d - /dev/DRIVE`, p.What.Byte, n)}
	case p.What.Pattern == record.PatternStream && p.Key != "":
		return []string{fmt.Sprintf("openssl enc -aes-128-ctr -K %s -iv %s -in /dev/zero 2>/dev/null | cmp -n %d - /dev/DRIVE",
			Printable(p.Key), Printable(p.IV), n)}
	case p.What.Pattern == record.PatternStream && len(p.Parts) <= maxCompared:
		return compareParts(p.Parts)
	}
	return nil
}

// maxCompared bounds the commands on the page; the record has the keys of all parts.
const maxCompared = 8

func compareParts(parts []record.PartDone) (out []string) {
	for _, q := range parts {
		if q.Key == "" {
			return nil
		}
		out = append(out, fmt.Sprintf("openssl enc -aes-128-ctr -K %s -iv %s -in /dev/zero 2>/dev/null | cmp -i %d:%d -n %d - /dev/DRIVE",
			Printable(q.Key), Printable(q.IV), uint64(q.Range.First), uint64(q.Range.First), uint64(q.Range.Len())))
	}
	return out
}

// checkCommand is how a reader checks a file.
const checkCommand = "lethe-check --trust root.pem FILE.pdf"

// signHeight is the height of the two boxes at the end, in millimetres.
const signHeight = 28.0

// signoff is who did it, and lines for the person who accepts it: verification is
// the tool's, validation is the organisation's (800-88r2 §4.5).
func signoff(s *setter, r record.Record, good bool) {
	did, decided, choice := "Sanitization performed by", "Validated by", "Accepted [   ]   Rejected [   ]   Escalated [   ]"
	if !good {
		did, decided, choice = "Attempted by", "Decided by", "Destroy [   ]   Erase again [   ]"
	}
	s.y += 2.4
	s.need(signHeight)
	p, y := s.cur(), s.y
	w := half2 + gutter/2 - 1.5
	op := r.Context.Labels.Operator
	personBox(p, left, y, w, did, []string{op.Name, op.Title, op.Organization, op.Contact, r.Context.Labels.Site}, "")
	personBox(p, right-w, y, w, decided, nil, choice)
	s.y += signHeight
}

func personBox(p *Page, x, y, w float64, title string, known []string, choice string) {
	p.frame(x, y, w, signHeight, 0.25, rule)
	p.text(x+3, y+4.3, head, title)
	p.textRight(x+w-3, y+4.3, label, choice)
	names := []string{"Name", "Title", "Organization", "Contact", "Location", "Date, signature"}
	for i, n := range names {
		ly := y + 8.2 + float64(i)*3.65
		p.text(x+3, ly, label, n)
		if i < len(known) && known[i] != "" {
			p.text(x+26, ly, body, clipTo(Printable(known[i]), body, w-29))
			continue
		}
		p.box(x+26, ly+0.7, w-29, 0.2, rule)
	}
}
