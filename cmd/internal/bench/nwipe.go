package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// nwipe is one binary of nwipe.
type nwipe struct {
	path, version string
	generators    []string // that it offers
	direct        bool     // it can be told to use O_DIRECT
	fastest       string   // generator, found in the warm-up
}

// fenced runs a command with a /dev that has these drives and no other: a wiper that
// was called wrongly finds nothing to wipe.
const fenced = `set -e
mount -t tmpfs -o mode=755 none /mnt
for n in null zero full random urandom tty $1; do cp -a "/dev/${n#/dev/}" /mnt/; done
mount --move /mnt /dev
shift
exec "$@"`

func (n nwipe) tool() string { return "nwipe " + n.version }

// command wipes the drives. With whole it is nwipe's default job (random, blanked with
// zeros, blanking verified), else one traversal. The start-up race of all generators
// (some 8 s) is spared it.
func (n nwipe) command(ctx context.Context, generator string, whole bool, reports string, disks []disk) *exec.Cmd {
	var nodes []string
	for _, d := range disks {
		nodes = append(nodes, d.node)
	}
	args := []string{"--mount", "--propagation", "private", "sh", "-c", fenced, "sh", strings.Join(nodes, " "),
		n.path, "--nogui", "--autonuke", "--nousb", "--method=prng", "--prng=" + generator}
	if !whole {
		args = append(args, "--noblank", "--verify=off")
	}
	if n.direct {
		args = append(args, "--directio", "--PDFreportpath="+reports)
	}
	return exec.CommandContext(ctx, "unshare", append(args, nodes...)...)
}

// findNwipe asks a binary what it can do.
func findNwipe(ctx context.Context, path string) (nwipe, error) {
	n := nwipe{path: path}
	// Some versions end these with an error; what they say is enough.
	v, _ := exec.CommandContext(ctx, path, "-V").CombinedOutput()
	help, _ := exec.CommandContext(ctx, path, "-h").CombinedOutput()
	n.version = parseVersion(string(v))
	n.generators, n.direct = parseHelp(string(help))
	if n.version == "" || len(n.generators) == 0 {
		return n, fmt.Errorf("%s is no nwipe that we know: %q", path, v)
	}
	return n, nil
}

var (
	colour      = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	versionWord = regexp.MustCompile(`version\s+v?([0-9]+\.[0-9]+[^\s]*)`)
)

// parseVersion finds 0.42 in "nwipe version 0.42".
func parseVersion(out string) string {
	if m := versionWord.FindStringSubmatch(colour.ReplaceAllString(out, "")); m != nil {
		return m[1]
	}
	return ""
}

// generatorNames are all that any version has; its help says which it takes.
var generatorNames = []string{"isaac64", "xoroshiro256_prng", "splitmix64", "aes_ctr_prng", "add_lagg_fibonacci_prng", "chacha20", "isaac", "mersenne"}

func parseHelp(help string) (generators []string, direct bool) {
	help = colour.ReplaceAllString(help, "")
	for _, g := range generatorNames {
		if regexp.MustCompile(`\b` + g + `\b`).MatchString(help) {
			generators = append(generators, g)
		}
	}
	return generators, strings.Contains(help, "--directio")
}

// failedWipe looks at what nwipe said: its exit status is not enough.
func failedWipe(log string) error {
	log = colour.ReplaceAllString(log, "")
	if !strings.Contains(log, "| Erased |") || strings.Contains(log, "FAILED") || strings.Contains(log, "-FAILED-") {
		return fmt.Errorf("nwipe did not erase:\n%s", log)
	}
	return nil
}

// run wipes and takes the time at the drives: from the first transfer to the last.
// nwipe looks once a second whether it is through, and waits at its end; that is not
// held against it.
func (n nwipe) run(ctx context.Context, generator string, whole bool, reports string, disks []disk) (sample, error) {
	w := watchTraffic(disks, !whole)
	began := time.Now()
	u, err := measure(ctx, sampleEvery, []*exec.Cmd{n.command(ctx, generator, whole, reports, disks)}, nil)
	first, last, read, written := w()
	if err == nil {
		err = failedWipe(u.out[0])
	}
	if err != nil {
		return sample{}, err
	}
	s := newSample(u, total(disks), last.Sub(first))
	if whole {
		s.Seconds = last.Sub(began).Seconds()
	}
	s.Read, s.Written = read, written
	return s, nil
}

// best finds the fastest generator: the better of two traversals each, one where that
// is slow.
func (n *nwipe) best(ctx context.Context, reports string, disks []disk) error {
	best := 0.0
	for _, g := range n.generators {
		rate := 0.0
		for try := 0; try < 2 && (try == 0 || rate > 0.2); try++ {
			s, err := n.run(ctx, g, false, reports, disks)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err == nil {
				rate = max(rate, s.GBps)
			}
		}
		if rate == 0 {
			fmt.Printf("  %s %s: not usable here\n", n.tool(), g)
			continue
		}
		fmt.Printf("  %s %s: %.2f GB/s\n", n.tool(), g, rate)
		if rate > best {
			best, n.fastest = rate, g
		}
	}
	if n.fastest == "" {
		return fmt.Errorf("%s: no generator works", n.tool())
	}
	return nil
}

// watchTraffic looks at the drives' counters every few milliseconds. The returned
// function ends it: when the first and the last transfers ended (of writes alone, where
// those are what counts), and how many bytes.
func watchTraffic(disks []disk, writes bool) func() (first, last time.Time, read, written int64) {
	count := func() int64 {
		r, w := traffic(disks)
		if writes {
			return w
		}
		return r + w
	}
	var first, last time.Time
	r0, w0 := traffic(disks)
	begin := count()
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		t := time.NewTicker(4 * time.Millisecond)
		defer t.Stop()
		for seen := begin; ; {
			n := count()
			// probing a drive moves a few KiB: that is no traversal
			if n-begin > mib && n-seen > 64<<10 {
				last = time.Now()
				if first.IsZero() {
					first = last
				}
			}
			if n-seen > 64<<10 {
				seen = n
			}
			select {
			case <-quit:
				return
			case <-t.C:
			}
		}
	})
	return func() (time.Time, time.Time, int64, int64) {
		close(quit)
		done.Wait()
		r, w := traffic(disks)
		return first, last, r - r0, w - w0
	}
}
