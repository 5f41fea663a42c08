package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"lethe/wipe/pattern"
)

// ceiling is what a pass of fresh bytes could reach on this machine's cores if it did
// nothing but make every byte once and have the kernel copy it once. It is for context:
// no bar is judged by it.
type ceiling struct {
	Cores   int     `json:"cores"`
	Copy    float64 `json:"copy_gb_per_s"`   // all cores, fio's best way with a job a drive: one hot buffer each
	Zeros   float64 `json:"zeros_gb_per_s"`  // our zero pass on the same drives: our way without the arithmetic
	Kernel  float64 `json:"kernel_gb_per_s"` // one core makes the stream in its cache
	Limit   float64 `json:"limit_gb_per_s"`  // random: cores / (cores/copy + 1/kernel)
	OverFio float64 `json:"limit_over_fio"`
}

// findCeiling takes the rates of copying from the rows of several drives; nil without them.
func findCeiling(rows []row) *ceiling {
	c := ceiling{Cores: runtime.NumCPU(), Kernel: kernelRate()}
	for _, r := range rows {
		switch {
		case r.Devices < 2 || r.Devices > 8 || r.Limited:
		case r.Tool == "fio" && r.Job == jobWrite:
			c.Copy = r.GBps
		case r.Tool == "lethe" && r.Job == jobZero:
			c.Zeros = r.GBps
		}
	}
	if c.Copy == 0 {
		return nil
	}
	n := float64(c.Cores)
	c.Limit = n / (n/c.Copy + 1/c.Kernel)
	c.OverFio = c.Limit / c.Copy
	return &c
}

// kernelRate is the best of several short runs in GB/s: others only slow it down.
func kernelRate() (best float64) {
	s, err := pattern.New(pattern.Spec{Kind: pattern.AES128CTR, Key: make([]byte, pattern.KeySize)})
	if err != nil {
		return 0
	}
	p := make([]byte, 256<<10)
	for range 20 {
		began, n := time.Now(), 0
		for time.Since(began) < 5*time.Millisecond {
			s.Fill(p, int64(n))
			n += len(p)
		}
		best = max(best, float64(n)/1e9/time.Since(began).Seconds())
	}
	return best
}

// markdown says it in a sentence.
func (c *ceiling) markdown() string {
	if c == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nCeiling of random on several drives, for context: fio sends one hot buffer a drive again and again (%.1f GB/s on %d cores), "+
		"a stream has to be made first (%.1f GB/s a core in cache, %s): %.1f GB/s, %.2f of fio, if nothing else cost anything. "+
		"Our zero pass, which makes nothing, reaches %.1f GB/s.\n", c.Copy, c.Cores, c.Kernel, pattern.Kernel(), c.Limit, c.OverFio, c.Zeros)
	return b.String()
}
