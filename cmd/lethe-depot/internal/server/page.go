package server

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/record"
	"lethe/cmd/lethe-depot/internal/archive"
)

//go:embed page.html style.css
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// pageRows is how many papers one page shows.
const pageRows = 100

// csp lets the page load its own style sheet and nothing else.
const csp = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// row is one paper as people read it.
type row struct {
	archive.Entry
	Verdict string // in words
	Detail  string // the method or the state behind it
	Class   string // good, bad or plain
	When    string // UTC, to the second
	Short   string // the digest's first characters, enough to compare by eye
}

type view struct {
	Name        string
	Total       int
	First, Last int // 1-based, newest first
	Rows        []row
	Older       int // offset of the next page, 0 for none
	Newer       string
	Now         string
}

func (s *server) page(w http.ResponseWriter, r *http.Request) {
	from, err := strconv.Atoi(r.URL.Query().Get("from"))
	all := s.Archive.List()
	if err != nil || from < 0 || from >= len(all) {
		from = 0
	}
	end := min(from+pageRows, len(all))
	v := view{Name: s.Name, Total: len(all), First: from + 1, Last: end, Now: clock(time.Now())}
	for i := from; i < end; i++ {
		v.Rows = append(v.Rows, rowOf(all[len(all)-1-i]))
	}
	if end < len(all) {
		v.Older = end
	}
	if from > 0 {
		v.Newer = strconv.Itoa(max(0, from-pageRows))
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		fault(w, err)
		return
	}
	w.Header().Set("Content-Security-Policy", csp)
	w.Header().Set("Referrer-Policy", "no-referrer")
	send(w, http.StatusOK, "text/html; charset=utf-8", out.Bytes())
}

func rowOf(e archive.Entry) row {
	r := row{Entry: e, Class: "plain", When: clock(e.Stored.Time), Short: e.Digest[:16]}
	switch {
	case e.Kind == bundle.KindSummary:
		r.Verdict = "Summary"
	case e.Kind == record.KindCertificate:
		r.Verdict, r.Detail, r.Class = string(e.State), "method "+string(e.Method), "good"
	default:
		r.Verdict, r.Detail, r.Class = "Not sanitised", "state "+string(e.State), "bad"
	}
	return r
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func style(w http.ResponseWriter, _ *http.Request) {
	b, err := files.ReadFile("style.css")
	if err != nil {
		fault(w, err)
		return
	}
	send(w, http.StatusOK, "text/css; charset=utf-8", b)
}
