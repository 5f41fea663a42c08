package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle/durable"
)

// ordered is the command that erases under a new order for all drives.
func (r *rig) ordered(name string) func(more ...string) *exec.Cmd {
	r.t.Helper()
	args := []string{"order", "new", "--machine-serial", testMachine.Serial, "--contract", "C-7", "--out", r.dir + "/o.json"}
	for _, d := range r.drives {
		args = append(args, "--drive", d.name)
	}
	r.must(r.command(args...))
	r.must(r.command("order", "sign", "--key", r.dir+"/keys/approver-key.pem", "--cert", r.dir+"/keys/approver.pem",
		"--out", filepath.Join(r.dir, name), r.dir+"/o.json"))
	return func(more ...string) *exec.Cmd {
		// This very binary is lethe on a machine that has a serial number: TestMain.
		return exec.Command("/proc/self/exe", append(r.signed("erase", "--countdown", "0s",
			"--order", filepath.Join(r.dir, name), "--trust", r.dir+"/keys/root.pem"), more...)...)
	}
}

func (d *rigDrive) content(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(d.img)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// An order that is carried out again in the same folder does what is not done, and
// nothing to what is. A drive that has its certificate keeps every byte.
//
// mutant: ../../wipe/plan.go: if isDone(p.done, c.Device.Identity.Same) { => if false {
// mutant: ../internal/replay/replay.go: if r.Outcome() != check.Erased || => if r.Outcome() == check.Refused ||
// mutant: ../internal/replay/replay.go: || r.Record.Order.Digest != ref.Digest { => || r.Record.Order.Digest == "" {
// mutant: recover_replay.go: o.Reached()+len(done), p.Wanted()) => o.Reached(), p.Wanted())
func TestReplay(t *testing.T) {
	r := newRig(t, 8<<20, 384<<20)
	r.fill(7)
	small, big := r.drives[0], r.drives[1]
	erase := r.ordered("order.dsse")
	first := erase()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	// The big drive's worker is held still, or a quick machine ends both at once.
	k, held := &kill{rig: r}, 0
	if !until(60*time.Second, func() bool {
		held = k.workerOf(big, children(first.Process.Pid))
		return held > 0 && k.linesOf(big) > 3 && syscall.Kill(held, syscall.SIGSTOP) == nil
	}) {
		t.Error("the big drive was never begun")
	}
	if !until(60*time.Second, func() bool { f, _ := filepath.Glob(filepath.Join(r.papers(), "*.pdf")); return len(f) > 0 }) {
		t.Error("the small drive's paper never came")
	}
	if err := errors.Join(first.Process.Kill(), syscall.Kill(held, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	if !until(10*time.Second, func() bool { return exclusive(big.dev) == nil }) || k.linesOf(big) == 0 {
		t.Fatal("the big drive was not begun, or is not let go of")
	}
	kept, was := r.audit(nil), small.content(t)

	said := r.must(erase("--no-resume"))
	for _, want := range []string{"already has certificate LTH-", "under order ORD-", "recovered", "found after a restart", "2 of 2 drives sanitised: 1 now, 1 before under this order (LTH-"} {
		if !strings.Contains(said, want) {
			t.Errorf("the second run does not say %q:\n%s", want, said)
		}
	}
	if !bytes.Equal(small.content(t), was) {
		t.Error("a drive that had its certificate was erased again")
	}
	all := r.audit(withNotices(kept, r, big))
	if n := certificates(all); n != 2 {
		t.Fatalf("%d certificates after the second run, want 2:\n%s", n, said)
	}

	was2 := big.content(t)
	if said := r.must(erase()); !strings.Contains(said, "is carried out: all 2 drives have their certificates") {
		t.Errorf("the third run says:\n%s", said)
	}
	out, err := erase("--json").Output()
	var v struct{ Status, Wanted, Reached int }
	if err != nil || json.Unmarshal(out, &v) != nil || v.Status != 0 || v.Wanted != 2 || v.Reached != 2 {
		t.Errorf("--json: %v\n%s", err, out)
	}
	if again := r.audit(all); len(again) != len(all) || !bytes.Equal(small.content(t), was) || !bytes.Equal(big.content(t), was2) {
		t.Errorf("the third run did something: %d papers, were %d", len(again), len(all))
	}
	// Another order is another matter.
	r.must(r.ordered("another.dsse")())
	if bytes.Equal(small.content(t), was) || bytes.Equal(big.content(t), was2) {
		t.Error("a new order erased nothing")
	}
}

// withNotices is the papers known, with those of a drive that was erased anew: its notice
// speaks of bytes that are no more.
func withNotices(known map[string]paper, r *rig, d *rigDrive) map[string]paper {
	files, _ := filepath.Glob(filepath.Join(r.papers(), "*.pdf"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && known[f].bytes == nil && !bytes.Contains(b, []byte("Certificate LTH-")) {
			known[f] = paper{bytes: b}
		}
	}
	return known
}

func certificates(ps map[string]paper) (n int) {
	for _, p := range ps {
		if p.report.Kind == "certificate" {
			n++
		}
	}
	return n
}

// Two lethes do not share a folder: the second one says so and touches nothing.
func TestPapersInUse(t *testing.T) {
	r := newRig(t, 1<<20)
	r.fill(8)
	if err := os.MkdirAll(journalDir(r.papers()), 0o750); err != nil {
		t.Fatal(err)
	}
	lock, err := durable.Lock(r.papers())
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []*exec.Cmd{r.erase(), r.recover()} {
		out, err := cmd.CombinedOutput()
		if status(err) != 3 || !strings.Contains(string(out), "is in use by another lethe") || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("%s: status %d: %s", cmd.Args[1], status(err), out)
		}
	}
	if !bytes.Equal(r.drives[0].content(t), r.drives[0].old) {
		t.Error("the drive was touched")
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	r.must(r.erase())
}

// The disk of the papers fills while a drive is erased: the erase ends, says why, and
// the notice comes as soon as there is room.
func TestPapersFillUp(t *testing.T) {
	r := newRig(t, 256<<20)
	r.fill(9)
	if err := os.Mkdir(r.papers(), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("lethe-papers", r.papers(), "tmpfs", 0, "size=8m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(r.papers(), unix.MNT_DETACH) })
	cmd := r.erase()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k := &kill{rig: r}
	if !until(60*time.Second, func() bool { return k.linesOf(r.drives[0]) > 5 }) {
		t.Error("nothing was written")
	}
	filler := filepath.Join(r.papers(), "filler")
	if err := os.WriteFile(filler, make([]byte, 16<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the disk does not fill: %v", err)
	}
	if s := status(cmd.Wait()); s != 5 || !strings.Contains(out.String(), "no space left on device") {
		t.Errorf("status %d:\n%s", s, &out)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if said := r.must(r.recover("--conclude")); !strings.Contains(said, "INCOMPLETE") {
		t.Errorf("recover says:\n%s", said)
	}
	if ps := r.audit(nil); len(ps) != 1 || certificates(ps) != 0 {
		t.Errorf("%d papers, %d certificates; want one notice", len(ps), certificates(ps))
	}
}
