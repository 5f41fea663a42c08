package page

import "fmt"

// dress is what all pages of a document share.
type dress struct {
	title   string // of the document
	id      string // printable
	notice  bool
	color   Color
	virtual bool
	sub     string // in place of the words under the title
}

// SignBox is where the signature's field lies on the first page.
var SignBox = Op{X: left + 58, Y: 29.4, W: 47, H: 4.7}

func (d dress) subtitle(s string) string {
	if d.sub != "" {
		return d.sub
	}
	return s
}

// virtualWords are the mark of law: what is virtual says so, on every page.
const virtualWords = "VIRTUAL: not evidence for a physical drive"

// under is what lies under everything else: the watermark and the band on top.
func (d dress) under(p *Page) {
	if d.virtual {
		st := Style{Bold, 118, faint}
		w := st.Width("VIRTUAL")
		// Turned by 55°, the word runs from the lower left to the upper right.
		p.Ops = append(p.Ops, Op{X: Width/2 - w*0.287, Y: Height/2 + 24 + w*0.41, Text: "VIRTUAL", Style: st, Angle: 55})
	}
	if d.notice {
		p.hatch(0, 0, Width, 7, red, black)
		p.hatch(0, Height-5, Width, 5, red, black)
		return
	}
	p.box(0, 0, Width, 4, d.color)
}

// further dresses a page after the first and returns where its text begins.
func (d dress) further(p *Page) float64 {
	d.under(p)
	y := 15.0
	p.text(left, y, Style{Bold, 10, ink}, d.title)
	st := Style{Mono, 7.4, grey}
	p.textRight(right, y, st, clipTo(d.id, st, 100))
	p.box(left, y+2, right-left, 0.3, ink)
	y += 4.5
	if d.virtual {
		y = d.banner(p, y, "")
	}
	return y
}

// banner draws the VIRTUAL mark and returns the y below it.
func (d dress) banner(p *Page, y float64, why string) float64 {
	h := 8.0
	if why != "" {
		h = 11.5
	}
	p.box(left, y, right-left, h, gold)
	p.hatch(left, y, 12, h, gold, black)
	p.hatch(right-12, y, 12, h, gold, black)
	st := Style{Bold, 12.5, black}
	p.textCentre(Width/2, y+5.6, st, virtualWords)
	if why != "" {
		p.textCentre(Width/2, y+9.6, Style{Regular, 7.2, black}, why)
	}
	return y + h + 2
}

// feet writes the foot of every page, once their number is known.
func (d dress) feet(s *Sheet) {
	y := Height - 10.0
	for i, p := range s.Pages {
		p.box(left, y-3.6, right-left, 0.25, rule)
		st := Style{Mono, 7, grey}
		p.text(left, y, st, clipTo(d.id, st, 60))
		p.textCentre(Width/2+12, y, small, "Aligned with NIST SP 800-88. NIST certifies and endorses no product.")
		p.textRight(right, y, small, fmt.Sprintf("Page %d of %d", i+1, len(s.Pages)))
	}
}
