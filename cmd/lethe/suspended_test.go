package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"lethe/inventory/inventorytest"
)

// One suspended drive of eight adds at most 5 % to the time of the other seven. Its
// first write waits in the kernel until their certificates are there; then it is let
// go, and gets its own.
//
// Every drive is limited to the same rate, as a disk is, and the seven are erased alone
// and beside the suspended one by turns. The figure is the upper 95 % bound of the
// median ratio of the two times, from the start to the seventh certificate: by the
// binomial distribution the second largest of eight ratios (1 - 9/256 = 96.5 %). The
// short form asks only that the seven do not wait.
//
// mutant: ../../wipe/engine.go: wg.Go(func() { => func(f func()) { f() }(func() {
func TestBarSuspended(t *testing.T) {
	const drives = 8
	dir, freeze, thaw := frozenOf(t, suspendedSize+suspendedSize/8+64<<20)
	sizes := slices.Repeat([]int64{suspendedSize}, drives)
	r := newRigIn(t, []string{dir}, sizes...)
	limited := true
	for _, d := range r.drives {
		limited = inventorytest.Throttle(t, d.dev, suspendedRate) && limited
	}
	seed := anySeed(t)
	t.Logf("LETHE_SEED=%d", seed)
	r.fill(seed)
	all, seven := r.drives, r.drives[1:]
	run := func(suspend bool) time.Duration {
		if err := os.RemoveAll(r.papers()); err != nil {
			t.Fatal(err)
		}
		r.drives = seven
		if suspend {
			r.drives = all
			if err := freeze(); err != nil {
				t.Fatal(err)
			}
		}
		cmd := r.erase()
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := false
		for !done && time.Since(began) < 2*time.Minute {
			time.Sleep(5 * time.Millisecond)
			done = r.papersThere() >= len(seven)
		}
		took := time.Since(began)
		stuck := suspend && r.waitsFor(all[0], cmd.Process.Pid)
		if suspend {
			if err := thaw(); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err != nil || !done {
			t.Fatalf("the seven are done: %t; lethe erase: %v\n%s", done, err, &out)
		}
		if suspend != stuck {
			t.Fatal("no drive was suspended when the seven were done: the test shows nothing")
		}
		if n := certificates(r.audit(nil)); n != len(r.drives) {
			t.Fatalf("%d of %d drives are certified\n%s", n, len(r.drives), &out)
		}
		return took
	}
	ratios := make([]float64, suspendedRounds)
	for i := range ratios {
		var alone, beside time.Duration
		if i%2 == 0 {
			alone, beside = run(false), run(true)
		} else {
			beside, alone = run(true), run(false)
		}
		ratios[i] = beside.Seconds() / alone.Seconds()
		t.Logf("seven drives: alone %.2f s, beside a suspended one %.2f s, ratio %.3f", alone.Seconds(), beside.Seconds(), ratios[i])
	}
	slices.Sort(ratios)
	t.Logf("median ratio %.3f of %d rounds; drives of %d MiB, limited to %d MB/s: %t; %d cores, %s", ratios[len(ratios)/2],
		len(ratios), suspendedSize>>20, suspendedRate/1_000_000, limited, runtime.NumCPU(), loadOf(t))
	if len(ratios) < 8 {
		return
	}
	if upper := ratios[len(ratios)-2]; upper > 1.05 {
		t.Errorf("a suspended drive of eight adds up to %.1f %% to the others; the bar is 5 %%", 100*(upper-1))
	} else {
		t.Logf("bound %.3f, bar 1.05", upper)
	}
}

// papersThere counts the papers. That of the whole run comes last, when all have ended.
func (r *rig) papersThere() int {
	files, _ := filepath.Glob(filepath.Join(r.papers(), "*.pdf"))
	return len(files)
}

// waitsFor reports whether a drive is still being waited for: half a second later its
// worker is there and no more papers are.
func (r *rig) waitsFor(d *rigDrive, supervisor int) bool {
	papers := r.papersThere()
	time.Sleep(500 * time.Millisecond)
	return (&kill{rig: r}).workerOf(d, children(supervisor)) > 0 && r.papersThere() == papers
}

// loadOf is the load of the machine, since a figure is worth nothing without it.
func loadOf(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return "load " + string(bytes.TrimSpace(b))
}
