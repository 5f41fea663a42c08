package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"lethe/certs/bundle"
	"lethe/certs/check"
	"lethe/certs/sign"
)

// config is the command line.
type config struct {
	trust    []string
	quirks   string
	physical bool
	json     bool
	quiet    bool
	files    []string
}

// parse reads flags and files in any order; after "--" everything is a file.
func parse(args []string) (config, error) {
	var c config
	fs := flag.NewFlagSet("lethe-check", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Func("trust", "", func(s string) error { c.trust = append(c.trust, s); return nil })
	fs.StringVar(&c.quirks, "quirks", "", "")
	fs.BoolVar(&c.physical, "physical", false, "")
	fs.BoolVar(&c.json, "json", false, "")
	fs.BoolVar(&c.quiet, "quiet", false, "")
	for rest := args; ; {
		if err := fs.Parse(rest); err != nil {
			return c, err
		}
		if done := len(rest) - fs.NArg(); done > 0 && rest[done-1] == "--" {
			c.files = append(c.files, fs.Args()...)
			break
		}
		if fs.NArg() == 0 {
			break
		}
		c.files = append(c.files, fs.Arg(0))
		rest = fs.Args()[1:]
	}
	switch {
	case len(c.trust) == 0:
		return c, errors.New("no --trust root.pem: without a root there is nobody to trust")
	case len(c.files) == 0:
		return c, errors.New("no file to check")
	}
	return c, nil
}

// options loads what the checker brings along.
func (c config) options() (check.Options, error) {
	o := check.Options{RequirePhysical: c.physical}
	var pem []byte
	for _, name := range c.trust {
		b, err := os.ReadFile(name)
		if err != nil {
			return o, fmt.Errorf("read --trust: %w", err)
		}
		pem = append(append(pem, b...), '\n')
	}
	var err error
	if o.Roots, err = sign.ParseRoots(pem); err != nil {
		return o, fmt.Errorf("--trust %s: %w", strings.Join(c.trust, ", "), err)
	}
	if c.quirks != "" {
		b, err := os.ReadFile(c.quirks)
		if err != nil {
			return o, fmt.Errorf("read --quirks: %w", err)
		}
		if o.Quirks, err = check.ParseQuirks(b); err != nil {
			return o, fmt.Errorf("--quirks %s: %w", c.quirks, err)
		}
	}
	return o, nil
}

// examine checks one file, "-" being standard input. A file that cannot be read is
// one that is refused.
func examine(name string, stdin io.Reader, o check.Options) check.Report {
	b, err := read(name, stdin)
	if err != nil {
		return check.Report{Lines: []check.Line{{Name: "file", Detail: err.Error()}}}
	}
	return check.Check(b, o)
}

func read(name string, stdin io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // read only: nothing to lose
		stdin = f
	}
	b, err := io.ReadAll(io.LimitReader(stdin, bundle.MaxPDF+1))
	if err != nil {
		return nil, err
	}
	if len(b) > bundle.MaxPDF {
		return nil, fmt.Errorf("larger than the %d bytes a paper may have", bundle.MaxPDF)
	}
	return b, nil
}
