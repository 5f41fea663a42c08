package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// report prints the results and counts them.
type report struct {
	out     io.Writer
	quiet   bool // say nothing of what is good
	good    int
	count   map[status]int
	results []result
}

func (r *report) add(res result) {
	if r.count == nil {
		r.count = map[status]int{}
	}
	r.results = append(r.results, res)
	r.count[res.Status]++
	if res.Status == caught {
		r.good++
		if r.quiet {
			return
		}
	}
	fmt.Fprintf(r.out, "%-8s %5.1fs %s\n", res.Status, float64(res.Millis)/1000, res.mutant)
	if res.Status != caught && res.Detail != "" {
		fmt.Fprintln(r.out, "         "+strings.ReplaceAll(res.Detail, "\n", "\n         "))
	}
}

func (r *report) summary(all int, took time.Duration) {
	if r.quiet {
		fmt.Fprintf(r.out, "mutants: %d can be applied, %d stale, %d broken\n", r.good, r.count[stale], r.count[broken])
		return
	}
	fmt.Fprintf(r.out, "mutants: %d caught, %d survived, %d stale, %d broken\n",
		r.good, r.count[survived], r.count[stale], r.count[broken])
	if n := all - len(r.results); n > 0 {
		fmt.Fprintf(r.out, "mutants: %d not run\n", n)
	}
	fmt.Fprintf(r.out, "mutants: %s, %s of processor time, %s\n", took.Round(time.Second), worked(), machine())
}

// worked is the processor time of all that was built and run: on a busy machine it
// says more than the time that has passed.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Round(time.Second)
}

// machine says where a time was taken.
func machine() string {
	model, kernel := runtime.GOARCH, "Linux"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(k) == "model name" {
				model = strings.TrimSpace(v)
				break
			}
		}
	}
	var u syscall.Utsname
	if err := syscall.Uname(&u); err == nil {
		var release []byte
		for _, c := range u.Release {
			if c == 0 {
				break
			}
			release = append(release, byte(c))
		}
		kernel += " " + string(release)
	}
	return fmt.Sprintf("%d x %s, %s, %s", runtime.NumCPU(), model, kernel, runtime.Version())
}
