package main

import (
	"context"
	"fmt"
	"time"
)

// contender is one row and how to make a round of it.
type contender struct {
	tool, job, how string
	run            func(ctx context.Context) (sample, error)
}

// interleave runs all contenders in turn, round after round; each round begins with
// another, so that none always follows the same. It prints every figure as it comes.
func interleave(ctx context.Context, rounds, devices int, all []contender) ([]row, error) {
	rows := make([]row, len(all))
	for i, c := range all {
		rows[i] = row{Tool: c.tool, Job: c.job, Devices: devices, How: c.how, Rounds: make([]sample, rounds)}
	}
	for r := range rounds {
		began := time.Now()
		for k := range all {
			i := (k + r) % len(all)
			s, err := all[i].run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", all[i].tool, all[i].job, err)
			}
			rows[i].Rounds[r] = s
		}
		fmt.Printf("round %d of %d, %d drives, %.1f s:", r+1, rounds, devices, time.Since(began).Seconds())
		for i := range rows {
			fmt.Printf(" %s/%s %.2f;", rows[i].Tool, rows[i].Job, rows[i].Rounds[r].GBps)
		}
		fmt.Println()
	}
	for i := range rows {
		rows[i].settle()
	}
	return rows, nil
}

// speed measures one or several drives that nothing limits but the machine.
func (b *bench) speed(ctx context.Context, devices int, size, slowSize int64) error {
	disks, remove, err := makeDisks(ctx, devices, size)
	if err != nil {
		return err
	}
	defer remove()
	fmt.Printf("%d × %d MiB: %s\n", devices, size/mib, state(disks[0]))
	if devices == 1 {
		if err := prove(ctx, b.lethe, disks); err != nil {
			return fmt.Errorf("prove: %w", err)
		}
		fmt.Println("proved: openssl and cmp read what lethe says it wrote, and see one wrong byte")
	}
	write, err := bestFio(ctx, "write", disks, b.finalists, b.again)
	if err != nil {
		return err
	}
	read, err := bestFio(ctx, "read", disks, b.finalists, b.again)
	if err != nil {
		return err
	}
	fmt.Printf("best fio of %d: write %s; read %s\n", len(fioShapes(devices)), write, read)
	// A nwipe without O_DIRECT is slow: it gets smaller drives, its rate is the same.
	small, removeSmall, err := makeDisks(ctx, devices, slowSize)
	if err != nil {
		return err
	}
	defer removeSmall()
	if devices == 1 {
		for i := range b.nwipes {
			on := small
			if b.nwipes[i].direct {
				on = disks
			}
			if err := b.nwipes[i].best(ctx, b.work, on); err != nil {
				return err
			}
		}
	}
	rows, err := interleave(ctx, b.rounds, devices, b.contenders(write, read, disks, small))
	b.Rows = append(b.Rows, rows...)
	return err
}

// contenders are the rows of a phase. The drives always hold the stream of the last
// key when verify begins: the write before it in the same row.
func (b *bench) contenders(write, read fioShape, disks, small []disk) []contender {
	all := []contender{
		{"fio", jobWrite, write.String() + " direct=1", func(ctx context.Context) (sample, error) { return runFio(ctx, write, "write", disks) }},
		{"lethe", jobZero, "overwrite.Run, default options, O_DIRECT", func(ctx context.Context) (sample, error) { return lethePass(ctx, jobZero, "", disks) }},
		{"lethe", jobRandom, "overwrite.Run, default options, O_DIRECT, flush counted", func(ctx context.Context) (sample, error) {
			return lethePass(ctx, jobRandom, newKey(), disks)
		}},
		{"fio", jobRead, read.String() + " direct=1", func(ctx context.Context) (sample, error) { return runFio(ctx, read, "read", disks) }},
		{"lethe", jobVerify, "verify.Full, default options, O_DIRECT", func(ctx context.Context) (sample, error) {
			key := newKey()
			if _, err := lethePass(ctx, jobRandom, key, disks); err != nil {
				return sample{}, err
			}
			return lethePass(ctx, jobVerify, key, disks)
		}},
		{"fio", jobFresh, write.String() + " direct=1 refill_buffers; for context", func(ctx context.Context) (sample, error) {
			return runFio(ctx, write, "write", disks, "--refill_buffers")
		}},
		{"dd", jobZero, "bs=1M oflag=direct conv=fdatasync", func(ctx context.Context) (sample, error) { return dd(ctx, true, disks) }},
		{"dd", jobRead, "bs=1M iflag=direct", func(ctx context.Context) (sample, error) { return dd(ctx, false, disks) }},
		{"shred", jobRandom, "-n1; page cache, it has no O_DIRECT", func(ctx context.Context) (sample, error) { return shred(ctx, disks) }},
		{"lethe", jobWhole, "lethe erase: random, flush, full verification, certificate", func(ctx context.Context) (sample, error) {
			s, _, err := b.lethe.whole(ctx, sampleEvery, disks)
			return s, err
		}},
	}
	for _, n := range b.nwipes {
		how, on := fmt.Sprintf("--prng=%s; page cache, it has no O_DIRECT; drives of %d MiB", n.fastest, small[0].size/mib), small
		if n.direct {
			how, on = "--prng="+n.fastest+" --directio", disks
		}
		all = append(all, contender{n.tool(), jobRandom, how + " --noblank --verify=off", func(ctx context.Context) (sample, error) {
			return n.run(ctx, n.fastest, false, b.work, on)
		}})
		if !n.direct && len(disks) > 1 {
			continue // minutes a round, for what one drive shows already
		}
		all = append(all, contender{n.tool(), jobWhole, how + ": random, zeros, zeros verified", func(ctx context.Context) (sample, error) {
			return n.run(ctx, n.fastest, true, b.work, on)
		}})
	}
	return all
}

// state is what matters of a loop device for all tools alike.
func state(d disk) string {
	return fmt.Sprintf("loop over tmpfs, loop direct I/O %s, scheduler %s, requests of %s KiB, write cache %q",
		d.attribute("loop/dio"), d.attribute("queue/scheduler"), d.attribute("queue/max_sectors_kb"), d.attribute("queue/write_cache"))
}
