package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watchMemory samples the memory of processes and their descendants: the sum of
// their proportional set sizes, so that what they share counts once; for a process
// that is alone the peak that the kernel keeps (VmHWM), which no sample can miss. The
// returned function ends it and gives the peak in bytes.
func watchMemory(every time.Duration, cmds []*exec.Cmd) func() int64 {
	var peak int64
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			var sum int64
			processes := 0
			for _, c := range cmds {
				mem, n := tree(c.Process.Pid)
				sum, processes = sum+mem, processes+n
			}
			if processes == 1 && len(cmds) == 1 {
				b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmds[0].Process.Pid))
				sum = max(sum, parseKB(b, "VmHWM:"))
			}
			peak = max(peak, sum)
			select {
			case <-quit:
				return
			case <-t.C:
			}
		}
	})
	return func() int64 {
		close(quit)
		done.Wait()
		return peak
	}
}

// tree is the memory of a process and of what it started, and how many they are; 0 for
// one that is gone.
func tree(pid int) (sum int64, processes int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0
	}
	sum, processes = parseKB(b, "Pss:"), 1
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range threads {
		kids, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, t.Name()))
		for _, k := range bytes.Fields(kids) {
			if child, err := strconv.Atoi(string(k)); err == nil {
				mem, n := tree(child)
				sum, processes = sum+mem, processes+n
			}
		}
	}
	return sum, processes
}

// parseKB finds "name N kB" in a file of /proc, in bytes.
func parseKB(b []byte, name string) int64 {
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}
