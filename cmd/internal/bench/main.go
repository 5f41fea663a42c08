// Command bench holds Lethe's passes and whole jobs against fio, dd, shred and nwipe on
// loop devices over memory, in one run, and writes bench.json, bench.md and bench.svg.
//
//	go run ./cmd/internal/bench -lethe bin/lethe -out out/bench
//
// It needs root, some 6 GiB of free memory and free loop devices; it installs fio and
// nwipe where they are missing. NWIPE=path adds a nwipe of your own. It writes to no
// device that it did not make: nwipe sees no other in its /dev.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	result
	lethe                                  lethe
	nwipes                                 []nwipe
	work                                   string
	rounds, memoryRounds, finalists, again int
}

// phases that -only chooses from.
const phases = "one eight limited many"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 4 && args[0] == "pass" {
		return drivePass(ctx, os.Stdin, os.Stdout, args[1], args[2], args[3])
	}
	if len(args) == 2 && args[0] == "profile" {
		return profile(ctx, args[1], gib, 8)
	}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	binary := fs.String("lethe", "bin/lethe", "the `binary` to measure")
	out := fs.String("out", "out/bench", "`folder` for the results")
	quick := fs.Bool("quick", false, "5 rounds on small drives: a look, no record")
	rounds := fs.Int("rounds", 11, "interleaved rounds, at least 5")
	only := fs.String("only", phases, "the `phases` to run")
	readme := fs.String("readme", "", "run nothing: put the last run's tables into this `file`")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *readme != "" {
		return intoReadme(*readme, *out)
	}
	if os.Geteuid() != 0 {
		return errors.New("must be root: loop devices and nwipe ask for it")
	}
	b := &bench{rounds: *rounds, memoryRounds: 3, finalists: 5, again: 6}
	b.Quick = *quick
	if *quick {
		b.rounds, b.memoryRounds, b.finalists, b.again = 5, 1, 3, 2
	}
	if err := b.prepare(ctx, *binary, *out); err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	began := time.Now()
	failed := b.all(ctx, *only)
	if ctx.Err() != nil || len(b.Rows) == 0 {
		return failed
	}
	// What was measured stands, whatever became of another phase.
	return errors.Join(failed, b.conclude(ctx, *out, time.Since(began)))
}

// prepare finds the tools and makes throwaway keys.
func (b *bench) prepare(ctx context.Context, binary, out string) error {
	if err := install(ctx); err != nil {
		return err
	}
	b.Machine, b.Load, b.Method = machine(), load(), method
	b.Began = time.Now().UTC().Format("2006-01-02 15:04 UTC")
	fmt.Println("machine:", b.Machine, "load average", b.Load)
	for _, p := range []string{"nwipe", os.Getenv("NWIPE")} {
		if p == "" {
			continue
		}
		if path, err := exec.LookPath(p); err == nil {
			p = path
		}
		n, err := findNwipe(ctx, p)
		if err != nil {
			return err
		}
		b.nwipes = append(b.nwipes, n)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	path, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	if b.work, err = os.MkdirTemp(out, "work-"); err != nil {
		return err
	}
	b.lethe, err = newLethe(ctx, path, b.work)
	return err
}

// all runs the phases; one that fails does not keep the next from running.
func (b *bench) all(ctx context.Context, only string) (failed error) {
	one, eight, slow, lim, rate := int64(2*gib), int64(512*mib), int64(64*mib), int64(512*mib), int64(32*mib)
	if b.Quick {
		one, eight, slow, lim = gib, 128*mib, 16*mib, 256*mib
	}
	has := func(phase string) bool { return strings.Contains(" "+only+" ", " "+phase+" ") }
	// nwipe's fastest generator is needed by the others.
	if !has("one") && (has("eight") || has("limited")) {
		if err := b.chooseGenerators(ctx, slow); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		name string
		run  func() error
	}{
		{"one", func() error { return b.speed(ctx, 1, one, slow) }},
		{"eight", func() error { return b.speed(ctx, 8, eight, slow/4) }},
		{"limited", func() error { return b.limited(ctx, lim, rate) }},
		{"many", func() error { return b.many(ctx, 64, 32*mib) }},
	} {
		if !has(p.name) {
			continue
		}
		began := time.Now()
		if err := p.run(); err != nil {
			fmt.Printf("phase %s failed: %v\n", p.name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.name, err))
			continue
		}
		fmt.Printf("phase %s took %.0f s\n\n", p.name, time.Since(began).Seconds())
	}
	return failed
}

func (b *bench) chooseGenerators(ctx context.Context, size int64) error {
	disks, remove, err := makeDisks(ctx, 1, size)
	if err != nil {
		return err
	}
	defer remove()
	for i := range b.nwipes {
		if err := b.nwipes[i].best(ctx, b.work, disks); err != nil {
			return err
		}
	}
	return nil
}

// conclude judges, writes and prints.
func (b *bench) conclude(ctx context.Context, out string, took time.Duration) error {
	b.Load += " at the begin, " + load() + " at the end"
	b.Tools = versions(ctx, b.nwipes)
	b.Bars, b.Ceiling = bars(b.Rows), findCeiling(b.Rows)
	if err := b.write(out); err != nil {
		return err
	}
	fmt.Println(b.markdown())
	for _, x := range b.Bars {
		fmt.Println(x)
	}
	fmt.Printf("%s\n%.0f s in all; %s/bench.json, bench.md, bench.svg\n", strings.Join(b.Tools, "\n"), took.Seconds(), out)
	return nil
}
