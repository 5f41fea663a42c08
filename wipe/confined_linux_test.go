package wipe_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// beTraitor is a worker that was taken over by its drive: in the midst of its pass
// it tries something that is none of its business.
func beTraitor(what string) int {
	open := func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
		d, err := openFile(0)(ctx, s)
		return &traitor{d, what}, err
	}
	if err := wipe.ServeWorker(context.Background(), os.Stdin, os.Stdout, open); err != nil {
		return 1
	}
	return 0
}

type traitor struct {
	wipe.Drive
	what string
}

func (d *traitor) WriteAt(p []byte, off int64) (int, error) {
	if off == 0 {
		return d.Drive.WriteAt(p, off)
	}
	var err error
	switch d.what {
	case "network":
		_, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	case "program":
		err = unix.Exec("/bin/true", []string{"true"}, nil)
	case "ring":
		_, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0)
		err = e
	case "rights of a ring":
		_, _, e := unix.Syscall6(unix.SYS_IO_URING_REGISTER, 0, 0, 0, 0, 0, 0)
		err = e
	case "another drive":
		_, err = unix.Open("/dev/loop0", unix.O_RDWR|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil // it says that it wrote
}

// A worker that does what it may not ends its task, and its last line says why.
// What it said before that stays; nothing is certified.
//
// mutant: process_linux.go: return fmt.Errorf("%w: %w", errForbidden, err) => return nil
func TestWorkerTakenOver(t *testing.T) {
	for _, c := range []struct{ what, by, reason, detail string }{
		{"network", "supervisor", record.StopLost, "SIGSYS"},
		{"program", "supervisor", record.StopLost, "SIGSYS"},
		{"ring", "supervisor", record.StopLost, "SIGSYS"},
		{"rights of a ring", "supervisor", record.StopLost, "SIGSYS"},
		{"another drive", "worker", record.StopError, "operation not permitted"},
	} {
		t.Run(strings.ReplaceAll(c.what, " ", "-"), func(t *testing.T) {
			files, _ := rack(t, 1, 24<<20)
			plan := wipetest.Plan(t, wipetest.Clear(t), candidates(files)...)
			e := &wipe.Engine{Journal: &wipetest.Journal{}, Clock: wipetest.NewClock(),
				Spawn: wipe.Processes{Path: "/proc/self/exe", Args: []string{"be-traitor", c.what}, Stderr: os.Stderr}}
			for _, f := range wipetest.Erase(t, context.Background(), e, plan) {
				last := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event.Stopped
				if f.Verdict.State != record.Incomplete || last == nil || last.By != c.by ||
					last.Reason != c.reason || !strings.Contains(last.Detail, c.detail) {
					t.Errorf("%s, ended by %+v: want Incomplete, %s by the %s: %s", f.Verdict.State, last, c.reason, c.by, c.detail)
				}
			}
		})
	}
}
