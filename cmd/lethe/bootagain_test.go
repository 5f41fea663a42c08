package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"lethe/certs/check"
	"lethe/cmd/internal/cli"
)

// In the booted machine a paper that found no room is issued once there is some.
//
// mutant: bootagain.go: if err == nil { => if true {
// mutant: bootagain.go: return fmt.Errorf("papers are missing: %w", err) => _ = fmt.Errorf; return nil
func TestBootMakesUp(t *testing.T) {
	b := newBench(t)
	b.papers = t.TempDir()
	if err := unix.Mount("lethe-papers", b.papers, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(b.papers, 0) })
	id := b.keep(erased(t, "S1"))
	filler := filepath.Join(b.papers, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()

	sp, err := papersIn(b.papers)
	if err != nil {
		t.Fatal(err)
	}
	defer sp.Close()
	log := logrus.New()
	log.SetOutput(io.Discard)
	agent := &boot{log: log}
	m := &mission{env: cli.Env{Stdout: &b.said, Stderr: &b.said, Width: 80}, journal: journalDir(b.papers), spool: sp, signer: b.signer}
	r := m.unkept(b.papers)

	over, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := agent.makeUp(over, r, time.Hour); err == nil {
		t.Fatal("a paper that found no room is not missed")
	}
	time.AfterFunc(200*time.Millisecond, func() { os.Remove(filler) })
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if err := agent.makeUp(ctx, r, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if rep := b.paper(id); rep.Outcome() != check.Erased {
		t.Errorf("%s", rep.Outcome())
	}
}
