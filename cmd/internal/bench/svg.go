package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

const (
	barHeight = 18
	barLeft   = 230
	barWidth  = 420
)

// chart draws the throughput of every row that nothing limited, a bar each, lethe's in
// a colour of their own.
func chart(rows []row) []byte {
	var shown []row
	most := 0.0
	for _, r := range rows {
		if !r.Limited && r.Devices <= 8 {
			shown = append(shown, r)
			most = max(most, r.GBps)
		}
	}
	var b bytes.Buffer
	height := 40 + len(shown)*(barHeight+4)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", barLeft+barWidth+70, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="8" y="20" font-weight="bold">GB/s of the drives, medians</text>`+"\n")
	for i, r := range shown {
		y := 32 + i*(barHeight+4)
		width, colour := 0.0, "#9aa5b1"
		if most > 0 {
			width = r.GBps / most * barWidth
		}
		if r.Tool == "lethe" {
			colour = "#1f6f54"
		}
		label := fmt.Sprintf("%s, %s", r.Tool, r.Job)
		if r.Devices > 1 {
			label = fmt.Sprintf("%d × %s", r.Devices, label)
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, barLeft-8, y+13, escape(label))
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, barLeft, y, width, barHeight, colour)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%.2f</text>`+"\n", barLeft+width+6, y+13, r.GBps)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
