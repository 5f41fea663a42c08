package page

import (
	"fmt"
	"regexp"

	"rsc.io/qr"

	"lethe/certs/record"
)

var plainID = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// Code is what the QR code of a document says: the identifier, as far as it is
// short and plain, and the SHA-256 of the canonical bytes.
func Code(id string, digest record.Hex) string {
	if !plainID.MatchString(id) {
		id = ""
	}
	return "LETHE1:" + id + ":" + digest
}

// quiet is the white border a QR code needs, in modules (ISO/IEC 18004 asks 4).
const quiet = 4

// qr draws a code as filled boxes, size millimetres wide with its border.
func (p *Page) qr(x, y, size float64, content string) error {
	c, err := qr.Encode(content, qr.M)
	if err != nil {
		return fmt.Errorf("encode QR: %w", err)
	}
	m := size / float64(c.Size+2*quiet)
	p.box(x, y, size, size, white)
	for row := range c.Size {
		for col := 0; col < c.Size; {
			n := 0
			for col+n < c.Size && c.Black(col+n, row) {
				n++
			}
			if n > 0 {
				p.box(x+float64(quiet+col)*m, y+float64(quiet+row)*m, float64(n)*m, m, black)
			}
			col += n + 1
		}
	}
	return nil
}
