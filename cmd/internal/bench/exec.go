package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// usage is what one run of one or several processes took.
type usage struct {
	wall   time.Duration
	cpu    time.Duration // user and system, of the processes and all they waited for
	system time.Duration // busy time of all CPUs meanwhile, loop threads and strangers included
	peak   int64         // bytes, see memory
	out    []string      // what each said, both streams
}

// measure runs the commands side by side and returns when all have ended. at is
// called when all have been started.
func measure(ctx context.Context, every time.Duration, cmds []*exec.Cmd, at func() error) (usage, error) {
	var u usage
	outs := make([]bytes.Buffer, len(cmds))
	busy := busyTime()
	began := time.Now()
	for i, c := range cmds {
		if c.Stdout == nil {
			c.Stdout = &outs[i]
		}
		c.Stderr = &outs[i]
		if err := c.Start(); err != nil {
			return u, err
		}
	}
	watch := watchMemory(every, cmds)
	errs := make([]error, len(cmds)+1)
	if at != nil {
		errs[len(cmds)] = at()
	}
	var all sync.WaitGroup
	for i, c := range cmds {
		all.Go(func() { errs[i] = c.Wait() })
	}
	all.Wait()
	u.wall = time.Since(began)
	u.system = busyTime() - busy
	u.peak = watch()
	for i, c := range cmds {
		u.out = append(u.out, outs[i].String())
		u.cpu += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		if errs[i] != nil {
			return u, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args[:min(2, len(c.Args))], " "), errs[i], tail(outs[i].String(), 4<<10))
		}
	}
	if ctx.Err() != nil {
		return u, ctx.Err()
	}
	return u, errs[len(cmds)]
}

// tail is the end of what a tool said.
func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// busyTime adds up /proc/stat's user, nice, system, irq and softirq of all CPUs.
func busyTime() time.Duration {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	return parseStat(b)
}

// parseStat reads the first line of /proc/stat, in ticks of 10 ms.
func parseStat(b []byte) time.Duration {
	var user, nice, system, idle, iowait, irq, softirq int64
	if _, err := fmt.Sscanf(string(b), "cpu %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &iowait, &irq, &softirq); err != nil {
		return 0
	}
	return time.Duration(user+nice+system+irq+softirq) * 10 * time.Millisecond
}
