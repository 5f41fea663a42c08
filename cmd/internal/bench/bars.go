package main

import (
	"fmt"
	"math"
	"strings"
)

// The bars. They are promises, not results: no run changes them.
const (
	barZeroOverFio      = 0.97 // of fio's best write
	barRandomOverFio    = 0.90 // of fio's best write
	barVerifyOverFio    = 0.90 // of fio's best read
	barRandomOverNwipe  = 1.00 // of nwipe's fastest generator
	barRandomMoreCPU    = 0.08 // CPU seconds per GiB above the zero pass
	barManyOverFio      = 0.90 // of fio with a job a drive, all drives together
	barFairShare        = 0.80 // of the mean rate, the slowest drive
	barWholeOverNwipe   = 0.68 // of nwipe's time, the drive being the limit
	barSampledOverNwipe = 0.40
	barMemoryBase       = 64.0 // MiB
	barMemoryDrive      = 16.0 // MiB a drive
)

// The ways a bar may end.
const (
	pass       = "PASS"
	short      = "FALLS SHORT"
	unmeasured = "NOT MEASURED"
)

// bar is one promise and what became of it.
type bar struct {
	Name      string    `json:"name"`
	AtLeast   bool      `json:"at_least"` // else at most
	Threshold float64   `json:"threshold"`
	Median    float64   `json:"median"`
	Bound     float64   `json:"bound"` // the 95 % bound of the median on the bad side; what passes or not
	Result    string    `json:"result"`
	Pairs     []float64 `json:"pairs"`
}

// judge holds the bound of the median, not the median, against the threshold.
func judge(name string, atLeast bool, threshold float64, pairs []float64) bar {
	b := bar{Name: name, AtLeast: atLeast, Threshold: threshold, Pairs: pairs, Result: unmeasured}
	if len(pairs) == 0 {
		return b
	}
	b.Median = median(pairs)
	ok := false
	if atLeast {
		b.Bound = lower(pairs)
		ok = b.Bound >= threshold
	} else {
		b.Bound = upper(pairs)
		ok = b.Bound <= threshold
	}
	b.Result = short
	if ok {
		b.Result = pass
	}
	if math.IsInf(b.Bound, 0) { // too few rounds for a bound, and JSON has no infinity
		b.Bound, b.Result = b.Median, unmeasured
	}
	return b
}

func (b bar) String() string {
	sign, side := "≥", "lower"
	if !b.AtLeast {
		sign, side = "≤", "upper"
	}
	if len(b.Pairs) == 0 {
		return fmt.Sprintf("%-12s %s %s %.2f", b.Result, b.Name, sign, b.Threshold)
	}
	return fmt.Sprintf("%-12s %s %s %.2f: median %.3f, %s 95 %% bound %.3f (%d pairs)",
		b.Result, b.Name, sign, b.Threshold, b.Median, side, b.Bound, len(b.Pairs))
}

// bars judges all promises from the rows.
func bars(rows []row) []bar {
	find := func(tool, job string, many, limited bool) []sample {
		for _, r := range rows {
			if strings.HasPrefix(r.Tool, tool) && r.Job == job && (r.Devices > 1) == many && r.Limited == limited {
				return r.Rounds
			}
		}
		return nil
	}
	rates := func(tool, job string, many bool) []float64 { return column(find(tool, job, many, false), gbps) }
	one := func(job, than string) []float64 {
		return each(rates("lethe", job, false), rates("fio", than, false), ratio)
	}
	out := []bar{
		judge("zero pass / fio's best write", true, barZeroOverFio, one(jobZero, jobWrite)),
		judge("random pass / fio's best write", true, barRandomOverFio, one(jobRandom, jobWrite)),
		judge("full verification / fio's best read", true, barVerifyOverFio, one(jobVerify, jobRead)),
	}
	for _, t := range nwipesIn(rows) {
		out = append(out, judge("random pass / "+t+"'s fastest generator", true, barRandomOverNwipe,
			each(rates("lethe", jobRandom, false), rates(t, jobRandom, false), ratio)))
	}
	out = append(out, judge("CPU seconds per GiB, random − zero pass", false, barRandomMoreCPU,
		each(column(find("lethe", jobRandom, false, false), cpu), column(find("lethe", jobZero, false, false), cpu), difference)))
	out = append(out, judge("8 drives: random passes / fio with 8 jobs", true, barManyOverFio,
		each(rates("lethe", jobRandom, true), rates("fio", jobWrite, true), ratio)))
	out = append(out, judge("8 drives: slowest drive / fair share", true, barFairShare, slowest(find("lethe", jobRandom, true, false))))
	for _, t := range nwipesIn(rows) {
		theirs := column(find(t, jobWhole, false, true), seconds)
		out = append(out,
			judge("limited drive: whole job / "+t+"'s", false, barWholeOverNwipe, each(column(find("lethe", jobWhole, false, true), seconds), theirs, ratio)),
			judge("limited drive: job with sampled verification / "+t+"'s", false, barSampledOverNwipe, each(column(find("lethe", jobSampled, false, true), seconds), theirs, ratio)))
	}
	return append(out, memoryBar(rows))
}

func nwipesIn(rows []row) (out []string) {
	for _, r := range rows {
		if strings.HasPrefix(r.Tool, "nwipe ") && r.Job == jobRandom && r.Devices == 1 {
			out = append(out, r.Tool)
		}
	}
	return out
}

func slowest(rounds []sample) (out []float64) {
	for _, s := range rounds {
		least := math.Inf(1)
		for _, x := range s.Shares {
			least = min(least, x)
		}
		out = append(out, least)
	}
	return out
}

// memoryBar takes the worst round: a peak has no median.
func memoryBar(rows []row) bar {
	b := bar{Name: "peak memory of all processes, MiB", Result: unmeasured}
	for _, r := range rows {
		if r.Job != jobWhole || r.Devices <= 8 {
			continue
		}
		b.Name = fmt.Sprintf("%d drives: peak memory of all processes, MiB", r.Devices)
		b.Threshold = barMemoryBase + barMemoryDrive*float64(r.Devices)
		b.Pairs = column(r.Rounds, func(s sample) float64 { return s.Peak })
		b.Median = median(b.Pairs)
		for _, p := range b.Pairs {
			b.Bound = max(b.Bound, p)
		}
		b.Result = short
		if b.Bound <= b.Threshold {
			b.Result = pass
		}
	}
	return b
}
