// Command mutants breaks the product on purpose, one line at a time, and shows that
// a test notices. What to break stands in the tests themselves, as a comment of the
// test function that must turn red:
//
//	// mutant: FILE: OLD => NEW
//	// mutant (hangs): FILE: OLD => NEW
//
// FILE is relative to the folder of the test, or else to the module. OLD is exact source text on one line
// that stands in FILE exactly once; it is replaced by NEW, which may be empty. With
// "(hangs)" a test that runs out of time counts as caught, else it does not.
//
// The tree is never changed: the compiler is handed the changed file as an overlay.
//
// Synopsis:
//
//	mutants [--check | --list] [--only REGEXP] [--sample N --seed S]
//	        [--timeout 120s] [--parallel 2] [--root DIR] [--json FILE]
//
// Exit status: 0 all caught, 1 not all, 2 usage.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

type options struct {
	root, only, json string
	list, check      bool
	sample           int
	seed             uint64
	parallel         int
	timeout          time.Duration
}

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

func run(args []string, out io.Writer) int {
	var o options
	fs := flag.NewFlagSet("mutants", flag.ContinueOnError)
	fs.StringVar(&o.root, "root", "", "`folder` of the module (default: the one around this folder)")
	fs.StringVar(&o.only, "only", "", "only mutants whose line in --list matches `regexp`")
	fs.StringVar(&o.json, "json", "", "write the results to `file` too")
	fs.BoolVar(&o.list, "list", false, "only list them")
	fs.BoolVar(&o.check, "check", false, "only check that each can be applied; run nothing")
	fs.IntVar(&o.sample, "sample", 0, "only `n` of them, drawn by --seed")
	fs.Uint64Var(&o.seed, "seed", 1, "seed of --sample")
	fs.IntVar(&o.parallel, "parallel", 2, "mutants at work at the same time")
	fs.DurationVar(&o.timeout, "timeout", 2*time.Minute, "time after which a quick test hangs; slow ones get 3 times what they need")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || fs.NArg() > 0 || o.parallel < 1 || o.timeout <= 0 {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := o.do(ctx, out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	if err != nil || !ok {
		return 1
	}
	return 0
}

// do tells whether all mutants are caught, or with --check, can be applied.
func (o options) do(ctx context.Context, out io.Writer) (bool, error) {
	root, err := moduleRoot(o.root)
	if err != nil {
		return false, err
	}
	found, err := find(root)
	if err != nil {
		return false, err
	}
	if found, err = o.choose(found); err != nil {
		return false, err
	}
	if o.list {
		for _, m := range found {
			fmt.Fprintln(out, m)
		}
		return true, nil
	}
	begin := time.Now()
	r := &report{out: out, quiet: o.check}
	if o.check {
		for _, m := range found {
			r.add(m.checked(root))
		}
	} else if err := runAll(ctx, root, found, o.parallel, o.timeout, r.add); err != nil {
		return false, err
	}
	r.summary(len(found), time.Since(begin))
	if o.json != "" {
		b, err := json.MarshalIndent(r.results, "", "  ")
		if err != nil {
			return false, fmt.Errorf("encode results: %w", err)
		}
		if err := os.WriteFile(o.json, append(b, '\n'), 0o644); err != nil {
			return false, fmt.Errorf("write results: %w", err)
		}
	}
	return r.good == len(found), nil
}

func (o options) choose(all []mutant) ([]mutant, error) {
	re, err := regexp.Compile(o.only)
	if err != nil {
		return nil, fmt.Errorf("read --only: %w", err)
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !re.MatchString(m.String()) })
	if o.sample > 0 && o.sample < len(all) {
		r := rand.New(rand.NewPCG(o.seed, 0))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:o.sample]
		slices.SortFunc(all, byPlace)
	}
	if len(all) == 0 {
		return nil, errors.New("find mutants: there is none")
	}
	return all, nil
}

// moduleRoot is the folder of the module that dir, by default the current folder,
// belongs to.
func moduleRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("find module: no go.mod in or above %s", dir)
		}
	}
}
