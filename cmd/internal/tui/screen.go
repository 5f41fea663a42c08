// Package tui shows people how a run goes: a bar with rate and time to go for
// every drive on a terminal, a line now and then where there is none.
package tui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/wipe"
)

// How often the screen is drawn, and how often a line is printed without one.
const (
	liveEvery  = 250 * time.Millisecond
	plainEvery = 5 * time.Second
)

// Screen shows one run. Its methods are safe for concurrent use.
type Screen struct {
	w     io.Writer
	live  bool
	color bool
	width int

	mu    sync.Mutex
	rows  []*row
	drawn int // lines of the last live drawing

	hears  bool // keys
	dialog dialog
}

type row struct {
	task  string
	plan  record.Task
	name  string
	meter *wipe.Meter
	begun bool
	end   string // how it ended, "" while it runs
	good  bool
	// silent is since when the drive gives no sign of life; zero while it does.
	silent time.Time
	hot    string // why it rests, "" while it does not
}

// New makes a screen for the tasks of a plan. Without a terminal, or with quiet,
// nothing is redrawn.
func New(env cli.Env, tasks []record.Task) *Screen {
	s := &Screen{w: env.Stdout, live: env.TTY, color: env.Color, width: env.Width}
	for _, t := range tasks {
		s.rows = append(s.rows, &row{task: t.ID, plan: t, name: shortName(t.Device), meter: wipe.NewMeter(nil)})
	}
	return s
}

// shortName is the serial number, which fits a column; a loop device has none.
func shortName(d record.Device) string {
	if d.Identity.Serial == "" && d.Node != "" {
		return d.Node
	}
	return d.Identity.Name()
}

// Observe is the engine's observer.
func (s *Screen) Observe(task string, p wipe.Progress) {
	if r := s.find(task); r != nil {
		r.meter.Note(p)
		s.mu.Lock()
		r.begun = true
		s.mu.Unlock()
	}
}

func (s *Screen) find(task string) *row {
	for _, r := range s.rows {
		if r.task == task {
			return r
		}
	}
	return nil
}

// Finish says how a task ended.
func (s *Screen) Finish(task, how string, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(task)
	if r == nil {
		return
	}
	r.end, r.good = how, good
	if !s.live {
		fmt.Fprintln(s.w, s.line(r))
	}
}

// Say prints a line that stays, above the bars.
func (s *Screen) Say(f string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipeLocked()
	fmt.Fprintf(s.w, f+"\n", a...)
}

// Write prints whole lines that stay, above the bars, so that a log can go
// through the screen.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipeLocked()
	return s.w.Write(p)
}

// Run draws until the context ends, then draws the last state once.
func (s *Screen) Run(ctx context.Context) {
	every := plainEvery
	if s.live {
		every = liveEvery
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			if s.live {
				s.draw()
			}
			return
		case <-t.C:
			s.draw()
		}
	}
}

func (s *Screen) draw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipeLocked()
	for i, r := range s.rows {
		if !s.live && (r.end != "" || !r.begun && r.silent.IsZero()) {
			continue
		}
		fmt.Fprintln(s.w, s.number(i)+s.line(r))
		if s.live {
			s.drawn++
		}
	}
	if s.hears {
		fmt.Fprintln(s.w, s.fit(s.prompt(), 0))
		s.drawn++
	}
}

// wipeLocked goes back over the last live drawing, from the beginning of the line: the
// terminal may have shown a key since, such as ^C.
func (s *Screen) wipeLocked() {
	if s.live && s.drawn > 0 {
		fmt.Fprintf(s.w, "\r\x1b[%dA\x1b[J", s.drawn)
	}
	s.drawn = 0
}

// line is one drive in at most width columns.
func (s *Screen) line(r *row) string {
	columns := 18 - len(s.number(0))
	name := fmt.Sprintf("%-*.*s", columns, columns, r.name)
	if r.end != "" {
		return name + " " + s.paint(s.fit(r.end, len(name)+1), r.good)
	}
	if !r.silent.IsZero() {
		return name + s.paint(s.fit(silence(r.silent), len(name)), false)
	}
	if r.hot != "" {
		return name + s.paint(s.fit(r.hot, len(name)), false)
	}
	if !r.begun {
		return name + " waiting"
	}
	m := r.meter.Read()
	if m.Act != "" {
		return name + s.commanded(r.plan, m, len(name))
	}
	part := 0.0
	if m.All > 0 {
		part = float64(m.Sum) / float64(m.All)
	}
	phase := fmt.Sprintf("write %d/%d", m.Pass, m.Of)
	if m.Phase == "check" {
		phase = "read back"
	}
	tail := fmt.Sprintf(" %3.0f%% %-9s %9s/s  ETA %s", part*100, phase, Bytes(m.Rate), Clock(m.ETA))
	room := max(s.width-len(name)-len(tail)-4, 4)
	full := min(int(part*float64(room)+0.5), room)
	return name + " [" + strings.Repeat("#", full) + strings.Repeat(".", room-full) + "]" + tail
}

// fit cuts text to what is left of a live line: one that wraps would be drawn
// again below itself. The whole text is on the paper.
func (s *Screen) fit(text string, used int) string {
	r := []rune(text)
	if room := s.width - used; s.live && len(r) > room {
		return string(r[:max(room-1, 0)]) + "~"
	}
	return text
}

func (s *Screen) paint(text string, good bool) string {
	if !s.color {
		return text
	}
	if good {
		return "\x1b[32m" + text + "\x1b[0m"
	}
	return "\x1b[31m" + text + "\x1b[0m"
}

// Bytes is a count in decimal units, as drives are sold: 3 digits and a unit.
func Bytes(n int64) string {
	f, units := float64(n), []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for f >= 999.5 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.3g %s", f, units[i])
}

// Clock is a duration as h:mm:ss or m:ss, "-:--" when unknown.
func Clock(d time.Duration) string {
	if d < 0 {
		return "-:--"
	}
	t := int64(d.Round(time.Second) / time.Second)
	if h := t / 3600; h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, t/60%60, t%60)
	}
	return fmt.Sprintf("%d:%02d", t/60, t%60)
}
