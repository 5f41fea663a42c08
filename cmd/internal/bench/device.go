package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"lethe/inventory"
)

const (
	mib = 1 << 20
	gib = 1 << 30
)

// disk is a loop device over a file in memory that this run made.
type disk struct {
	node, image string
	size        int64
	serial      string // what lethe erase wants to hear
}

// makeDisks makes n loop devices with direct I/O over files whose pages exist. The
// returned function takes all of them away again.
func makeDisks(ctx context.Context, n int, size int64) (disks []disk, remove func(), err error) {
	dir, err := os.MkdirTemp("/dev/shm", "lethe-bench-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() {
		for _, d := range disks {
			if out, err := exec.Command("losetup", "-d", d.node).CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "detach %s: %v: %s", d.node, err, out)
			}
		}
		_ = os.RemoveAll(dir)
	}
	defer func() {
		if err != nil {
			remove()
		}
	}()
	for i := range n {
		d := disk{image: filepath.Join(dir, fmt.Sprintf("drive%d", i)), size: size}
		if err := allocate(ctx, d); err != nil {
			return disks, nil, err
		}
		out, err := exec.CommandContext(ctx, "losetup", "--find", "--show", "--direct-io=on", d.image).Output()
		if err != nil {
			return disks, nil, fmt.Errorf("attach loop device: %w", err)
		}
		d.node = strings.TrimSpace(string(out))
		disks = append(disks, d)
	}
	return disks, remove, name(ctx, disks)
}

// allocate writes the file, so that no tool pays for its pages.
func allocate(ctx context.Context, d disk) error {
	f, err := os.Create(d.image)
	if err != nil {
		return err
	}
	p := make([]byte, mib)
	for i := range p {
		p[i] = 0xA5
	}
	for left := d.size; left > 0 && err == nil; left -= int64(len(p)) {
		_, err = f.Write(p[:min(left, int64(len(p)))])
		err = errors.Join(err, ctx.Err())
	}
	return errors.Join(err, f.Close())
}

// name asks inventory what lethe calls the disks.
func name(ctx context.Context, disks []disk) error {
	found, err := inventory.Discover(ctx, inventory.WithLoop(true))
	for i := range disks {
		for _, f := range found {
			if f.NodePath == disks[i].node {
				disks[i].serial = f.Identity.Name()
			}
		}
		if disks[i].serial == "" {
			return fmt.Errorf("%s was not found: %w", disks[i].node, err)
		}
	}
	return nil
}

// base is the kernel's name, loop0.
func (d disk) base() string { return filepath.Base(d.node) }

// attribute reads one of the device's files in sysfs.
func (d disk) attribute(path string) string {
	b, err := os.ReadFile(filepath.Join("/sys/block", d.base(), path))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// traffic is how many bytes the device has read and written so far.
func (d disk) traffic() (read, written int64) {
	f := strings.Fields(d.attribute("stat"))
	if len(f) < 7 {
		return 0, 0
	}
	return sectors(f[2]), sectors(f[6])
}

func sectors(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n * 512
}
