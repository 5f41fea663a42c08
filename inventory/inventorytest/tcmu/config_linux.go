package tcmu

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	configfs = "/sys/kernel/config"
	tree     = configfs + "/target"
)

// patience is how long the kernel has for one step.
const patience = 30 * time.Second

// backend makes the user-space backend and returns its device file and the length of its
// shared memory.
func (d Disk) backend(ctx context.Context) (dev string, size int, err error) {
	if _, err := os.Stat(tree); err != nil {
		if err := unix.Mount("none", configfs, "configfs", 0, ""); err != nil && err != unix.EBUSY {
			return "", 0, fmt.Errorf("mount configfs: %w", err)
		}
	}
	core := filepath.Join(tree, "core", "user_0", d.Name)
	if err := os.MkdirAll(core, 0o755); err != nil {
		return "", 0, fmt.Errorf("make backend: %w", err)
	}
	// Nobody listens for netlink messages; and the kernel must not lose patience with a
	// command that takes hours.
	set := fmt.Sprintf("dev_config=lethe/%s,dev_size=%d,hw_block_size=512,nl_reply_supported=-1", d.Name, d.Size)
	for _, w := range [][2]string{{"control", set}, {"enable", "1"}, {"attrib/cmd_time_out", "0"}} {
		if err := write(filepath.Join(core, w[0]), w[1]); err != nil {
			return "", 0, err
		}
	}
	uio, err := until(ctx, func() string { return d.uio() })
	if err != nil {
		return "", 0, fmt.Errorf("find the backend of %s: %w", d.Name, err)
	}
	b, err := os.ReadFile(filepath.Join("/sys/class/uio", uio, "maps/map0/size"))
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 0, 64)
	return "/dev/" + uio, int(n), err
}

// uio is the backend's device by its name, "" where it is not there.
func (d Disk) uio() string {
	all, _ := filepath.Glob("/sys/class/uio/uio*/name")
	for _, p := range all {
		if b, err := os.ReadFile(p); err == nil && strings.Contains(string(b)+"/", "/"+d.Name+"/") {
			return filepath.Base(filepath.Dir(p))
		}
	}
	return ""
}

// show puts the backend behind a port of the loopback fabric and returns the name of the
// disk that appears.
func (d Disk) show(ctx context.Context) (string, error) {
	port := fmt.Sprintf("naa.%016x", d.NAA)
	tpg := filepath.Join(tree, "loopback", port, "tpgt_1")
	if err := os.MkdirAll(tpg, 0o755); err != nil {
		return "", fmt.Errorf("make port: %w", err)
	}
	if err := write(filepath.Join(tpg, "nexus"), fmt.Sprintf("naa.%016x", d.NAA^1<<40)); err != nil {
		return "", err
	}
	lun := filepath.Join(tpg, "lun", "lun_0")
	if err := os.MkdirAll(lun, 0o755); err != nil {
		return "", fmt.Errorf("make logical unit: %w", err)
	}
	if err := os.Symlink(filepath.Join(tree, "core", "user_0", d.Name), filepath.Join(lun, "link")); err != nil {
		return "", fmt.Errorf("show drive: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(tpg, "address"))
	if err != nil {
		return "", err
	}
	at := strings.TrimSpace(string(b)) // host:channel:target
	name, err := until(ctx, func() string {
		if all, _ := filepath.Glob("/sys/bus/scsi/devices/" + at + ":0/block/*"); len(all) == 1 {
			return filepath.Base(all[0])
		}
		return ""
	})
	if err != nil {
		return "", fmt.Errorf("find the disk at %s: %w", at, err)
	}
	return name, nil
}

func write(name, s string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(s)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", s, err)
	}
	return nil
}

// until asks again and again, for as long as the kernel has.
func until(ctx context.Context, ask func() string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if s := ask(); s != "" {
			return s, nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
