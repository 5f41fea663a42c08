package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"time"
)

// fioShape is one way to run fio.
type fioShape struct {
	Engine string `json:"engine"`
	Block  int    `json:"block_kib"`
	Depth  int    `json:"iodepth"`
	Jobs   int    `json:"numjobs"` // per device
}

func (s fioShape) String() string {
	return fmt.Sprintf("%s bs=%dk iodepth=%d numjobs=%d", s.Engine, s.Block, s.Depth, s.Jobs)
}

// fioShapes are what the warm-up tries. A queue is its own parallelism: only psync gets
// several jobs a drive.
func fioShapes(devices int) (out []fioShape) {
	for _, bs := range []int{256, 512, 1024, 4096} {
		out = append(out, fioShape{"psync", bs, 1, 1})
		if devices == 1 {
			out = append(out, fioShape{"psync", bs, 1, 2})
		}
		for _, e := range []string{"libaio", "io_uring"} {
			out = append(out, fioShape{e, bs, 4, 1}, fioShape{e, bs, 16, 1})
		}
	}
	return out
}

// fioCommand traverses every disk once. fio's clock calls and scrambling of buffers,
// which would slow it, are off.
func fioCommand(ctx context.Context, s fioShape, rw string, disks []disk, more ...string) *exec.Cmd {
	args := []string{"--output-format=json", "--group_reporting", "--direct=1", "--gtod_reduce=1", "--scramble_buffers=0",
		"--thread", "--rw=" + rw, "--ioengine=" + s.Engine, fmt.Sprintf("--bs=%dk", s.Block),
		"--iodepth=" + strconv.Itoa(s.Depth), "--numjobs=" + strconv.Itoa(s.Jobs)}
	args = append(args, more...)
	for i, d := range disks {
		part := strconv.FormatInt(d.size/int64(s.Jobs), 10)
		args = append(args, "--name=drive"+strconv.Itoa(i), "--filename="+d.node, "--size="+part, "--offset_increment="+part)
	}
	return exec.CommandContext(ctx, "fio", args...)
}

// parseFio finds bytes per second of all jobs together in fio's JSON.
func parseFio(out []byte, rw string) (float64, error) {
	type way struct {
		BW    float64 `json:"bw_bytes"`
		Bytes int64   `json:"io_bytes"`
	}
	var r struct {
		Jobs []struct {
			Error       int
			Read, Write way
		}
	}
	// fio may put notes before the object.
	if i := slices.Index(out, '{'); i >= 0 {
		out = out[i:]
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return 0, fmt.Errorf("parse fio's result: %w", err)
	}
	sum := 0.0
	for _, j := range r.Jobs {
		w := j.Write
		if rw == "read" {
			w = j.Read
		}
		if j.Error != 0 || w.Bytes == 0 {
			return 0, fmt.Errorf("fio failed with error %d after %d bytes", j.Error, w.Bytes)
		}
		sum += w.BW
	}
	if sum == 0 {
		return 0, fmt.Errorf("fio reports no throughput")
	}
	return sum, nil
}

// runFio makes one traversal of all disks.
func runFio(ctx context.Context, s fioShape, rw string, disks []disk, more ...string) (sample, error) {
	u, err := measure(ctx, sampleEvery, []*exec.Cmd{fioCommand(ctx, s, rw, disks, more...)}, nil)
	if err != nil {
		return sample{}, err
	}
	bps, err := parseFio([]byte(u.out[0]), rw)
	if err != nil {
		return sample{}, fmt.Errorf("%w\n%s", err, u.out[0])
	}
	bytes := total(disks)
	return newSample(u, bytes, time.Duration(float64(bytes)/bps*1e9)), nil
}

// bestFio tries every shape, then the best ones again and again, and returns the one
// with the best median: what was lucky once is not the best.
func bestFio(ctx context.Context, rw string, disks []disk, finalists, again int) (fioShape, error) {
	type tried struct {
		fioShape
		rates []float64
	}
	var all []tried
	for _, s := range fioShapes(len(disks)) {
		r, err := runFio(ctx, s, rw, disks)
		if err != nil {
			return s, fmt.Errorf("%s: %w", s, err)
		}
		all = append(all, tried{s, []float64{r.GBps}})
	}
	better := func(a, b tried) int {
		switch x, y := median(a.rates), median(b.rates); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	}
	slices.SortFunc(all, better)
	all = all[:min(finalists, len(all))]
	for range again {
		for i := range all {
			r, err := runFio(ctx, all[i].fioShape, rw, disks)
			if err != nil {
				return all[i].fioShape, err
			}
			all[i].rates = append(all[i].rates, r.GBps)
		}
	}
	slices.SortFunc(all, better)
	return all[0].fioShape, nil
}
