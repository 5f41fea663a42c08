package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"lethe/certs/check"
)

// The colours, empty where they are not wanted.
type palette struct{ good, bad, dim, off string }

// colours are for people at a terminal who have not asked for none (no-color.org).
func colours(w io.Writer) palette {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return palette{}
	}
	return palette{good: "\x1b[32m", bad: "\x1b[31m", dim: "\x1b[2m", off: "\x1b[0m"}
}

func (c config) print(w io.Writer, reports []*check.Report) error {
	if c.json {
		return c.printJSON(w, reports)
	}
	out := bufio.NewWriter(w)
	p := colours(w)
	for i, r := range reports {
		if c.quiet {
			fmt.Fprintf(out, "%s: %s\n", plain(c.files[i]), plain(r.Sentence()))
			continue
		}
		fmt.Fprintf(out, "%s\n", plain(c.files[i]))
		for _, l := range r.Lines {
			mark, colour := "ok  ", p.good
			switch {
			case l.OK:
			case strings.HasPrefix(l.Detail, "not checked: "), strings.HasPrefix(l.Detail, "not read: "):
				mark, colour = "--  ", p.dim
			default:
				mark, colour = "FAIL", p.bad
			}
			fmt.Fprintf(out, "  %s%s%s %-16s %s\n", colour, mark, p.off, l.Name, plain(l.Detail))
		}
		colour := p.good
		if o := r.Outcome(); o != check.Erased && o != check.Holds {
			colour = p.bad
		}
		fmt.Fprintf(out, "  %s%s%s\n", colour, plain(r.Sentence()), p.off)
	}
	return out.Flush()
}

// plain makes text of a file's safe for a terminal: what a terminal would obey or
// not show is spelled out.
func plain(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

// jsonReport is a report as a program reads it. One is printed a line.
type jsonReport struct {
	File     string        `json:"file"`
	Outcome  check.Outcome `json:"outcome"`
	Sentence string        `json:"sentence"`
	Failed   string        `json:"failed,omitempty"`
	*check.Report
}

func (c config) printJSON(w io.Writer, reports []*check.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i, r := range reports {
		if err := enc.Encode(jsonReport{c.files[i], r.Outcome(), r.Sentence(), r.Failed(), r}); err != nil {
			return err
		}
	}
	return nil
}
