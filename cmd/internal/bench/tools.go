package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// dd moves every disk once, one process a disk.
func dd(ctx context.Context, write bool, disks []disk) (sample, error) {
	var cmds []*exec.Cmd
	for _, d := range disks {
		args := []string{"bs=1M", "if=" + d.node, "of=/dev/null", "iflag=direct"}
		if write {
			args = []string{"bs=1M", "if=/dev/zero", "of=" + d.node, "oflag=direct", "conv=fdatasync", fmt.Sprintf("count=%d", d.size/mib)}
		}
		cmds = append(cmds, exec.CommandContext(ctx, "dd", args...))
	}
	u, err := measure(ctx, sampleEvery, cmds, nil)
	if err != nil {
		return sample{}, err
	}
	longest := 0.0
	for _, out := range u.out {
		s, err := parseDD(out)
		if err != nil {
			return sample{}, err
		}
		longest = max(longest, s)
	}
	return newSample(u, total(disks), time.Duration(longest*1e9)), nil
}

var ddTook = regexp.MustCompile(`copied, ([0-9.e+-]+) s`)

// parseDD finds the seconds that dd says it took.
func parseDD(out string) (float64, error) {
	m := ddTook.FindStringSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("dd says no time: %q", out)
	}
	return strconv.ParseFloat(m[1], 64)
}

// shred makes one random traversal, one process a disk.
func shred(ctx context.Context, disks []disk) (sample, error) {
	var cmds []*exec.Cmd
	for _, d := range disks {
		cmds = append(cmds, exec.CommandContext(ctx, "shred", "-n1", d.node))
	}
	u, err := measure(ctx, sampleEvery, cmds, nil)
	if err != nil {
		return sample{}, err
	}
	return newSample(u, total(disks), u.wall), nil
}

// lethePass runs the driver, one process a disk, all begun at one word.
func lethePass(ctx context.Context, job, key string, disks []disk) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	var cmds []*exec.Cmd
	var ins []io.WriteCloser
	var outs []*bufio.Reader
	for _, d := range disks {
		c := exec.CommandContext(ctx, self, "pass", job, key, d.node)
		in, err := c.StdinPipe()
		if err != nil {
			return sample{}, err
		}
		r, w, err := os.Pipe()
		if err != nil {
			return sample{}, err
		}
		defer r.Close()
		defer w.Close()
		c.Stdout = w
		cmds, ins, outs = append(cmds, c), append(ins, in), append(outs, bufio.NewReader(r))
	}
	u, err := measure(ctx, sampleEvery, cmds, func() error {
		for _, c := range cmds {
			c.Stdout.(*os.File).Close() // ours; a child that dies ends its pipe
		}
		for _, r := range outs {
			if line, err := r.ReadString('\n'); err != nil || line != "ready\n" {
				return fmt.Errorf("driver did not get ready: %q, %v", line, err)
			}
		}
		for _, in := range ins {
			if _, err := io.WriteString(in, "go\n"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return sample{}, err
	}
	return sumPasses(u, outs)
}

// sumPasses adds up what the drivers said.
func sumPasses(u usage, outs []*bufio.Reader) (sample, error) {
	var all []passed
	for _, r := range outs {
		var p passed
		if err := json.NewDecoder(r).Decode(&p); err != nil {
			return sample{}, fmt.Errorf("read driver: %w", err)
		}
		all = append(all, p)
	}
	began, ended, bytes := all[0].Began, all[0].Ended, int64(0)
	for _, p := range all {
		began, ended, bytes = min(began, p.Began), max(ended, p.Ended), bytes+p.Bytes
	}
	s := newSample(u, bytes, time.Duration(ended-began))
	s.Shares = shares(all)
	return s, nil
}

// shares is each drive's rate over the mean of all, when there are several.
func shares(all []passed) (out []float64) {
	if len(all) < 2 {
		return nil
	}
	mean := 0.0
	for _, p := range all {
		out = append(out, float64(p.Bytes)/float64(p.Ended-p.Began))
		mean += out[len(out)-1] / float64(len(all))
	}
	for i := range out {
		out[i] /= mean
	}
	return out
}

// lethe is the product.
type lethe struct {
	path, dir string // binary; a folder with keys/ and papers/
}

// newLethe makes throwaway keys.
func newLethe(ctx context.Context, path, dir string) (lethe, error) {
	l := lethe{path, dir}
	out, err := exec.CommandContext(ctx, path, "key", "init", "--name", "Benchmark", "--dir", filepath.Join(dir, "keys")).CombinedOutput()
	if err != nil {
		return l, fmt.Errorf("lethe key init: %w: %s", err, out)
	}
	return l, nil
}

// canSample tells whether lethe erase knows sampled verification.
func (l lethe) canSample(ctx context.Context) bool {
	out, err := exec.CommandContext(ctx, l.path, "erase", "--help").CombinedOutput()
	return err == nil && regexp.MustCompile(`(?m)-verify\b`).Match(out)
}

// command is the whole job as a person would type it, with papers in a new folder.
func (l lethe) command(ctx context.Context, papers string, disks []disk, more ...string) *exec.Cmd {
	keys := filepath.Join(l.dir, "keys")
	args := []string{"erase", "--countdown", "0s", "--papers", papers,
		"--key", filepath.Join(keys, "agent-key.pem"), "--cert", filepath.Join(keys, "agent.pem")}
	for _, d := range disks {
		args = append(args, "--device", d.node, "--confirm", d.serial)
	}
	return exec.CommandContext(ctx, l.path, append(args, more...)...)
}

// whole erases the disks; the papers stay in the returned folder.
func (l lethe) whole(ctx context.Context, every time.Duration, disks []disk, more ...string) (sample, string, error) {
	papers := filepath.Join(l.dir, "papers-"+filepath.Base(disks[0].node))
	if err := os.RemoveAll(papers); err != nil {
		return sample{}, "", err
	}
	r0, w0 := traffic(disks)
	u, err := measure(ctx, every, []*exec.Cmd{l.command(ctx, papers, disks, more...)}, nil)
	if err != nil {
		return sample{}, "", err
	}
	if found, _ := filepath.Glob(filepath.Join(papers, "*.pdf")); len(found) < len(disks) {
		return sample{}, "", errors.New("lethe left fewer papers than drives")
	}
	s := newSample(u, total(disks), u.wall)
	r1, w1 := traffic(disks)
	s.Read, s.Written = r1-r0, w1-w0
	return s, papers, nil
}

func traffic(disks []disk) (read, written int64) {
	for _, d := range disks {
		r, w := d.traffic()
		read, written = read+r, written+w
	}
	return read, written
}
