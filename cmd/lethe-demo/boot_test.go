package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/cmd/internal/cli"
	"lethe/image/boottest"
)

// mutant: boot.go: errors.Is(err, boottest.ErrRealDisk) => errors.Is(err, flag.ErrHelp)
func TestBootRefuses(t *testing.T) {
	work := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want int
	}{
		"a device of the host": {[]string{"/dev/null"}, cli.ExitRefused},
		"unknown artefact":     {[]string{"--artefact", "tape"}, cli.ExitUsage},
		"unknown firmware":     {[]string{"--firmware", "coreboot"}, cli.ExitUsage},
		"unknown bus":          {[]string{"--bus", "floppy", os.Args[0]}, cli.ExitUsage},
		"no such flag":         {[]string{"--disks", "x"}, cli.ExitUsage},
		"no image":             {[]string{"--artefact", "usb"}, cli.ExitInternal},
	} {
		if got := run(append([]string{"boot", "--work", work, "--image", work}, c.args...)); got != c.want {
			t.Errorf("%s: exit status %d, want %d", name, got, c.want)
		}
	}
}

func TestBootConfig(t *testing.T) {
	dir := t.TempDir()
	a := filepath.Join(dir, "a.img")
	if err := os.WriteFile(a, make([]byte, 512), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bootFlags
	fs, err := b.parse([]string{"--image", dir, "--work", dir, "--artefact", "cd", "--firmware", "secureboot",
		"--chipset", "q35", "--bus", "nvme", "--vars", "v", a})
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.config(fs.Args())
	want := boottest.Config{Firmware: boottest.SecureBoot, Vars: "v", Network: true, MemoryMiB: 1024,
		Boot:   boottest.Boot{From: boottest.CD, Path: filepath.Join(dir, "lethe.iso")},
		Drives: []boottest.Drive{{Bus: boottest.NVMe, Path: a, Serial: "A-0"}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
