package page

// The paper, in millimetres: A4.
const (
	Width  = 210.0
	Height = 297.0
)

// Color is a colour of the screen, 0 to 255 each.
type Color struct{ R, G, B int }

// The colours of the pages.
var (
	ink   = Color{24, 29, 36}
	grey  = Color{94, 104, 115}
	rule  = Color{196, 203, 211}
	tint  = Color{244, 246, 248}
	white = Color{255, 255, 255}
	black = Color{0, 0, 0}
	green = Color{18, 104, 66}
	blue  = Color{22, 74, 140}
	red   = Color{176, 22, 30}
	amber = Color{176, 94, 0}
	slate = Color{74, 82, 92}
	gold  = Color{250, 190, 36}
	faint = Color{246, 238, 216}
)

// Op is one thing to draw. Exactly one of Text, W and Points is set.
type Op struct {
	X, Y   float64 // text: start of the baseline; box: upper left corner
	Text   string
	Style  Style
	Angle  float64 // degrees, anticlockwise, of a text
	W, H   float64 // filled box of Color
	Points []Point // filled polygon of Color
	Color  Color
}

// Point is a corner of a polygon.
type Point struct{ X, Y float64 }

// Page is what is drawn on one page, in order.
type Page struct{ Ops []Op }

// Sheet is a whole document.
type Sheet struct {
	Title string
	Pages []*Page
}

// Text is every string of the sheet, in the order drawn.
func (s *Sheet) Text() []string {
	var all []string
	for _, p := range s.Pages {
		for _, o := range p.Ops {
			if o.Text != "" {
				all = append(all, o.Text)
			}
		}
	}
	return all
}

func (p *Page) text(x, y float64, st Style, s string) {
	if s != "" {
		p.Ops = append(p.Ops, Op{X: x, Y: y, Text: s, Style: st})
	}
}

func (p *Page) textRight(x, y float64, st Style, s string) { p.text(x-st.Width(s), y, st, s) }

func (p *Page) textCentre(x, y float64, st Style, s string) { p.text(x-st.Width(s)/2, y, st, s) }

func (p *Page) box(x, y, w, h float64, c Color) {
	p.Ops = append(p.Ops, Op{X: x, Y: y, W: w, H: h, Color: c})
}

// frame is the outline of a box, its line inside the box.
func (p *Page) frame(x, y, w, h, line float64, c Color) {
	p.box(x, y, w, line, c)
	p.box(x, y+h-line, w, line, c)
	p.box(x, y, line, h, c)
	p.box(x+w-line, y, line, h, c)
}

// hatch fills a box with slanted stripes of two colours.
func (p *Page) hatch(x, y, w, h float64, a, b Color) {
	p.box(x, y, w, h, a)
	const stripe = 3.0
	for s := x - h; s < x+w; s += 2 * stripe {
		quad := []Point{{s, y + h}, {s + h, y}, {s + h + stripe, y}, {s + stripe, y + h}}
		p.Ops = append(p.Ops, Op{Points: clip(quad, x, x+w), Color: b})
	}
}

// clip cuts a convex polygon at two vertical lines (Sutherland–Hodgman).
func clip(pts []Point, left, right float64) []Point {
	return half(half(pts, func(x float64) float64 { return x - left }), func(x float64) float64 { return right - x })
}

// half keeps the part of a polygon where in is not negative.
func half(pts []Point, in func(float64) float64) []Point {
	var out []Point
	for i, q := range pts {
		p := pts[(i+len(pts)-1)%len(pts)]
		dp, dq := in(p.X), in(q.X)
		if (dp < 0) != (dq < 0) {
			t := dp / (dp - dq)
			out = append(out, Point{p.X + t*(q.X-p.X), p.Y + t*(q.Y-p.Y)})
		}
		if dq >= 0 {
			out = append(out, q)
		}
	}
	return out
}
