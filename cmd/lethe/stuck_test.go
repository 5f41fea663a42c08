package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/check"
	"lethe/certs/record"
	"lethe/inventory/inventorytest"
)

// FIFREEZE and FITHAW of linux/fs.h: _IOWR('X', 119 and 120, int).
const (
	fiFreeze = 0xc0045877
	fiThaw   = 0xc0045878
)

// frozen is an ext4 file system on a loop device of its own. Whoever writes to it
// while it is frozen waits in the kernel, and no signal ends that.
func frozen(t *testing.T) (dir string, freeze, thaw func() error) {
	t.Helper()
	return frozenOf(t, 192<<20)
}

// frozenOf makes it of so many bytes.
func frozenOf(t *testing.T, size int64) (dir string, freeze, thaw func() error) {
	t.Helper()
	base := t.TempDir()
	img := filepath.Join(base, "fs.img")
	if err := errors.Join(os.WriteFile(img, nil, 0o600), os.Truncate(img, size)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", img).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	dir = filepath.Join(base, "fs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(inventorytest.Attach(t, img), dir, "ext4", 0, ""); err != nil {
		t.Fatal(err)
	}
	ask := func(req uint) func() error {
		return func() error {
			f, err := os.Open(dir)
			if err != nil {
				return err
			}
			return errors.Join(unix.IoctlSetInt(int(f.Fd()), req, 0), f.Close())
		}
	}
	t.Cleanup(func() {
		_ = ask(fiThaw)() // EINVAL where it is thawed
		until(20*time.Second, func() bool { return unix.Unmount(dir, 0) == nil })
	})
	return dir, ask(fiFreeze), ask(fiThaw)
}

// waitsInKernel reports whether any thread of a process is in uninterruptible sleep.
func waitsInKernel(pid string) bool {
	stats, _ := filepath.Glob("/proc/" + pid + "/task/*/stat")
	for _, f := range stats {
		b, err := os.ReadFile(f)
		if err == nil && bytes.HasPrefix(b[bytes.LastIndexByte(b, ')')+1:], []byte(" D")) {
			return true
		}
	}
	return false
}

// A worker that waits in the kernel (D state) and cannot be killed: its drive is
// named and given up with a notice, the other one has its certificate, the run its
// summary, and lethe ends with its status while the worker is still there.
//
// mutant: ../../wipe/stall.go: case <-time.After(e.grace()): => case <-make(chan int):
// mutant: ../../wipe/process_linux.go: relay{p.Stderr} => p.Stderr
// mutant: ../../wipe/engine.go: case err := <-stuck: => case err := <-make(chan error):
func TestStuckInTheKernel(t *testing.T) {
	dir, freeze, thaw := frozen(t)
	r := newRigIn(t, []string{"", dir}, 16<<20, 96<<20)
	r.fill(3)
	stuck := r.drives[1]
	cmd := r.erase()
	cmd.Args = append(cmd.Args, "--patience", "6s")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	k, pid := &kill{rig: r}, 0
	if !until(30*time.Second, func() bool {
		pid = k.workerOf(stuck, children(cmd.Process.Pid))
		return pid > 0 && k.linesOf(stuck) > 4
	}) {
		t.Fatalf("the drive was never begun\n%s", &out)
	}
	if err := freeze(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	select {
	case err := <-ended:
		if s := status(err); s != 4 {
			t.Errorf("exit status %d, want 4\n%s", s, &out)
		}
	case <-time.After(time.Minute):
		_ = thaw()
		<-ended
		t.Fatalf("lethe waits for a drive that does not answer\n%s", &out)
	}
	t.Logf("ended %s after the drive froze", time.Since(began).Round(time.Second))
	if !waitsInKernel(strconv.Itoa(pid)) {
		t.Error("the worker is not stuck in the kernel: the test shows nothing")
	}
	for _, want := range []string{strings.TrimPrefix(stuck.dev, "/dev/") + " gives no sign of life since", "cannot be killed", "is stuck in the kernel", "1 of 2 drives"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nobody says %q:\n%s", want, &out)
		}
	}
	papers, notices := 0, 0
	files, _ := filepath.Glob(filepath.Join(r.papers(), "*.pdf"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		p := check.Check(b, check.Options{Roots: r.roots})
		if papers++; !p.OK() {
			t.Errorf("%s is not authentic: %s", filepath.Base(f), p.Failed())
		}
		if p.Kind != record.KindNotice || p.Record == nil {
			continue
		}
		notices++
		v := p.Record.Verdict
		if why := strings.Join(v.Reasons, " "); v.State != record.Incomplete || !strings.Contains(why, "(stuck)") {
			t.Errorf("notice of %s: %s", v.State, why)
		}
	}
	if papers != 3 || notices != 1 {
		t.Errorf("%d papers, %d notices; want two and a summary, one notice", papers, notices)
	}
	if err := thaw(); err != nil {
		t.Fatal(err)
	}
	if !until(20*time.Second, func() bool { return exclusive(stuck.dev) == nil }) {
		t.Error("the worker does not end once the drive answers")
	}
}
