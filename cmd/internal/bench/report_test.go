package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func rowOf(tool, job string, devices int, limited bool, rates ...float64) row {
	r := row{Tool: tool, Job: job, Devices: devices, Limited: limited}
	for _, g := range rates {
		r.Rounds = append(r.Rounds, sample{GBps: g, Seconds: 10 / g, CPU: 0.1, Peak: 20, Shares: []float64{1.1, 0.9}})
	}
	r.settle()
	return r
}

func testRows() []row {
	return []row{
		rowOf("fio", jobWrite, 1, false, 5, 5, 5, 5, 5),
		rowOf("lethe", jobZero, 1, false, 5, 5, 5, 5, 5),
		rowOf("lethe", jobRandom, 1, false, 4, 4, 4, 4, 4),
		rowOf("nwipe 0.42", jobRandom, 1, false, 2, 2, 2, 2, 2),
		rowOf("lethe", jobRandom, 8, false, 4, 4, 4, 4, 4),
		rowOf("lethe", jobWhole, 1, true, 3, 3, 3, 3, 3),
		rowOf("nwipe 0.42", jobWhole, 1, true, 2, 2, 2, 2, 2),
		rowOf("lethe", jobWhole, 64, false, 1),
	}
}

// Each bar finds its rows, and no other's.
func TestBarsFindTheirRows(t *testing.T) {
	got := map[string]string{}
	for _, b := range bars(testRows()) {
		got[b.Name] = b.Result
	}
	for name, want := range map[string]string{
		"zero pass / fio's best write":                                pass,
		"random pass / fio's best write":                              short,
		"full verification / fio's best read":                         unmeasured,
		"random pass / nwipe 0.42's fastest generator":                pass,
		"CPU seconds per GiB, random − zero pass":                     pass,
		"8 drives: slowest drive / fair share":                        pass,
		"8 drives: random passes / fio with 8 jobs":                   unmeasured,
		"limited drive: whole job / nwipe 0.42's":                     pass,
		"limited drive: job with sampled verification / nwipe 0.42's": unmeasured,
		"64 drives: peak memory of all processes, MiB":                pass,
	} {
		if got[name] != want {
			t.Errorf("%s: %q; want %q", name, got[name], want)
		}
	}
}

func TestMarkdownAndReadme(t *testing.T) {
	r := result{Machine: "m", Rows: testRows(), Bars: bars(testRows())}
	md := r.markdown()
	for _, want := range []string{"| 1 | lethe | write random | 4.00 | 0.10 | 20 |", "medians of 5 interleaved", "not measured", "falls short"} {
		if !strings.Contains(md, want) {
			t.Errorf("no %q in\n%s", want, md)
		}
	}
	text := "before\n" + tableBegin + "\nold\n" + tableEnd + "\nafter\n"
	got, err := between(text, md)
	if err != nil || got != "before\n"+tableBegin+"\n"+md+tableEnd+"\nafter\n" {
		t.Errorf("between = %q, %v", got, err)
	}
	if _, err := between("no markers", md); err == nil {
		t.Error("a README without markers was changed")
	}
}

func TestChartIsXML(t *testing.T) {
	rows := append(testRows(), rowOf(`<"&`, "x", 1, false, 1))
	d := xml.NewDecoder(bytes.NewReader(chart(rows)))
	bars := 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 7 { // background, and every row that is not limited and of at most 8 drives
		t.Errorf("%d rectangles; want 7", bars)
	}
	if !bytes.Contains(chart(nil), []byte("</svg>")) {
		t.Error("no rows make no chart")
	}
}
