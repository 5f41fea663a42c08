package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// result is bench.json.
type result struct {
	Machine string   `json:"machine"`
	Load    string   `json:"load"` // averages at begin and end
	Began   string   `json:"began"`
	Quick   bool     `json:"quick,omitempty"`
	Method  string   `json:"method"`
	Tools   []string `json:"tools"`
	Rows    []row    `json:"rows"`
	Bars    []bar    `json:"bars"`
	Ceiling *ceiling `json:"ceiling,omitempty"`
}

const method = "Interleaved rounds, medians. A bar holds when the one-sided 95 % bound of the median of the ratios of the same round does " +
	"(order statistic, binomial). CPU is that of the processes and all they waited for; the loop devices' kernel threads are outside it. " +
	"For the whole of the machine see system_cpu_s_per_gib, which strangers disturb."

// write leaves bench.json, bench.md and bench.svg in dir.
func (r result) write(dir string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"bench.json": append(b, '\n'), "bench.md": []byte(r.markdown()), "bench.svg": chart(r.Rows)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// markdown is the part of the README.
func (r result) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s on %s; load average %s. Loop devices with direct I/O over tmpfs; medians of %d interleaved rounds.\n\n",
		r.Began, r.Machine, r.Load, r.rounds())
	b.WriteString("| drives | tool | job | GB/s | CPU s/GiB | peak MiB |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, x := range r.Rows {
		if x.Limited || x.Devices > 8 {
			continue
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %.2f | %.2f | %.0f |\n", x.Devices, x.Tool, x.Job, x.GBps, x.CPU, x.Peak)
	}
	b.WriteString("\n| promise | bar | median | 95 % bound | |\n| --- | --- | --- | --- | --- |\n")
	for _, x := range r.Bars {
		sign := "≥"
		if !x.AtLeast {
			sign = "≤"
		}
		if x.Result == unmeasured {
			fmt.Fprintf(&b, "| %s | %s %.2f | | | not measured |\n", x.Name, sign, x.Threshold)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s %s | %s | %s | %s |\n", x.Name, sign, figure(x.Threshold), figure(x.Median), figure(x.Bound), strings.ToLower(x.Result))
	}
	b.WriteString(r.Ceiling.markdown())
	return b.String()
}

// figure has as many digits as say something.
func figure(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// rounds is the least of the rows that are compared.
func (r result) rounds() (n int) {
	for _, x := range r.Rows {
		if x.Devices <= 8 && (n == 0 || len(x.Rounds) < n) {
			n = len(x.Rounds)
		}
	}
	return n
}

const (
	tableBegin = "<!-- bench: written by make bench-readme -->"
	tableEnd   = "<!-- bench: end -->"
)

// intoReadme puts the last run's tables between the README's markers.
func intoReadme(readme, dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	if err != nil {
		return err
	}
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("read bench.json: %w", err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	out, err := between(string(text), r.markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return os.WriteFile(readme, []byte(out), 0o644)
}

func between(text, middle string) (string, error) {
	head, rest, ok := strings.Cut(text, tableBegin)
	_, tail, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		return "", fmt.Errorf("no place between %q and %q", tableBegin, tableEnd)
	}
	return head + tableBegin + "\n" + middle + tableEnd + tail, nil
}
