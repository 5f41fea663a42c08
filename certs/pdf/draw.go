package pdf

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-pdf/fpdf"

	"lethe/certs/pdf/internal/object"
	"lethe/certs/pdf/internal/page"
)

// draw has fpdf draw a sheet, and returns the objects of its file: 1 is the page
// tree, 2 the resources, then each page and its content, the fonts, Info, Catalog.
func draw(s *page.Sheet) (*object.File, error) {
	f := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: page.Width, Ht: page.Height}})
	f.SetCompression(false)
	f.SetCatalogSort(true)
	f.SetCreationDate(time.Unix(0, 0).UTC()) // Info is written anew, see finish
	f.SetModificationDate(time.Unix(0, 0).UTC())
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(0, 0, 0)
	for _, face := range page.Faces {
		// fpdf writes into the bytes it is given (v0.9.0, utf8fontfile.go, getMetrics
		// appends to a slice of them): a shared font would change from file to file.
		f.AddUTF8FontFromBytes(face.Name, "", bytes.Clone(face.TTF))
	}
	for _, p := range s.Pages {
		f.AddPage()
		d := drawer{f: f}
		for _, o := range p.Ops {
			d.op(o)
		}
	}
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		return nil, fmt.Errorf("draw: %w", err)
	}
	_, body, ok := bytes.Cut(out.Bytes(), []byte("\n")) // after "%PDF-1.3"
	if !ok {
		return nil, fmt.Errorf("draw: fpdf wrote %d bytes without a line", out.Len())
	}
	file, err := object.Import(body)
	if err != nil {
		return nil, fmt.Errorf("draw: read fpdf's objects: %w", err)
	}
	return file, nil
}

// drawer sends operations to one page, and repeats no font.
type drawer struct {
	f    *fpdf.Fpdf
	font page.Style
	set  bool
}

func (d *drawer) op(o page.Op) {
	switch {
	case o.Text != "":
		d.text(o)
	case len(o.Points) > 0:
		d.f.SetFillColor(o.Color.R, o.Color.G, o.Color.B)
		pts := make([]fpdf.PointType, len(o.Points))
		for i, p := range o.Points {
			pts[i] = fpdf.PointType{X: p.X, Y: p.Y}
		}
		d.f.Polygon(pts, "F")
	default:
		d.f.SetFillColor(o.Color.R, o.Color.G, o.Color.B)
		d.f.Rect(o.X, o.Y, o.W, o.H, "F")
	}
}

func (d *drawer) text(o page.Op) {
	if st := o.Style; !d.set || st.Face != d.font.Face || st.Size != d.font.Size {
		d.f.SetFont(page.Faces[st.Face].Name, "", st.Size)
		d.font, d.set = st, true
	}
	d.f.SetTextColor(o.Style.Color.R, o.Style.Color.G, o.Style.Color.B)
	if o.Angle == 0 {
		d.f.Text(o.X, o.Y, o.Text)
		return
	}
	d.f.TransformBegin()
	d.f.TransformRotate(o.Angle, o.X, o.Y)
	d.f.Text(o.X, o.Y, o.Text)
	d.f.TransformEnd()
}
