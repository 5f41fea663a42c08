package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// anySeed is LETHE_SEED where a run is to be repeated, else new each time.
func anySeed(t *testing.T) uint64 {
	t.Helper()
	s := os.Getenv("LETHE_SEED")
	if s == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("LETHE_SEED: %v", err)
	}
	return seed
}

// tally is what the kills came to.
type tally struct{ supervisor, worker, late, torn, survived, recovered, sealed int }

// SIGKILL of the supervisor or of a worker at random points of an erase: what was
// kept stays, what was not gets its notice, and nothing is certified that is not
// erased. Then the drives are erased after all.
//
// mutant: recover.go: if !ok || strings.HasSuffix(f.Name(), issuedSuffix) { => if ok || strings.HasSuffix(f.Name(), issuedSuffix) {
func TestKills(t *testing.T) {
	seed := anySeed(t)
	t.Logf("LETHE_SEED=%d, %d kills", seed, kills)
	r := newRig(t, 32<<20, 40<<20)
	rng := rand.New(rand.NewPCG(seed, 1))
	lines := calibrate(r)
	var sum tally
	start := time.Now()
	for i := 0; sum.supervisor+sum.worker < kills && !t.Failed(); i++ {
		k := kill{rig: r, rng: rng, worker: rng.IntN(2) == 1, victim: r.drives[rng.IntN(2)], lines: 1 + rng.IntN(lines)}
		k.wait = time.Duration(rng.IntN(2000)) * time.Microsecond
		if rng.IntN(6) == 0 { // often when the paper is being made, which takes no line
			k.lines, k.wait = lines, k.wait*30
		}
		r.fill(seed + uint64(i))
		k.round(&sum, rng.IntN(2) == 0)
		if t.Failed() {
			t.Logf("round %d: %s", i, k)
		}
		if n := sum.supervisor + sum.worker; n > 0 && n%25 == 0 {
			t.Logf("%d kills after %s: %+v", n, time.Since(start).Round(time.Second), sum)
		}
		if sum.late > 3*kills {
			t.Fatalf("too many kills come too late: %+v", sum)
		}
	}
	t.Logf("%+v in %s; an erase has %d lines", sum, time.Since(start).Round(time.Second), lines)
}

// Ctrl-C at random points, while papers are made too: every drive has its paper and
// the run its summary.
func TestInterrupts(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d interrupts", seed, interrupts)
	r := newRig(t, 16<<20, 32<<20)
	rng := rand.New(rand.NewPCG(seed, 1))
	lines := calibrate(r)
	stopped := 0
	for i := range interrupts {
		k := kill{rig: r, rng: rng, victim: r.drives[i%2], lines: 1 + rng.IntN(lines), wait: time.Duration(rng.IntN(20)) * time.Millisecond}
		r.fill(seed + uint64(i))
		cmd := r.erase()
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		until(30*time.Second, func() bool { return k.linesOf(k.victim) >= k.lines })
		time.Sleep(k.wait)
		for range 3 { // an impatient person
			_ = cmd.Process.Signal(os.Interrupt)
		}
		s := status(cmd.Wait())
		if s != 130 && s != 0 {
			t.Errorf("exit status %d\n%s", s, &out)
		}
		if s == 130 {
			stopped++
		}
		papers := r.audit(nil)
		if len(papers) != len(r.drives)+1 || len(r.journals()) != 0 {
			t.Errorf("%d papers, %d journals without one\n%s", len(papers), len(r.journals()), &out)
		}
	}
	t.Logf("%d of %d were stopped", stopped, interrupts)
}

// calibrate erases once and returns how many lines a drive's transcript has.
func calibrate(r *rig) int {
	r.t.Helper()
	r.fill(0)
	r.must(r.erase())
	n := 0
	for _, p := range r.audit(nil) {
		if p.report.Record != nil {
			n = max(n, int(p.report.Record.Transcript.Lines))
		}
	}
	return n
}

// kill is one of them.
type kill struct {
	*rig
	rng    *rand.Rand
	worker bool
	victim *rigDrive
	lines  int // of the victim's journal, then wait
	wait   time.Duration
	tore   bool
}

func (k kill) String() string {
	return fmt.Sprintf("worker %v of %s at line %d and %s, journal torn %v", k.worker, k.victim.dev, k.lines, k.wait, k.tore)
}

func (k *kill) round(sum *tally, byErase bool) {
	t := k.t
	t.Helper()
	cmd := k.erase()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	workers, hit := k.strike(cmd, ended)
	var err error
	select {
	case err = <-ended:
	case <-time.After(60 * time.Second):
		t.Fatalf("lethe does not end")
	}
	if !until(5*time.Second, func() bool { return !anyAlive(workers) }) {
		t.Errorf("a worker outlives its supervisor")
	}
	switch {
	case !hit:
		sum.late++
	case k.worker:
		sum.worker++
		if s := status(err); s != 0 && s != 4 {
			t.Errorf("a killed worker: exit status %d\n%s", s, &out)
		}
	default:
		sum.supervisor++
		if k.rng.IntN(3) == 0 {
			sum.torn += k.tear()
		}
	}
	k.aftermath(sum, hit && !k.worker, byErase)
}

// strike waits for the victim's line and kills. It returns the workers there were
// and whether the process to kill was alive.
func (k *kill) strike(cmd *exec.Cmd, ended chan error) (workers []int, hit bool) {
	reached := until(30*time.Second, func() bool {
		select {
		case err := <-ended:
			ended <- err
			return true
		default:
			return k.linesOf(k.victim) >= k.lines
		}
	})
	if !reached {
		k.t.Errorf("line %d never came", k.lines)
	}
	workers = children(cmd.Process.Pid)
	time.Sleep(k.wait)
	pid := cmd.Process.Pid
	if k.worker {
		if pid = k.workerOf(k.victim, workers); pid == 0 {
			return workers, false
		}
	}
	return workers, syscall.Kill(pid, syscall.SIGKILL) == nil
}

// tear cuts journals as a power cut may: inside their last line.
func (k *kill) tear() (n int) {
	for task, b := range k.journals() {
		b = bytes.TrimSuffix(b, []byte("\n"))
		from := bytes.LastIndexByte(b, '\n') + 1
		if from == 0 || from == len(b) {
			continue // the first line: there would be no task
		}
		k.tore = true
		n++
		cut := from + 1 + k.rng.IntN(len(b)-from)
		if err := os.Truncate(filepath.Join(journalDir(k.papers()), task+journalSuffix), int64(cut)); err != nil {
			k.t.Fatal(err)
		}
	}
	return n
}

// aftermath audits, recovers, audits, erases, audits.
func (k *kill) aftermath(sum *tally, supervisor, byErase bool) {
	t := k.t
	t.Helper()
	before := k.audit(nil)
	orphans := k.journals()
	if !supervisor && len(orphans) > 0 {
		t.Errorf("%d journals without papers, though the supervisor lived", len(orphans))
	}
	for _, p := range before {
		if p.report.Kind == "certificate" {
			sum.survived++
		}
	}
	said := ""
	if !byErase {
		said = k.must(k.recover("--conclude"))
	} else {
		said = k.must(k.erase("--no-resume")) // recovers first
	}
	recovered := map[string]paper{}
	for task, b := range orphans {
		file := filepath.Join(k.papers(), task+".pdf")
		p, err := os.ReadFile(file)
		switch begun := bytes.IndexByte(b, '\n') >= 0; {
		case begun && err != nil:
			t.Errorf("%s was begun and has no paper: %s", task, said)
		case !begun && err == nil:
			t.Errorf("%s was not begun and has a paper", task)
		case begun:
			recovered[file] = paper{bytes: p}
			sum.recovered++
			if k.tore && !strings.Contains(said, "line of the journal was torn") {
				t.Errorf("nobody tells that the journal was torn: %s", said)
			}
		}
	}
	if byErase { // the drives have new bytes: what recovered papers say of the old ones is past
		for f, p := range before {
			recovered[f] = p
		}
		k.erasedNow(recovered)
		return
	}
	after := k.audit(before)
	for f := range recovered {
		if r := after[f].report; r.Kind == "certificate" {
			sum.sealed++
		}
	}
	if k.rng.IntN(4) == 0 { // the other way, by erase alone, is half of the rounds
		k.must(k.erase("--no-resume"))
		k.erasedNow(after)
	}
}

// erasedNow audits the folder after a whole erase: a certificate for each drive
// beyond those known, and all of them kept.
func (k *kill) erasedNow(known map[string]paper) {
	k.t.Helper()
	n := 0
	for f, p := range k.audit(known) {
		if _, old := known[f]; !old && p.report.Kind == "certificate" {
			n++
		}
	}
	if n != len(k.drives) {
		k.t.Errorf("%d drives certified after the second erase, want %d", n, len(k.drives))
	}
}

// linesOf counts the lines of the drive's journal, with a paper or without.
func (k *kill) linesOf(d *rigDrive) int {
	files, _ := filepath.Glob(filepath.Join(journalDir(k.papers()), "*"+journalSuffix))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && bytes.Contains(b, []byte(d.name)) {
			return bytes.Count(b, []byte("\n"))
		}
	}
	return 0
}

// workerOf is the worker that has the drive open, 0 where none has.
func (k *kill) workerOf(d *rigDrive, workers []int) int {
	for _, pid := range workers {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range fds {
			if to, err := os.Readlink(fd); err == nil && to == d.dev {
				return pid
			}
		}
	}
	return 0
}

// children are the processes whose parent is pid.
func children(pid int) (out []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			if n, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

func anyAlive(pids []int) bool {
	for _, p := range pids {
		if syscall.Kill(p, 0) == nil {
			return true
		}
	}
	return false
}
