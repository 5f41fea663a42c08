package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/tui"
	"lethe/wipe"
)

// abortSuffix is that of a wish: an empty file TASK.abort beside the task's journal,
// which the run takes away. Whoever may write there could as well kill the run.
const abortSuffix = ".abort"

const (
	abortEvery  = 200 * time.Millisecond // how often a run looks for wishes
	abortWithin = 5 * time.Second        // in which a run that lives takes one
)

func abortCommand() cli.Command {
	return cli.Command{
		Name: "abort", Short: "end one drive's erase; the others go on",
		Help: `lethe abort ends the task of one drive of the run in --papers: by its task, as in the
name of its transcript, or by the drive's serial number or name, as lethe list shows
it. The drive is left as it is by then, NOT SANITISED, and has its notice at once, which
says that it was aborted and by whom. The other drives go on.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			papers := fs.String("papers", "papers", "`folder` for the papers of the run")
			return func(ctx context.Context, env cli.Env, args []string) error {
				if len(args) != 1 {
					return cli.Usagef("abort takes one drive or task, got %d", len(args))
				}
				return askAbort(ctx, env, journalDir(*papers), args[0])
			}
		},
	}
}

// askAbort leaves a wish and waits until the run has taken it.
func askAbort(ctx context.Context, env cli.Env, dir, word string) error {
	task, err := taskOf(dir, word)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, task+abortSuffix)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o640)
	if err != nil {
		return fmt.Errorf("ask for the end of %s: %w", task, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("ask for the end of %s: %w", task, err)
	}
	for end := time.Now().Add(abortWithin); ; time.Sleep(abortEvery / 4) {
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(env.Stdout, "%s is being aborted; its notice follows\n", task)
			return nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return errors.Join(cli.Refusedf("no run in %s takes it: task %s goes on, if it does", filepath.Dir(dir), task), os.Remove(name), ctx.Err())
		}
	}
}

// taskOf finds the one task without papers that a word means.
func taskOf(dir, word string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+journalSuffix))
	if err != nil {
		return "", fmt.Errorf("find tasks: %w", err)
	}
	var found []string
	for _, f := range files {
		task := strings.TrimSuffix(filepath.Base(f), journalSuffix)
		if strings.HasSuffix(f, issuedSuffix) {
			continue
		}
		if task == word || meansDrive(f, word) {
			found = append(found, task)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", cli.Usagef("no task in %s is of %q: nothing was aborted", dir, word)
	}
	return "", cli.Usagef("%q means tasks %s: nothing was aborted; name one", word, strings.Join(found, " and "))
}

// meansDrive reports whether a journal begins with a task on the drive of that name.
func meansDrive(journal, word string) bool {
	t := firstTask(journal)
	if t == nil || word == "" {
		return false
	}
	id := t.Device.Identity
	return word == id.Serial || word == id.Name() || word == t.Device.Node
}

// hearAborts listens for wishes until ctx ends: for files beside the journals, and for
// keys where there is a terminal.
func (m *mission) hearAborts(ctx context.Context, screen *tui.Screen, e *wipe.Engine) *sync.WaitGroup {
	w := &sync.WaitGroup{}
	w.Go(func() { takeAborts(ctx, m.journal, e.Abort) })
	if f, ok := m.env.Stdin.(*os.File); ok && m.env.TTY {
		w.Go(func() {
			// A standard input that is no terminal has no keys.
			_ = screen.Keys(ctx, f, func(task string) { _ = e.Abort(task, "a person at the terminal") })
		})
	}
	return w
}

// takeAborts passes wishes on and takes them away, those for no task too.
func takeAborts(ctx context.Context, dir string, abort func(task, by string) error) {
	t := time.NewTicker(abortEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*"+abortSuffix))
		for _, f := range files {
			by, err := asker(f)
			if err != nil {
				continue
			}
			_ = abort(strings.TrimSuffix(filepath.Base(f), abortSuffix), by)
			_ = os.Remove(f)
		}
	}
}
