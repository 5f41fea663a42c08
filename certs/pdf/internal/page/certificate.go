package page

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// codeSize is the width of the QR code with its border, in millimetres.
const codeSize = 28.0

// Certificate lays out a record: a certificate, or a notice that looks like none.
func Certificate(r record.Record) (*Sheet, error) {
	return one(func(dense float64) (*Sheet, error) { return certificate(r, dense) })
}

func certificate(r record.Record, dense float64) (*Sheet, error) {
	canon, err := record.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("lay out certificate: %w", err)
	}
	digest := record.Digest(canon)
	l := glance(r)
	d := dress{title: "Certificate of Sanitization", id: Printable(r.ID), notice: !l.good, color: l.color, virtual: r.Virtual}
	if d.notice {
		d.title = "NOTICE: NOT SANITIZED"
	}
	first := &Page{}
	d.under(first)
	sheet := &Sheet{Title: d.title + ", " + Printable(r.Device.Identity.Name()) + ", record " + d.id, Pages: []*Page{first}}
	y := d.head(first, r.Context.Issued)
	if err := first.qr(right-codeSize+2, 7, codeSize, Code(r.ID, digest)); err != nil {
		return nil, fmt.Errorf("lay out certificate: %w", err)
	}
	if r.Virtual {
		y = d.banner(first, y, virtualWhy(r))
	}
	y = verdictBand(first, y, l, r)

	s := &setter{sheet: sheet, next: d.further, x: left, w: right - left, y: y, dense: dense}
	a, b := s.column(left, half2), s.column(left+half2+gutter, half2)
	drive(a, r.Device)
	sanitization(b, r)
	fill(a, b, r, []block{machine, job, verdict, times, residual, tool, references})
	s.below(a, b)
	digests(s, r, digest)
	check(s, r, l)
	signoff(s, r, l.good)
	if len(sheet.Pages) > MaxPages {
		return nil, fmt.Errorf("lay out certificate: more than %d pages", MaxPages)
	}
	d.feet(sheet)
	return sheet, nil
}

// head draws the title, and returns the y below it. The lines stand at the same
// place in every document, because the signature's field lies on one of them.
func (d dress) head(p *Page, issued record.Time) float64 {
	st, sub, c := Style{Bold, 22, ink}, "What was done to the media, what was seen, and what follows from it.", grey
	if d.notice {
		st, sub, c = Style{Bold, 23, red}, "Destroy the media, or erase again. This is not a certificate.", ink
	}
	p.text(left, 17, st, d.title)
	p.text(left, 22.8, Style{Bold, 9.6, c}, d.subtitle(sub))
	name, mono, value := Style{Regular, 8.6, grey}, Style{Mono, 8.6, ink}, Style{Regular, 8.6, ink}
	p.text(left, 28.4, name, "Record")
	p.text(left+12, 28.4, mono, clipTo(d.id, mono, 125))
	p.text(left, 32.6, name, "Issued")
	p.text(left+12, 32.6, value, orNot(instant(issued)))
	p.frame(SignBox.X, SignBox.Y, SignBox.W, SignBox.H, 0.2, grey)
	p.text(SignBox.X+2.5, 32.6, Style{Regular, 7.2, ink}, "Valid only with its digital signature")
	return 36.6
}

// verdictBand shows the verdict at a glance and says it in a sentence.
func verdictBand(p *Page, y float64, l look, r record.Record) float64 {
	const h = 17.0
	w := right - left
	p.box(left, y, w, h, l.color)
	p.text(left+5, y+12.2, Style{Bold, 32, white}, l.word)
	big, fine := Style{Bold, 10, white}, Style{Regular, 8.6, white}
	x := right - 5
	p.textRight(x, y+5.3, big, clipTo(capital(technique(r.Verdict.Technique)), big, 70))
	if r.Verdict.Technique == "" {
		p.textRight(x, y+5.3, big, "No technique reached its end")
	}
	p.textRight(x, y+9.9, fine, clipTo("Method reached: "+reached(r.Verdict.Method)+"   asked: "+asked(r.Asked), fine, 80))
	p.textRight(x, y+14.2, Style{Mono, 8.6, white}, clipTo(named(r.Device.Identity), Style{Mono, 8.6, white}, 82))
	y += h

	st := Style{Regular, 9.2, ink}
	lines := st.wrap(l.sentence, w-10)
	why := []string{}
	if !l.good && len(r.Verdict.Reasons) > 0 {
		why = Style{Bold, 8.6, ink}.wrap("Why: "+Printable(r.Verdict.Reasons[0]), w-10)
	}
	th := 5 + st.Line()*float64(len(lines)) + 4*float64(len(why))
	p.box(left, y, w, th, tint)
	p.box(left, y, 1.2, th, l.color)
	ty := y + 2.5
	for _, t := range lines {
		p.text(left+5, ty+st.Line()*0.76, st, t)
		ty += st.Line()
	}
	for _, t := range why {
		p.text(left+5, ty+3, Style{Bold, 8.6, ink}, t)
		ty += 4
	}
	return y + th + 0.6
}

// virtualWhy says in one line what is virtual.
func virtualWhy(r record.Record) string {
	why := r.VirtualWhy
	if len(why) == 0 {
		return ""
	}
	st := Style{Regular, 7.2, black}
	return clipTo(Printable(list(why, 4)), st, right-left-30)
}

// clipTo cuts s to a width, and shows that it did.
func clipTo(s string, st Style, width float64) string {
	if st.Width(s) <= width {
		return s
	}
	return strings.TrimRight(s[:st.fit(s, width-st.Width("…"))], " ") + "…"
}

// named is the drive's name at a glance.
func named(i record.Identity) string {
	if i.Serial != "" {
		return "Serial " + Printable(i.Serial)
	}
	return "Drive " + Printable(i.Name())
}

func orNot(s string) string {
	if s == "" {
		return "not stated"
	}
	return s
}
