package sysinit

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type pipe struct {
	io.Reader
	io.Writer
}

// At the end there is no login; and papers that nobody has are not thrown away by
// one word.
//
// mutant: hold_linux.go: case n > 0 && !force: => case n < 0 && !force:
func TestHold(t *testing.T) {
	for _, tt := range []struct {
		in     string
		papers int
		want   string
	}{
		{"poweroff\n", 0, "poweroff"}, {"  reboot \n", 0, "reboot"}, {"poweroff\n", 2, ""},
		{"poweroff anyway\n", 2, "poweroff"}, {"root\n\nsh\n/bin/sh\npoweroff;sh\n", 0, ""},
	} {
		var out bytes.Buffer
		did := ""
		act := func(word string) func() error { return func() error { did += word; return errors.New("test") } }
		holdDialogue(pipe{strings.NewReader(tt.in), &out}, "ended: done", func() int { return tt.papers },
			map[string]func() error{"poweroff": act("poweroff"), "reboot": act("reboot")})
		if did != tt.want {
			t.Errorf("%q with %d papers: did %q, want %q\n%s", tt.in, tt.papers, did, tt.want, &out)
		}
		if told := strings.Contains(out.String(), "2 PAPERS ARE NOT DELIVERED"); told != (tt.papers > 0) {
			t.Errorf("papers told: %v\n%s", told, &out)
		}
	}
}

func TestUndelivered(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a.pdf", "a.pdf.receipt.json", "b.pdf", "c.txt"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n := undelivered(dir); n != 1 {
		t.Errorf("%d pending", n)
	}
}

func TestOtherConsoles(t *testing.T) {
	for _, tt := range []struct{ active, named, want []string }{
		{[]string{"tty0", "ttyS0"}, nil, []string{"tty0"}},
		{[]string{"ttyS0"}, []string{"tty0", "ttyS0,115200n8", "ttyS1,9600"}, []string{"tty0", "ttyS1,9600"}},
		{[]string{"tty1"}, []string{"tty0"}, nil},
		{nil, nil, nil},
	} {
		if diff := cmp.Diff(tt.want, otherConsoles(tt.active, tt.named)); diff != "" && len(tt.want) > 0 {
			t.Errorf("%v, %v (-want +got):\n%s", tt.active, tt.named, diff)
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A console that takes nothing holds up neither the others nor who speaks.
func TestScreens(t *testing.T) {
	var first bytes.Buffer
	got := make(chan string, 100)
	stuck := writer(func([]byte) (int, error) { select {} })
	good := writer(func(p []byte) (int, error) { got <- string(p); return len(p), nil })
	s := NewScreens(&first, stuck, good)
	big := bytes.Repeat([]byte("x"), 1000)
	for range 1000 {
		if _, err := s.Write(big); err != nil {
			t.Fatal(err)
		}
		for len(got) > 50 {
			<-got
		}
	}
	if first.Len() != 1000_000 {
		t.Errorf("first got %d", first.Len())
	}
	select {
	case <-got:
	case <-time.After(10 * time.Second):
		t.Error("the other console got nothing")
	}
}
