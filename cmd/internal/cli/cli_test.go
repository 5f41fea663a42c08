package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0}, {errors.New("x"), 1}, {Usagef("x"), 2}, {Refusedf("x"), 3}, {Failedf("x"), 4},
		{Undeliveredf("x"), 5}, {ErrSignal, 130}, {context.Canceled, 130},
		{fmt.Errorf("wrapped: %w", Refusedf("x")), 3},
		{errors.Join(ErrSignal, Failedf("x")), 130},
	} {
		if got := Status(c.err); got != c.want {
			t.Errorf("Status(%v) = %d; want %d", c.err, got, c.want)
		}
	}
}

func run(t *testing.T, args ...string) (int, string, string, []string) {
	t.Helper()
	var out, errs bytes.Buffer
	var seen []string
	env := Env{Name: "prog", Stdout: &out, Stderr: &errs, Width: 80}
	cmds := []Command{{Name: "do", Short: "does it", Help: "A page.", Flags: func(fs *flag.FlagSet) Run {
		name := fs.String("name", "", "a `word`")
		force := fs.Bool("quick", false, "be quick")
		return func(_ context.Context, _ Env, args []string) error {
			seen = append([]string{*name, fmt.Sprint(*force)}, args...)
			return nil
		}
	}}, {Name: "secret", Hidden: true, Flags: func(*flag.FlagSet) Run {
		return func(context.Context, Env, []string) error { return errors.New("two\nlines") }
	}}}
	status := Main(t.Context(), env, "about", cmds, args)
	return status, out.String(), errs.String(), seen
}

// Flags may stand before, between and after arguments; -- ends them.
func TestFlagsAnywhere(t *testing.T) {
	for _, c := range []struct{ args, want []string }{
		{[]string{"do", "a", "--name", "n", "b"}, []string{"n", "false", "a", "b"}},
		{[]string{"do", "--quick", "a", "-name=n"}, []string{"n", "true", "a"}},
		{[]string{"do", "--", "--name", "n"}, []string{"", "false", "--name", "n"}},
		{[]string{"do", "-"}, []string{"", "false", "-"}},
	} {
		status, _, errs, seen := run(t, c.args...)
		if status != 0 || !cmp.Equal(seen, c.want) {
			t.Errorf("%v = %d, %v (%s); want %v", c.args, status, seen, errs, c.want)
		}
	}
}

func TestHelpAndMistakes(t *testing.T) {
	if s, out, _, _ := run(t, "--help"); s != 0 || !strings.Contains(out, "does it") || strings.Contains(out, "secret") {
		t.Errorf("--help = %d, %q", s, out)
	}
	if s, out, _, _ := run(t, "do", "--help"); s != 0 || !strings.Contains(out, "--name WORD") || !strings.Contains(out, "Exit status") {
		t.Errorf("do --help = %d, %q", s, out)
	}
	if s, out, _, _ := run(t, "help", "do"); s != 0 || !strings.Contains(out, "A page.") {
		t.Errorf("help do = %d, %q", s, out)
	}
	for _, args := range [][]string{{}, {"nope"}, {"do", "--nope"}, {"do", "--name"}} {
		if s, _, _, _ := run(t, args...); s != ExitUsage {
			t.Errorf("%v = %d; want %d", args, s, ExitUsage)
		}
	}
	if s, _, errs, _ := run(t, "secret"); s != 1 || errs != "prog: two; lines\n" {
		t.Errorf("secret = %d, %q; want one line", s, errs)
	}
}
