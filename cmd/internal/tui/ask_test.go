package tui

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/cmd/internal/cli"
)

// Only the key, the number of a drive that still runs and the whole word abort it.
//
// mutant: ask.go: if d.typed == sure && d.row.end == "" { => if d.row.end == "" {
// mutant: ask.go: s.dialog = dialog{asks: askSure, row: s.rows[n-1]} => return s.rows[n-1].task
// mutant: ask.go: case b == keyEscape: => case false:
func TestAbortDialog(t *testing.T) {
	for typed, want := range map[string]string{
		"a2\nabort\n":             "T-B",
		"xa2\rabort\r":            "T-B",
		"a1\x7f2\nabbort\x7f\n":   "",
		"a1\x7f2\nabx\x7fort\n":   "T-B",
		"a2\nabort\x1b\n":         "",
		"a2\x1b\nabort\n":         "",
		"a2\n\n":                  "",
		"a2\nyes\n":               "",
		"a2\nabort":               "",
		"2\nabort\n":              "",
		"a3\nabort\n":             "", // has ended
		"a0\nabort\n":             "",
		"a4\nabort\n":             "",
		"a-1\nabort\n":            "",
		"a99999999999999999999\n": "",
		"a\nabort\n":              "",
	} {
		s := New(cli.Env{Stdout: &bytes.Buffer{}, TTY: true, Width: 80}, tasks("A", "B", "C"))
		s.Finish("T-C", "CLEARED", true)
		got := ""
		for _, b := range []byte(typed) {
			got += s.Key(b)
		}
		if got != want {
			t.Errorf("%q aborts %q; want %q", typed, got, want)
		}
	}
}

// The drives have numbers while one is chosen, the question names it, and no line is
// wider than the terminal.
func TestAbortPrompt(t *testing.T) {
	var out bytes.Buffer
	s := New(cli.Env{Stdout: &out, TTY: true, Width: 80}, tasks(strings.Repeat("long", 10), "B"))
	s.hear(true)
	for _, c := range []struct{ typed, want string }{
		{"", "a: abort one drive"}, {"a", " 2 B"}, {"2\n", "B is left as it is, NOT SANITISED: type abort"}, {"\x1b", "a: abort one drive"},
	} {
		for _, b := range []byte(c.typed) {
			s.Key(b)
		}
		out.Reset()
		s.draw()
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("after %q the screen is %q; want %q", c.typed, out.String(), c.want)
		}
		for _, l := range strings.Split(out.String(), "\n") {
			if _, l, _ := strings.Cut("\x1b[J"+l, "\x1b[J"); len(strings.TrimPrefix(l, "\r\x1b[3A\x1b[J")) > 80 {
				t.Errorf("line of %d columns: %q", len(l), l)
			}
		}
	}
}

// On a real terminal keys come one by one, unseen, and it is left as it was found.
//
// mutant: keys_linux.go: keys.Lflag &^= unix.ICANON | unix.ECHO => keys.Lflag &^= unix.ECHO
// mutant: keys_linux.go: unix.IoctlSetTermios(fd, unix.TCSETS, before)) => nil)
func TestKeysOfATerminal(t *testing.T) {
	person, terminal := pty(t)
	before, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	s := New(cli.Env{Stdout: &bytes.Buffer{}, TTY: true, Width: 80}, tasks("A", "B"))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	got, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Keys(ctx, terminal, func(task string) { got <- task }) }()
	for _, b := range []byte("a") { // no Enter: it is heard at once
		if _, err := person.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	for asked := false; !asked; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		asked = s.dialog.asks == askWhich
		s.mu.Unlock()
		if ctx.Err() != nil {
			t.Fatal("the key is not heard")
		}
	}
	if _, err := person.Write([]byte("2\rabort\r")); err != nil {
		t.Fatal(err)
	}
	if task := <-got; task != "T-B" {
		t.Errorf("aborts %q", task)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	after, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal is left as %+v, %v; was %+v", after, err, before)
	}
}

// pty is a terminal and the person at it.
func pty(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.IoctlRetInt(int(person.Fd()), unix.TIOCGPTPEER)
	if err == nil {
		terminal = os.NewFile(uintptr(fd), "pty")
	} else {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return person, terminal
}
