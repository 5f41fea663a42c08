package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lethe/cmd/internal/tui"
)

// Write leaves the result as summary.json in a folder.
func (r Result) Write(dir string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "summary.json"), append(b, '\n'), 0o644)
}

// Table prints one line a drive and one for the summary.
func (r Result) Table(w io.Writer) {
	fmt.Fprintf(w, "\n%-10s %-7s %-12s %-9s %-22s %-9s %-7s %-5s %s\n",
		"DRIVE", "BUS", "SERIAL", "SIZE", "OLD SECTORS LEFT", "VERDICT", "PDFSIG", "QPDF", "LETHE-CHECK")
	for _, d := range r.Drives {
		left := fmt.Sprintf("%d of %d", d.Remains.Same+d.Remains.Moved, d.Remains.Sectors)
		verdict := "no paper"
		if d.Paper != nil {
			verdict = d.Paper.State
		}
		fmt.Fprintf(w, "%-10s %-7s %-12s %-9s %-22s %-9s %s\n", d.Name, d.Bus, d.Serial,
			tui.Bytes(d.Size), left, verdict, d.Paper.marks())
	}
	if r.Summary != nil {
		fmt.Fprintf(w, "%-10s %-7s %-12s %-9s %-22s %-9s %s\n", "machine", "", "", "", "", "summary", r.Summary.marks())
	}
	word := "PROVEN: every drive is gone, and every paper holds."
	if !r.Proven {
		word = "NOT PROVEN: see the table."
	}
	fmt.Fprintf(w, "\n%s  (%d s, kernel + initramfs %s)\n", word, r.Seconds, tui.Bytes(r.Image.Kernel+r.Image.Initrd))
}

func (p *PaperResult) marks() string {
	if p == nil {
		return fmt.Sprintf("%-7s %-5s %s", "-", "-", "-")
	}
	return fmt.Sprintf("%-7s %-5s %s", yes(p.Pdfsig), yes(p.Qpdf), yes(p.Checked))
}

func yes(b bool) string {
	if b {
		return "ok"
	}
	return "NO"
}
