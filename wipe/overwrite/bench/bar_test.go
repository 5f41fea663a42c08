package bench

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/wipe/overwrite"
	"lethe/wipe/overwrite/overwritetest"
	"lethe/wipe/verify"

	"golang.org/x/sys/unix"
)

var (
	rounds = flag.Int("rounds", 5, "interleaved rounds of BarShred")
	size   = flag.Int64("size", 2*gib, "bytes of the loop device of BarShred")
)

// round is the wall time of one round's parts.
type round struct{ shred, cmp, write, verify time.Duration }

func (r round) theirs() time.Duration { return r.shred + r.cmp }
func (r round) ours() time.Duration   { return r.write + r.verify }

// BenchmarkBarShred is the bar: a random pass and its full verification take
// less wall time than shred -n1 and reading back with cmp, on the same loop
// device with direct I/O over tmpfs, in turn. It fails when the median of the
// ratios is below 1.
func BenchmarkBarShred(b *testing.B) {
	dev, backing := overwritetest.Loop(b, "/dev/shm", *size, 512)
	fmt.Printf("machine: %s\nseed: a fresh getrandom(2) key each round\n", machine())
	tool(b, "shred", "-n1", dev) // tmpfs allocates its pages
	for b.Loop() {
		var all []round
		for i := range *rounds {
			r := measure(b, dev, backing)
			all = append(all, r)
			fmt.Printf("round %d: shred %.3f + cmp %.3f = %.3f s; lethe write %.3f (%.2f GB/s) + verify %.3f (%.2f GB/s) = %.3f s; ratio %.2f\n",
				i+1, r.shred.Seconds(), r.cmp.Seconds(), r.theirs().Seconds(),
				r.write.Seconds(), rate(r.write), r.verify.Seconds(), rate(r.verify), r.ours().Seconds(), ratio(r))
		}
		report(b, all)
	}
}

func measure(b *testing.B, dev, backing string) round {
	r := round{shred: tool(b, "shred", "-n1", dev), cmp: tool(b, "cmp", dev, backing)}
	d := overwritetest.OpenBlock(b, dev)
	defer d.Close()
	s := keyed(b)
	began := time.Now()
	pass(b, d, s, overwrite.Options{})
	r.write = time.Since(began)
	began = time.Now()
	check(b, d, s, verify.Options{})
	r.verify = time.Since(began)
	return r
}

// tool runs a command and returns its wall time.
func tool(b *testing.B, name string, args ...string) time.Duration {
	b.Helper()
	began := time.Now()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
	return time.Since(began)
}

func report(b *testing.B, all []round) {
	ratios := make([]float64, 0, len(all))
	alone := make([]float64, 0, len(all))
	for _, r := range all {
		ratios = append(ratios, ratio(r))
		alone = append(alone, r.shred.Seconds()/r.ours().Seconds())
	}
	slices.Sort(ratios)
	slices.Sort(alone)
	median := ratios[len(ratios)/2]
	fmt.Printf("BarShred: %d bytes, %d rounds: shred+cmp takes %.2f × as long (median; least %.2f); shred alone %.2f ×\n",
		*size, len(all), median, ratios[0], alone[len(alone)/2])
	b.ReportMetric(median, "ratio")
	if median <= 1 {
		b.Errorf("median ratio %.2f; want more than 1", median)
	}
}

func ratio(r round) float64 { return r.theirs().Seconds() / r.ours().Seconds() }

func rate(d time.Duration) float64 { return float64(*size) / 1e9 / d.Seconds() }

// machine names what the figures were measured on.
func machine() string {
	var u unix.Utsname
	_ = unix.Uname(&u)
	model := "unknown CPU"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			model = strings.TrimSpace(v)
			break
		}
	}
	return fmt.Sprintf("%d × %s, Linux %s, %s", runtime.NumCPU(), model,
		unix.ByteSliceToString(u.Release[:]), runtime.Version())
}
