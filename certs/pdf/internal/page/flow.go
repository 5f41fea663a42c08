package page

import (
	"fmt"
	"strings"
)

// The margins of a page, in millimetres.
const (
	left   = 14.0
	right  = Width - 14.0
	bottom = Height - 15.0
	gutter = 7.0
	half2  = (right - left - gutter) / 2 // width of one of two columns
)

// MaxPages bounds a document. Lists are cut long before it is reached.
const MaxPages = 60

// The styles of running text.
var (
	body  = Style{Regular, 7.5, ink}
	heavy = Style{Bold, 7.5, ink}
	code  = Style{Mono, 7, ink}
	label = Style{Regular, 7.1, grey}
	head  = Style{Bold, 8.6, ink}
	small = Style{Regular, 7, grey}
)

// setter puts text into one column that runs over as many pages as it needs.
type setter struct {
	sheet *Sheet
	next  func(*Page) float64 // dresses a further page, returns where its text begins
	page  int
	x, w  float64
	y     float64  // top of the next line
	dense float64  // how much of its size a text keeps: see densities
	none  []string // names of values of this section that are not stated
}

// densities are the sizes that are tried, the largest first, for a document to fit on
// one page, and no word is lost. No type is smaller than legible: from there on it is the
// lines that come closer. One that needs two pages all the same is set in full size.
var densities = []float64{1, 0.95, 0.91, 0.88}

// legible is the least size of type, in points.
const legible = 7.0

// one lays a document out in the largest size in which it is one page.
func one(lay func(dense float64) (*Sheet, error)) (*Sheet, error) {
	var full *Sheet
	for _, d := range densities {
		s, err := lay(d)
		if err != nil {
			return nil, err
		}
		if full == nil {
			full = s
		}
		if len(s.Pages) == 1 {
			return s, nil
		}
	}
	return full, nil
}

// sized is a style as this setter sets it.
func (s *setter) sized(st Style) Style {
	st.Size = max(min(st.Size, legible), st.Size*s.dense)
	return st
}

// lead is the height of a line of a style that was sized, in millimetres.
func (s *setter) lead(st Style) float64 {
	return st.Line() * min(1, s.dense*body.Size/legible)
}

// column returns a setter for a column that begins where s stands.
func (s setter) column(x, w float64) *setter { s.x, s.w = x, w; return &s }

func (s *setter) cur() *Page { return s.sheet.Pages[s.page] }

// need makes room for h millimetres, on the next page if this one has none.
func (s *setter) need(h float64) {
	if s.y+h <= bottom {
		return
	}
	s.page++
	if s.page == len(s.sheet.Pages) {
		p := &Page{}
		s.sheet.Pages = append(s.sheet.Pages, p)
		s.next(p)
	}
	s.y = s.top()
}

// top is where the text of a further page begins.
func (s *setter) top() float64 { return s.next(&Page{}) }

// before reports that s stands higher than other.
func (s *setter) before(other *setter) bool {
	return s.page < other.page || s.page == other.page && s.y < other.y
}

// below moves s under both columns.
func (s *setter) below(a, b *setter) {
	if a.before(b) {
		a = b
	}
	s.page, s.y = a.page, a.y
}

// line sets one line at x.
func (s *setter) line(x float64, st Style, text string) {
	st = s.sized(st)
	s.need(s.lead(st))
	s.cur().text(x, s.y+s.lead(st)*0.78, st, text)
	s.y += s.lead(st)
}

// para sets a wrapped paragraph.
func (s *setter) para(st Style, text string) {
	for _, l := range s.sized(st).wrap(text, s.w) {
		s.line(s.x, st, l)
	}
}

// section opens a block: a heading over a rule, with room for a few lines below.
func (s *setter) section(title string) {
	s.y += 1.9 * s.dense * s.dense // the gaps give way first
	s.need(4*body.Line() + 5)
	s.cur().text(s.x, s.y+3, s.sized(head), title)
	s.cur().box(s.x, s.y+4.1, s.w, 0.25, rule)
	s.y += 4.9
}

// labelWidth is the width of the names of values in a column.
const labelWidth = 25.0

// row sets a name and its value. The name of an empty value waits for absent.
func (s *setter) row(name string, st Style, value string) {
	if value == "" {
		s.none = append(s.none, strings.TrimSpace(name))
		return
	}
	s.need(s.lead(s.sized(st)))
	s.cur().text(s.x, s.y+s.lead(s.sized(body))*0.78, s.sized(label), name)
	for _, l := range s.sized(st).wrap(value, s.w-labelWidth) {
		s.line(s.x+labelWidth, st, l)
	}
}

// absent ends a section: it names the values that are not stated.
func (s *setter) absent() {
	if len(s.none) > 0 {
		s.row("Not stated", label, strings.Join(s.none, ", "))
		s.none = nil
	}
}

// field is row for a value out of the record.
func (s *setter) field(name, value string) { s.row(name, body, Printable(value)) }

// some is field, where an absent value is not worth a line.
func (s *setter) some(name, value string) {
	if value != "" {
		s.field(name, value)
	}
}

// items sets a list, at most most of it, and says how much was left out.
func (s *setter) items(list []string, most int) {
	for i, t := range list {
		if i == most {
			s.bullet(fmt.Sprintf("and %d more, in the record", len(list)-most))
			return
		}
		s.bullet(Printable(t))
	}
}

// bullet sets one wrapped item of a list.
func (s *setter) bullet(text string) {
	st := s.sized(body)
	for i, l := range st.wrap(text, s.w-3) {
		if i == 0 {
			s.need(s.lead(st))
			s.cur().box(s.x+0.4, s.y+s.lead(st)*0.45, 0.9, 0.9, grey)
		}
		s.line(s.x+3, body, l)
	}
}
