//go:build long

package boottest_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lethe/image"
	"lethe/image/boottest"
	"lethe/image/kernel"
)

// The bars, from the kernel's first line on, as a median.
const (
	agentBar = 10.0 // seconds until the agent runs
	driveBar = 15.0 // seconds until the last drive of five buses is seen
)

// TestBootTime boots the artefact as it is shipped, with drives on five buses and
// a network, BOOT_ROUNDS times (5), and prints the figures:
//
//	go test -tags long -run TestBootTime -v ./image/boottest
//
// The times are the guest's own: its clock starts with the kernel's first line.
// Without acceleration they mean something on an idle machine only; the line on
// the machine says how idle it was.
func TestBootTime(t *testing.T) {
	rounds := 5
	if s := os.Getenv("BOOT_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("BOOT_ROUNDS=%q is no number of rounds", s)
		}
		rounds = n
	}
	t.Log(machineLine())
	lethe := shippedLethe(t)
	for _, b := range []struct {
		profile, series string
		memory          int
		size            int64 // bar in bytes, 0 none
	}{
		{"vm", kernel.DefaultSeries, 512, 20e6},
		{"full", kernel.DefaultSeries, 1024, 40e6},
		{"full", "6.12", 1024, 40e6},
	} {
		t.Run(b.profile+"-"+b.series, func(t *testing.T) {
			dir, m := shipped(t, lethe, b.profile, b.series)
			t.Logf("kernel + initramfs %.1f MB, boots in %d MiB", float64(m.Size())/1e6, b.memory)
			if b.size > 0 && m.Size() > b.size {
				t.Errorf("kernel and initramfs are %d bytes, the bar is %d", m.Size(), b.size)
			}
			var agent, drives []float64
			for i := range rounds {
				a, d := bootOnce(t, dir, b.memory)
				t.Logf("round %d: agent %.1f s, drives %.1f s", i+1, a, d)
				agent, drives = append(agent, a), append(drives, d)
			}
			ma, md := median(agent), median(drives)
			t.Logf("median of %d: agent running %.1f s (bar %.0f), all drives of five buses seen %.1f s (bar %.0f)",
				rounds, ma, agentBar, md, driveBar)
			if ma > agentBar || md > driveBar {
				t.Errorf("slower than the bar; is this machine idle? %s", machineLine())
			}
		})
	}
}

func machineLine() string {
	cpu, load := "", ""
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(b), "model name")
		cpu, _, _ = strings.Cut(strings.TrimLeft(rest, "\t :"), "\n")
	}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Fields(string(b))[0]
	}
	q, _ := exec.Command("qemu-system-x86_64", "--version").Output()
	version, _, _ := strings.Cut(string(q), "\n")
	return fmt.Sprintf("machine: %d x %s, load %s, %s, TCG", runtime.NumCPU(), cpu, load, version)
}

// shippedLethe builds the binary as the Makefile does.
func shippedLethe(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "lethe")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", bin, "lethe/cmd/lethe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build lethe: %v\n%s", err, out)
	}
	return bin
}

func shipped(t *testing.T, lethe, profile, series string) (string, image.Manifest) {
	t.Helper()
	p, err := image.ProfileByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := kernel.LockFile(series)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m, err := image.Build(t.Context(), image.Options{Profile: p, Lethe: lethe, Version: "time",
		Lock: filepath.Join("../kernel", lock), URoot: "../uroot", Cache: "../../out/cache", Out: dir})
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// bootOnce returns when the agent ran and when the last drive was seen, in
// seconds after the kernel's first line.
func bootOnce(t *testing.T, dir string, memory int) (agent, drives float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := boottest.Config{Kernel: filepath.Join(dir, image.KernelFile), Initrd: filepath.Join(dir, image.InitrdFile),
		Append: "lethe.list lethe.plain", Network: true, MemoryMiB: memory}
	for i, b := range []boottest.Bus{boottest.SATA, boottest.NVMe, boottest.Virtio, boottest.SCSI, boottest.USB,
		boottest.UAS, boottest.SATA, boottest.SCSI} {
		c.Drives = append(c.Drives, boottest.Drive{Bus: b, Path: blank(t, fmt.Sprint("drive", i)), Serial: fmt.Sprint("TIME-", i)})
	}
	vm, err := boottest.Start(ctx, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Close()
	agent = seconds(t, expect(t, ctx, vm, `agent running (\S+) s after the kernel's first line`)[1])
	m := expect(t, ctx, vm, `(\d+) drives, the last seen (\S+) s after the kernel's first line`)
	if n, _ := strconv.Atoi(m[1]); n != len(c.Drives) {
		t.Errorf("%s drives seen, %d are plugged in", m[1], len(c.Drives))
	}
	return agent, seconds(t, m[2])
}

func seconds(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func median(v []float64) float64 {
	s := slices.SortedFunc(slices.Values(v), cmp.Compare)
	return s[len(s)/2]
}
