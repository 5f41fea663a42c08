package tui

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/wipe"
)

func TestBytesAndClock(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 268435456: "268 MB",
		999_600_000: "1 GB", 20e12: "20 TB", 1_234_000_000: "1.23 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q; want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-1: "-:--", 0: "0:00", 61 * time.Second: "1:01",
		26*time.Hour + 5*time.Second: "26:00:05"} {
		if got := Clock(d); got != want {
			t.Errorf("Clock(%v) = %q; want %q", d, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := Wrap("  > one two three four", 12, 4)
	if want := "  > one two\n    three\n    four"; got != want {
		t.Errorf("Wrap = %q; want %q", got, want)
	}
	if got := Wrap("", 10, 2); got != "" {
		t.Errorf("Wrap of nothing = %q", got)
	}
	if got := Wrap(strings.Repeat("x", 30), 10, 2); got != strings.Repeat("x", 30) {
		t.Errorf("Wrap broke a word: %q", got)
	}
}

func tasks(names ...string) (ts []record.Task) {
	for _, n := range names {
		ts = append(ts, record.Task{ID: "T-" + n, Device: record.Device{Size: 1000, Identity: record.Identity{Serial: n}},
			Passes: []record.Pass{{Pattern: record.PatternStream}}})
	}
	return ts
}

// A drive that gives no sign of life is named, with what to do, and its row says so
// until it answers.
//
// mutant: stall.go: s.mark(e.Task.ID, e.Since) => s.mark(e.Task.ID, time.Time{})
// mutant: screen.go: if !r.silent.IsZero() { => if false {
func TestStall(t *testing.T) {
	var out bytes.Buffer
	ts := tasks("A", "B")
	ts[0].Device.Node = "/dev/sda"
	s := New(cli.Env{Stdout: &out, Width: 80}, ts)
	say := func(want string, not ...string) {
		t.Helper()
		s.draw()
		got := out.String()
		out.Reset()
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
		for _, n := range not {
			if strings.Contains(got, n) {
				t.Errorf("%q says %q", got, n)
			}
		}
	}
	s.Tell(wipe.Stalled{Task: ts[0], Since: time.Now().Add(-2 * time.Minute), Silent: 2 * time.Minute, Left: 28 * time.Minute})
	say("A (/dev/sda) gives no sign of life since ")
	say("no sign of life for 2:00", "waiting")
	s.Tell(wipe.Resumed{Task: ts[0], Silent: 3 * time.Minute})
	say("A (/dev/sda) answers again, after 3:00", "no sign of life for")
	s.Tell(wipe.GivenUp{Task: ts[0], Silent: 30 * time.Minute})
	say("is given up; its worker is stuck in the kernel")
}

// Without a terminal there is no escape sequence, whatever happens.
func TestPlainScreen(t *testing.T) {
	var out bytes.Buffer
	s := New(cli.Env{Stdout: &out, Width: 80}, tasks("A", "B"))
	s.Observe("T-A", wipe.Progress{Phase: "write", Pass: 1, Of: 1, Done: 500, Total: 1000})
	s.Observe("nobody", wipe.Progress{})
	s.draw()
	s.Finish("T-A", "CLEARED", true)
	s.Finish("nobody", "x", true)
	s.Say("a word")
	got := out.String()
	if strings.Contains(got, "\x1b") {
		t.Errorf("escape sequences without a terminal: %q", got)
	}
	for _, want := range []string{"A ", "25%", "write 1/1", "CLEARED", "a word"} {
		if !strings.Contains(got, want) {
			t.Errorf("screen %q lacks %q", got, want)
		}
	}
	if strings.Contains(got, "waiting") {
		t.Errorf("a drive that has nothing to say takes a line: %q", got)
	}
}

// Every line fits the terminal, and what is said stays above the bars.
func TestLiveScreen(t *testing.T) {
	var out bytes.Buffer
	s := New(cli.Env{Stdout: &out, TTY: true, Width: 80}, tasks("A", strings.Repeat("long", 10)))
	s.Observe("T-A", wipe.Progress{Phase: "check", Pass: 1, Of: 1, Done: 999, Total: 1000})
	s.draw()
	if _, err := s.Write([]byte("log line\n")); err != nil {
		t.Fatal(err)
	}
	s.Finish("T-A", strings.Repeat("a long verdict ", 10), false)
	s.draw()
	for _, l := range strings.Split(out.String(), "\n") {
		l = strings.TrimPrefix(l, "\r\x1b[2A\x1b[J")
		if len(l) > 80 {
			t.Errorf("line of %d columns: %q", len(l), l)
		}
	}
	if !strings.Contains(out.String(), "\r\x1b[2A\x1b[Jlog line\n") {
		t.Errorf("a log line does not take the place of the bars: %q", out.String())
	}
}
