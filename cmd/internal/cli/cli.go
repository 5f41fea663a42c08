// Package cli is what Lethe's commands share at the terminal: the table of
// subcommands, the one place where errors become exit statuses, and the house
// rules of speech: results to standard output, one clear line about what is
// wrong and what to do to standard error, colour only on a terminal.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Env is where a command runs.
type Env struct {
	Name   string // the program, for messages
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	TTY    bool // standard output is a terminal
	Color  bool
	Width  int // columns of the terminal, 80 where there is none
}

// System is the process's own environment.
func System(name string) Env {
	e := Env{Name: name, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Width: 80}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		e.TTY = os.Getenv("TERM") != "dumb"
		e.Color = e.TTY && os.Getenv("NO_COLOR") == ""
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w >= 40 {
			e.Width = w
		}
	}
	return e
}

// Command is one subcommand.
type Command struct {
	Name   string
	Short  string // one line for the table
	Help   string // the page --help shows, without flags
	Hidden bool
	// Flags declares the flags and returns what runs once they are parsed.
	Flags func(fs *flag.FlagSet) Run
}

// Run carries out a command with its remaining arguments.
type Run func(ctx context.Context, env Env, args []string) error

// Main finds the subcommand, runs it and returns the exit status.
func Main(ctx context.Context, env Env, about string, cmds []Command, args []string) int {
	if len(args) == 0 || args[0] == "help" && len(args) == 1 || args[0] == "--help" || args[0] == "-h" {
		usage(env.Stdout, env, about, cmds)
		if len(args) == 0 {
			return ExitUsage
		}
		return ExitOK
	}
	if args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	for _, c := range cmds {
		if c.Name == args[0] {
			return Report(env, runOne(ctx, env, c, args[1:]))
		}
	}
	return Report(env, Usagef("there is no command %q; %s --help lists them", args[0], env.Name))
}

func usage(w io.Writer, env Env, about string, cmds []Command) {
	fmt.Fprintf(w, "%s\n\nUsage: %s COMMAND [flags] [arguments]\n\nCommands:\n", strings.TrimSpace(about), env.Name)
	for _, c := range cmds {
		if !c.Hidden {
			fmt.Fprintf(w, "  %-14s %s\n", c.Name, c.Short)
		}
	}
	fmt.Fprintf(w, "\n%s COMMAND --help tells more.\n\n%s", env.Name, exitHelp)
}

func runOne(ctx context.Context, env Env, c Command, args []string) error {
	fs := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	run := c.Flags(fs)
	err := fs.Parse(interleave(fs, args))
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(env.Stdout, "%s %s: %s\n\n%s\n", env.Name, c.Name, c.Short, strings.TrimSpace(c.Help))
		printFlags(env.Stdout, fs)
		fmt.Fprintf(env.Stdout, "\n%s", exitHelp)
		return nil
	}
	if err != nil {
		return Usagef("%v; %s %s --help lists the flags", err, env.Name, c.Name)
	}
	return run(ctx, env, fs.Args())
}

// interleave lets flags stand after arguments, as people type them.
func interleave(fs *flag.FlagSet, args []string) []string {
	var flags, rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			continue
		}
		flags = append(flags, a)
		name, _, has := strings.Cut(strings.TrimLeft(a, "-"), "=")
		f := fs.Lookup(name)
		if has || f == nil || isBool(f) {
			continue
		}
		if i+1 == len(args) {
			return flags // its value is missing: parsing says so
		}
		i++
		flags = append(flags, args[i])
	}
	return append(append(flags, "--"), rest...)
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

func printFlags(w io.Writer, fs *flag.FlagSet) {
	first := true
	fs.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprintf(w, "\nFlags:\n")
			first = false
		}
		name, text := flag.UnquoteUsage(f)
		if name != "" {
			name = " " + strings.ToUpper(name)
		}
		def := ""
		if f.DefValue != "" && f.DefValue != "false" {
			def = " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  --%-22s %s%s\n", f.Name+name, text, def)
	})
}
