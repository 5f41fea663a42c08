package wipe_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// All threads of a worker stay on the processors that it is given, its supervisor does
// not, and those that this machine does not have hold up nobody.
//
// mutant: process_linux.go: _ = unix.SchedSetaffinity(0, &want) =>
// mutant: process_linux.go: if p.CPUs != nil { => if false {
func TestWorkersStayNear(t *testing.T) {
	var ours unix.CPUSet
	if err := unix.SchedGetaffinity(0, &ours); err != nil {
		t.Fatal(err)
	}
	last := 0
	for c := range 8192 {
		if c < len(ours)*64 && ours.IsSet(c) {
			last = c
		}
	}
	for _, c := range []struct {
		cpus []int
		want string // "" is all of ours
	}{{[]int{last, 1000}, strconv.Itoa(last)}, {[]int{1000}, ""}, {nil, ""}} {
		files, _ := rack(t, 1, 8<<20)
		w := workers(20 * time.Millisecond)
		w.CPUs = func(s wipe.Spec) []int {
			if s.Node != files[0] {
				t.Errorf("asked for %s", s.Node)
			}
			return c.cpus
		}
		var seen pids
		var lists []string
		e := &wipe.Engine{Spawn: &watched{w, seen.note}, Journal: &wipetest.Journal{}, Clock: wipetest.NewClock(),
			Observe: func(string, wipe.Progress) {
				if pid := seen.of(files[0]); pid > 0 {
					lists = append(lists, affinities(pid)...)
				}
			}}
		f := wipetest.Erase(t, context.Background(), e, wipetest.Plan(t, wipetest.Clear(t), candidates(files)...))[0]
		certified(t, f, files[0])
		want := c.want
		if want == "" {
			want = affinities(os.Getpid())[0]
		}
		for _, got := range lists {
			if got != want {
				t.Errorf("given %d: a thread runs on %s, want %s", c.cpus, got, want)
			}
		}
		if len(lists) == 0 {
			t.Error("no thread was seen")
		}
	}
	for _, list := range affinities(os.Getpid()) {
		if ours.Count() > 1 && list == strconv.Itoa(last) {
			t.Error("the supervisor was bound, too")
		}
	}
}

// affinities are the processors that each thread of a process may run on.
func affinities(pid int) (out []string) {
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	for _, f := range tasks {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
				out = append(out, strings.TrimSpace(list))
			}
		}
	}
	return out
}
