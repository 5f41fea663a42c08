package page

import (
	"fmt"
	"strings"

	"lethe/certs/record"
)

// Summary lays out the tasks of one machine and one run.
func Summary(m record.Summary) (*Sheet, error) {
	canon, err := record.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("lay out summary: %w", err)
	}
	digest := record.Digest(canon)
	words, counts, color := tally(m)
	d := dress{title: "Sanitization Summary", id: Printable(m.ID), color: color, virtual: m.Virtual,
		sub: "The drives of one machine and one run. Each has a certificate or a notice of its own."}
	first := &Page{}
	d.under(first)
	sheet := &Sheet{Title: d.title + ", record " + d.id, Pages: []*Page{first}}
	y := d.head(first, m.Context.Issued)
	if err := first.qr(right-codeSize+2, 7, codeSize, Code(m.ID, digest)); err != nil {
		return nil, fmt.Errorf("lay out summary: %w", err)
	}
	if m.Virtual {
		y = d.banner(first, y, "")
	}
	y = countBand(first, y, words, counts, color)
	s := &setter{sheet: sheet, next: d.further, x: left, w: right - left, y: y, dense: 1}
	a, b := s.column(left, half2), s.column(left+half2+gutter, half2)
	machineOf(a, m.Context.Machine)
	toolOf(a, m.Context)
	order(b, m)
	s.below(a, b)
	drives(s, m.Drives)
	refused(s, m.Refused)
	missing(s, m.Missing)
	s.section("Digests (SHA-256)")
	s.digest("Summary", digest)
	if m.Order != nil {
		s.digest("Order", m.Order.Digest)
	}
	s.digest("Tool", m.Context.Tool.Binary)
	s.digest("Image", m.Context.Tool.ImageDigest)
	s.absent()
	s.section("Check it yourself")
	checkFile(s)
	s.row("", label, "A summary proves nothing of a drive by itself: the certificates it names do.")
	if len(sheet.Pages) > MaxPages {
		return nil, fmt.Errorf("lay out summary: more than %d pages", MaxPages)
	}
	d.feet(sheet)
	return sheet, nil
}

// certified reports a row whose record is a certificate of a reached method.
func certified(r record.SummaryRow) bool {
	return r.Kind == record.KindCertificate && (r.State == record.Cleared || r.State == record.Purged)
}

// tally counts the drives in a sentence, and each outcome.
func tally(m record.Summary) (words, counts string, c Color) {
	n := map[record.State]int{}
	good := 0
	for _, r := range m.Drives {
		n[stateWord(r.State)]++
		if certified(r) {
			good++
		}
	}
	var parts []string
	for _, st := range []record.State{record.Cleared, record.Purged, record.Failed, record.Incomplete, record.Unknown} {
		if n[st] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[st], strings.ToLower(string(st))))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none erased"}
	}
	if k := len(m.Missing); k > 0 {
		parts = append(parts, fmt.Sprintf("%d not found", k))
	}
	if k := len(m.Refused); k > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", k))
	}
	of := fmt.Sprintf("%d of %d drives ordered have a certificate", good, m.Ordered)
	if m.Ordered == 0 {
		of = fmt.Sprintf("%d of %s have a certificate", good, plural(len(m.Drives), "drive"))
	}
	color := red
	if good == len(m.Drives) && good > 0 && len(m.Missing) == 0 && (m.Ordered == 0 || int64(good) == m.Ordered) {
		color = green
	}
	return of, strings.Join(parts, ", "), color
}

func countBand(p *Page, y float64, words, counts string, c Color) float64 {
	const h = 16.0
	p.box(left, y, right-left, h, c)
	p.text(left+5, y+7.3, Style{Bold, 15, white}, words)
	p.text(left+5, y+12.8, Style{Regular, 9.6, white}, counts)
	return y + h + 0.6
}

// toolOf says what did the work, and by which clock.
func toolOf(s *setter, c record.Context) {
	s.section("Tool and clock")
	toolRows(s, c.Tool)
	s.field("Clock", clock(c.Clock))
	s.absent()
}

// order is what was asked, and for whom.
func order(s *setter, m record.Summary) {
	s.section("Order and job")
	if o := m.Order; o != nil {
		s.field("Order", o.ID)
		s.field("Reason", o.Reason)
		s.field("Approved by", list(o.Approved, 6))
		s.row("Drives ordered", body, fmt.Sprint(m.Ordered))
	} else {
		s.row("Order", body, "none")
	}
	l := m.Context.Labels
	s.field("Contract", l.Contract)
	s.field("Customer", l.Customer)
	s.field("Service code", l.ServiceCode)
	s.some("Asset tag", l.AssetTag)
	s.some("Site", l.Site)
	s.field("Operator", person(l.Operator))
	s.absent()
}
