package page

import (
	"fmt"

	"lethe/certs/record"
)

// Look lays out a second look: whether a drive still holds what a certificate says.
func Look(r record.Look) (*Sheet, error) {
	return one(func(dense float64) (*Sheet, error) { return secondLook(r, dense) })
}

func secondLook(r record.Look, dense float64) (*Sheet, error) {
	canon, err := record.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("lay out second look: %w", err)
	}
	digest := record.Digest(canon)
	l := sighted(r)
	d := dress{title: "Second Look", id: Printable(r.ID), notice: !l.good, color: l.color, virtual: r.Virtual,
		sub: "Another reading of a drive that a certificate says was erased. It is not a certificate."}
	first := &Page{}
	d.under(first)
	sheet := &Sheet{Title: d.title + ", " + Printable(r.Device.Identity.Name()) + ", record " + d.id, Pages: []*Page{first}}
	y := d.head(first, r.Context.Issued)
	if err := first.qr(right-codeSize+2, 7, codeSize, Code(r.ID, digest)); err != nil {
		return nil, fmt.Errorf("lay out second look: %w", err)
	}
	if r.Virtual {
		st := Style{Regular, 7.2, black}
		y = d.banner(first, y, clipTo(Printable(list(r.VirtualWhy, 4)), st, right-left-30))
	}
	y = sightBand(first, y, l, r)

	s := &setter{sheet: sheet, next: d.further, x: left, w: right - left, y: y, dense: dense}
	a, b := s.column(left, half2), s.column(left+half2+gutter, half2)
	certificateOf(a, r.Of)
	reading(b, r)
	for _, block := range []func(*setter, record.Look){
		func(s *setter, r record.Look) { drive(s, r.Device) },
		func(s *setter, r record.Look) { machineOf(s, r.Context.Machine) },
		lookTimes,
		func(s *setter, r record.Look) { toolOf(s, r.Context) },
	} {
		c := a
		if b.before(a) {
			c = b
		}
		block(c, r)
	}
	s.below(a, b)
	finding(s, r.Finding)
	s.section("Limits")
	s.items(r.Limits, 10)
	s.section("Digests (SHA-256)")
	s.digest("Second look", digest)
	s.digest("Transcript", r.Transcript.SHA256)
	s.digest("Certificate", r.Of.Digest)
	s.digest("Tool", r.Context.Tool.Binary)
	s.digest("Image", r.Context.Tool.ImageDigest)
	s.absent()
	s.section("Check it yourself")
	s.row("This file", code, lookCommand)
	s.row("", label, "derives the finding again, and holds it against the certificate it belongs to. The QR code is this record's digest.")
	s.commands(CompareWith(r.Of.Pass, r.Of.Size), "prints nothing where every byte is as the certificate says. It needs no code of ours: another person, with another tool.")
	lookSignoff(s, r)
	if len(sheet.Pages) > MaxPages {
		return nil, fmt.Errorf("lay out second look: more than %d pages", MaxPages)
	}
	d.feet(sheet)
	return sheet, nil
}

// lookCommand is how a reader checks a second look.
const lookCommand = "lethe-check --trust root.pem CERTIFICATE.pdf SECOND.pdf"

// sighted derives the look of a finding. What is not in every respect a drive that
// holds what it should is not shown as one.
func sighted(r record.Look) look {
	v := r.Verification
	switch r.Finding.Sight {
	case record.SightHolds:
		l := look{word: "HOLDS", color: green, good: true}
		whole := v != nil && v.Sample == nil && v.Compared == r.Of.Size
		part := v != nil && v.Sample != nil && v.Sample.Places > 0 && v.Sample.Places == v.Sample.Planned && v.Sample.Bound > 0
		switch {
		case v == nil || !v.Direct || v.MismatchBytes > 0 || len(v.Mismatches)+len(v.Unreadable) > 0 || !whole && !part:
			return look{word: "UNKNOWN", color: slate, sentence: "The record contradicts itself. It shows nothing about the drive."}
		case whole:
			l.sentence = "Every byte of the drive was read again and is what the certificate says it holds."
		default:
			l.sentence = fmt.Sprintf("The drive still holds what the certificate says, wherever it was looked: %s places drawn by chance, %s of the drive. Had %s of it or more differed, one look in a thousand at most would have missed it.",
				Commas(uint64(v.Sample.Places)), percent(v.Sample.Coverage), percent(v.Sample.Bound))
		}
		return l
	case record.SightDiffers:
		return look{word: "DIFFERS", color: red, sentence: "The drive does NOT hold what the certificate says. It was written to since, or it never did: treat it as holding data. This look takes nothing from the certificate and adds nothing to it."}
	case record.SightUnreadable:
		return look{word: "UNREADABLE", color: red, sentence: "Not all of what was to be read could be read. What could is what the certificate says."}
	case record.SightIncomplete:
		return look{word: "INCOMPLETE", color: amber, sentence: "The look ended early. It shows nothing about what it did not reach."}
	}
	return look{word: "UNKNOWN", color: slate, sentence: "Nothing was shown about what the drive holds."}
}

// sightBand shows the finding at a glance and says it in a sentence.
func sightBand(p *Page, y float64, l look, r record.Look) float64 {
	const h = 17.0
	w := right - left
	p.box(left, y, w, h, l.color)
	p.text(left+5, y+12.2, Style{Bold, 32, white}, l.word)
	x, big, fine, mono := right-5, Style{Bold, 10, white}, Style{Regular, 8.6, white}, Style{Mono, 8.6, white}
	p.textRight(x, y+5.3, big, "As certified: "+capital(Printable(string(r.Of.State)))+" by "+technique(r.Of.Technique))
	p.textRight(x, y+9.9, fine, clipTo("Certificate "+Printable(r.Of.Record), fine, 85))
	p.textRight(x, y+14.2, mono, clipTo(named(r.Device.Identity), mono, 82))
	y += h
	st := Style{Regular, 9.2, ink}
	lines := st.wrap(l.sentence, w-10)
	th := 5 + st.Line()*float64(len(lines))
	p.box(left, y, w, th, tint)
	p.box(left, y, 1.2, th, l.color)
	ty := y + 2.5
	for _, t := range lines {
		p.text(left+5, ty+st.Line()*0.76, st, t)
		ty += st.Line()
	}
	return y + th + 0.6
}

// certificateOf is the certificate that was looked at again.
func certificateOf(s *setter, of record.Certified) {
	s.section("Certificate")
	s.field("Record", of.Record)
	s.row("Issued", body, instant(of.Issued))
	s.row("It says", heavy, fmt.Sprintf("%s (%s) by %s", Printable(string(of.State)), reached(of.Method), technique(of.Technique)))
	s.row("Last pass", body, fmt.Sprintf("%d, %s", of.Pass.Pass, pattern(of.Pass.What)))
	const most = 6
	for i, q := range of.Pass.Parts {
		if i == most {
			s.row("", body, fmt.Sprintf("and %d more parts, in the record", len(of.Pass.Parts)-most))
			break
		}
		part(s, q)
	}
	if of.Pass.Key != "" {
		s.row("  revealed key", code, Printable(of.Pass.Key))
		s.row("  and IV", code, Printable(of.Pass.IV))
	}
	s.absent()
}

// reading is what was read and how it compared.
func reading(s *setter, r record.Look) {
	s.section("Reading")
	percent, _ := record.CheckShare(r.Check)
	how := "every byte is read and compared"
	if r.Check != record.CheckFull {
		how = fmt.Sprintf("drawn places, %d %% of the drive at least, the first and the last sector are read and compared", percent)
	}
	s.row("Asked", body, Printable(r.Check)+": "+how)
	v := r.Verification
	if v == nil {
		s.row("Read", heavy, "nothing")
		return
	}
	s.row("Opened", body, "for reading only, exclusively")
	observed(s, v, r.Of.Size)
	switch a := r.After; {
	case a == nil:
		s.row("Drive afterwards", body, "")
	case a.Identity == r.Of.Identity && a.Size == r.Of.Size:
		s.row("Drive afterwards", body, "identified again, the same")
	default:
		s.row("Drive afterwards", heavy, "NOT THE SAME: "+Printable(a.Identity.String())+", "+byteCount(a.Size))
	}
	s.absent()
}

// lookTimes says when; how far the clock can be trusted stands with the tool.
func lookTimes(s *setter, r record.Look) {
	s.section("Time")
	s.row("Started", body, instant(r.Start))
	s.row("Ended", body, instant(r.End))
	s.row("Took", body, duration(r.Nanos)+" by the monotonic clock")
	s.absent()
}

// finding says why.
func finding(s *setter, f record.Finding) {
	s.section("Finding: " + Printable(string(f.Sight)))
	s.items(f.Reasons, 10)
	s.para(label, "Derived by "+orNot(Printable(f.Judge))+" from the attached transcript.")
}

// lookSignoff is who looked, and lines for the person who takes note of it.
func lookSignoff(s *setter, r record.Look) {
	s.y += 2.4
	s.need(signHeight)
	p, y := s.cur(), s.y
	w := half2 + gutter/2 - 1.5
	op := r.Context.Labels.Operator
	personBox(p, left, y, w, "Looked again by", []string{op.Name, op.Title, op.Organization, op.Contact, r.Context.Labels.Site}, "")
	personBox(p, right-w, y, w, "Noted by", nil, "Accepted [   ]   Escalated [   ]")
	s.y += signHeight
}
