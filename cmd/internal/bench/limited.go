package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// throttle makes the kernel limit a drive's reads and writes, each to rate bytes per
// second, for whoever is in our own control group (version 1's blkio), O_DIRECT or not.
func throttle(d disk, rate int64) error {
	dir, err := blkio()
	if err != nil {
		return err
	}
	for _, what := range []string{"read", "write"} {
		f := filepath.Join(dir, "blkio.throttle."+what+"_bps_device")
		if err := os.WriteFile(f, fmt.Appendf(nil, "%s %d", d.attribute("dev"), rate), 0); err != nil {
			return fmt.Errorf("limit %s: %w", d.node, err)
		}
	}
	return nil
}

var errNoBlkio = errors.New("no control group of version 1 with blkio: the drive cannot be limited")

// blkio is our group's folder.
func blkio() (string, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.SplitN(strings.TrimSpace(line), ":", 3); len(f) == 3 && f[1] == "blkio" {
			return filepath.Join("/sys/fs/cgroup/blkio", f[2]), nil
		}
	}
	return "", errNoBlkio
}

// limited measures whole jobs where the drive is the limit. All contenders run at the
// same time, each on a drive of its own with the same limit: the machine is the same
// for all, and its cores have little to do.
func (b *bench) limited(ctx context.Context, size, rate int64) error {
	all := b.limitedContenders(ctx)
	disks, remove, err := makeDisks(ctx, len(all), size)
	if err != nil {
		return err
	}
	defer remove()
	for _, d := range disks {
		if err := throttle(d, rate); errors.Is(err, errNoBlkio) {
			fmt.Println(err)
			return nil
		} else if err != nil {
			return err
		}
		defer throttle(d, 0)
	}
	fmt.Printf("whole jobs on drives of %d MiB limited to %d MB/s, all at once\n", size/mib, rate/1e6)
	rows := make([]row, len(all))
	for i, c := range all {
		rows[i] = row{Tool: c.tool, Job: c.job, Devices: 1, How: c.how, Limited: true, Rounds: make([]sample, b.rounds)}
	}
	for r := range b.rounds {
		began := time.Now()
		errs := make([]error, len(all))
		var side sync.WaitGroup
		for i, c := range all {
			side.Go(func() {
				rows[i].Rounds[r], errs[i] = c.run(ctx, disks[i:i+1])
			})
		}
		side.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		fmt.Printf("round %d of %d, limited, %.1f s:", r+1, b.rounds, time.Since(began).Seconds())
		for i := range rows {
			s := rows[i].Rounds[r]
			fmt.Printf(" %s/%s %.2f s (%.2f × written, %.2f × read);", rows[i].Tool, rows[i].Job, s.Seconds,
				float64(s.Written)/float64(size), float64(s.Read)/float64(size))
		}
		fmt.Println()
	}
	for i := range rows {
		rows[i].settle()
	}
	b.Rows = append(b.Rows, rows...)
	return nil
}

// limitedContender is one whole job.
type limitedContender struct {
	tool, job, how string
	run            func(ctx context.Context, d []disk) (sample, error)
}

func (b *bench) limitedContenders(ctx context.Context) []limitedContender {
	all := []limitedContender{{"lethe", jobWhole, "lethe erase: random, flush, full verification, certificate",
		func(ctx context.Context, d []disk) (sample, error) {
			s, _, err := b.lethe.whole(ctx, sampleEvery, d)
			return s, err
		}}}
	if b.lethe.canSample(ctx) {
		all = append(all, limitedContender{"lethe", jobSampled, "lethe erase " + strings.Join(sampledFlags, " "),
			func(ctx context.Context, d []disk) (sample, error) {
				s, _, err := b.lethe.whole(ctx, sampleEvery, d, sampledFlags...)
				return s, err
			}})
	}
	for _, n := range b.nwipes {
		all = append(all, limitedContender{n.tool(), jobWhole, "--prng=" + n.fastest + ": random, zeros, zeros verified",
			func(ctx context.Context, d []disk) (sample, error) { return n.run(ctx, n.fastest, true, b.work, d) }})
	}
	return all
}

// sampledFlags ask lethe erase for what 800-88r1 calls a representative sample.
var sampledFlags = []string{"--profile", "nist-800-88r1-sampled", "--verify", "sampled"}

// many measures the memory of the whole job on many small drives at once.
func (b *bench) many(ctx context.Context, devices int, size int64) error {
	disks, remove, err := makeDisks(ctx, devices, size)
	if err != nil {
		return err
	}
	defer remove()
	var rounds []sample
	for range b.memoryRounds {
		s, _, err := b.lethe.whole(ctx, 100*time.Millisecond, disks)
		if err != nil {
			return err
		}
		fmt.Printf("%d drives of %d MiB: peak %.0f MiB, %.1f s\n", devices, size/mib, s.Peak, s.Wall)
		rounds = append(rounds, s)
	}
	r := row{Tool: "lethe", Job: jobWhole, Devices: devices, How: "lethe erase; memory only, sum of PSS every 100 ms", Rounds: rounds}
	r.settle()
	b.Rows = append(b.Rows, r)
	return nil
}
