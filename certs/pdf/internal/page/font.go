package page

import (
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Face is one of the fonts a page is set in.
type Face int

// The faces.
const (
	Regular Face = iota
	Bold
	Mono
)

// Faces are the fonts by Face: the PostScript name and the TrueType file. They are
// the Go fonts (Bigelow & Holmes, BSD licence), which cover WGL4.
var Faces = [...]struct {
	Name string
	TTF  []byte
}{{"GoRegular", goregular.TTF}, {"GoBold", gobold.TTF}, {"GoMono", gomono.TTF}}

// mmPerPt converts points to millimetres.
const mmPerPt = 25.4 / 72

// metrics are the advance widths, in thousandths of the type size. A rune that is
// not a key has no glyph.
type metrics map[rune]float64

var loadMetrics = sync.OnceValue(func() [len(Faces)]metrics {
	var all [len(Faces)]metrics
	for i, f := range Faces {
		all[i] = readMetrics(f.TTF)
	}
	return all
})

// readMetrics panics on a bad font: the fonts are constants of the program.
func readMetrics(ttf []byte) metrics {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		panic("page: embedded font: " + err.Error())
	}
	var buf sfnt.Buffer
	m := metrics{}
	ppem := fixed.I(1000)
	for r := rune(0x20); r < 0xFFFE; r++ {
		g, err := f.GlyphIndex(&buf, r)
		if err != nil || g == 0 {
			continue
		}
		adv, err := f.GlyphAdvance(&buf, g, ppem, font.HintingNone)
		if err != nil {
			continue
		}
		m[r] = float64(adv) / 64
	}
	return m
}

// covered reports that every face has a glyph for r.
func covered(r rune) bool {
	for _, m := range loadMetrics() {
		if _, ok := m[r]; !ok {
			return false
		}
	}
	return true
}

// Style is how a text looks.
type Style struct {
	Face  Face
	Size  float64 // points
	Color Color
}

// Width is the width of s in millimetres. Every rune of s must be covered.
func (st Style) Width(s string) float64 {
	m, w := loadMetrics()[st.Face], 0.0
	for _, r := range s {
		w += m[r]
	}
	return w / 1000 * st.Size * mmPerPt
}

// Line is the distance of two baselines in millimetres.
func (st Style) Line() float64 { return st.Size * mmPerPt * 1.22 }
