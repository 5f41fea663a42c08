package main

import "time"

// sampleEvery is how often memory is looked at.
const sampleEvery = 25 * time.Millisecond

// The jobs of the rows.
const (
	jobZero    = "write zeros"
	jobRandom  = "write random"
	jobWrite   = "write"
	jobFresh   = "write, refilled" // fio makes every buffer anew; for context only
	jobRead    = "read"
	jobVerify  = "verify random"
	jobWhole   = "whole job"
	jobSampled = "whole job, sampled verification"
)

// sample is what one round of one row gave.
type sample struct {
	GBps    float64   `json:"gb_per_s"`      // drive bytes per Seconds, all drives together
	Seconds float64   `json:"seconds"`       // the traversals alone
	Wall    float64   `json:"wall_s"`        // from the start of the process to its end
	CPU     float64   `json:"cpu_s_per_gib"` // of the processes and all they waited for, per GiB of the drives
	System  float64   `json:"system_cpu_s_per_gib"`
	Peak    float64   `json:"peak_rss_mib"`
	Shares  []float64 `json:"shares,omitempty"` // each drive's rate over the drives' mean
	Read    int64     `json:"bytes_read,omitempty"`
	Written int64     `json:"bytes_written,omitempty"`
}

func newSample(u usage, bytes int64, took time.Duration) sample {
	g := float64(bytes) / gib
	return sample{GBps: float64(bytes) / 1e9 / took.Seconds(), Seconds: took.Seconds(), Wall: u.wall.Seconds(),
		CPU: u.cpu.Seconds() / g, System: u.system.Seconds() / g, Peak: float64(u.peak) / mib}
}

// row is one line of the result: medians, and every round.
type row struct {
	Tool    string   `json:"tool"`
	Job     string   `json:"job"`
	Devices int      `json:"devices"`
	GBps    float64  `json:"gb_per_s"`
	Seconds float64  `json:"seconds"`
	Wall    float64  `json:"wall_s"`
	CPU     float64  `json:"cpu_s_per_gib"`
	System  float64  `json:"system_cpu_s_per_gib"`
	Peak    float64  `json:"peak_rss_mib"`
	Limited bool     `json:"device_limited,omitempty"` // the drive is throttled
	How     string   `json:"how"`
	Rounds  []sample `json:"rounds"`
}

// settle fills in the medians.
func (r *row) settle() {
	of := func(f func(sample) float64) float64 { return median(column(r.Rounds, f)) }
	r.GBps, r.Seconds, r.Wall = of(gbps), of(seconds), of(func(s sample) float64 { return s.Wall })
	r.CPU, r.System = of(cpu), of(func(s sample) float64 { return s.System })
	r.Peak = of(func(s sample) float64 { return s.Peak })
}

func gbps(s sample) float64    { return s.GBps }
func seconds(s sample) float64 { return s.Seconds }
func cpu(s sample) float64     { return s.CPU }

func column(all []sample, f func(sample) float64) []float64 {
	out := make([]float64, len(all))
	for i, s := range all {
		out[i] = f(s)
	}
	return out
}

func total(disks []disk) (sum int64) {
	for _, d := range disks {
		sum += d.size
	}
	return sum
}
