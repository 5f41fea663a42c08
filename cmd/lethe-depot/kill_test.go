package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/spool"
	"lethe/cmd/lethe-depot/internal/depottest"
)

// The whole command, killed again and again while a spool drains into it, loses no
// paper that it gave a receipt for, and its archive verifies in the end. (Kills in
// the midst of commit are the business of the archive's own test.)
func TestKilledWhilePapersArrive(t *testing.T) {
	const papers, rounds = 8, 5
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var serials []string
	for i := range papers {
		serials = append(serials, fmt.Sprintf("K%02d", i))
	}
	k, dir := depottest.New(t, serials...), t.TempDir()
	k.Write(t, dir)
	s, err := spool.Open(filepath.Join(dir, "spool"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, n := range serials {
		p := k.Certificate(t, n)
		if err := s.Put(bundle.Bundle{Name: p.Name, PDF: p.PDF}); err != nil {
			t.Fatal(err)
		}
	}
	addr := freeAddress(t)
	limits := deliver.DefaultLimits
	limits.First, limits.Most = 10*time.Millisecond, 50*time.Millisecond
	h, err := deliver.NewHTTPS("https://"+addr, k.Root.Pool(), k.Root.Pool(), time.Now, deliver.WithLimits(limits))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	drained := make(chan []spool.Outcome, 1)
	go func() {
		left, err := s.Drain(ctx, h, nil)
		if err != nil {
			t.Error(err)
		}
		drained <- left
	}()
	for range rounds {
		d := startDepot(t, dir, addr)
		time.Sleep(time.Duration(rnd.IntN(400)) * time.Millisecond)
		if err := d.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = d.Wait() // killed: that is its status
	}
	d := startDepot(t, dir, addr)
	left := <-drained
	if len(left) > 0 {
		t.Errorf("undelivered: %v", left)
	}
	// Where an earlier one took all papers, the last has only just been started, and
	// an interrupt that early is not the depot's yet.
	if err := answering(addr); err != nil {
		t.Fatal(err)
	}
	if err := d.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := d.Wait(); err != nil {
		t.Errorf("the last depot ends with %v", err)
	}
	var out bytes.Buffer
	status := run(ctx, []string{"verify", "--dir", filepath.Join(dir, "papers"), "--trust", filepath.Join(dir, "root.pem")}, &out, &out)
	if want := fmt.Sprintf("%d papers, %d hold, 0 fail", papers, papers); status != exitOK || !bytes.Contains(out.Bytes(), []byte(want)) {
		t.Errorf("verify = %d:\n%s", status, &out)
	}
	all, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		kept, err := os.ReadFile(filepath.Join(dir, "papers", e.Receipt.ID+".receipt.json"))
		if err != nil || !bytes.Equal(kept, e.Receipt.Raw) {
			t.Errorf("%s: the receipt kept is not the one that was given: %v", e.Name, err)
		}
	}
}

// startDepot runs the real command; testscript put it into PATH.
func startDepot(t *testing.T, dir, addr string) *exec.Cmd {
	t.Helper()
	c := exec.Command("lethe-depot", "serve", "--listen", addr, "--dir", "papers",
		"--cert", "depot.pem", "--key", "depot.key", "--trust", "root.pem")
	c.Dir = dir
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // most have ended
	return c
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}
