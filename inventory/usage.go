package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lethe/inventory/sysfs"
)

// number is a device number.
type number struct{ major, minor uint32 }

// use is one thing the running system does with a block device.
type use struct {
	kind HoldKind
	what string // "mounted on /srv"
	boot bool   // the system itself lives there
}

// usage is what every block device of the machine is used for, by number. When
// err is set the picture is not whole, and no drive may be taken for unused.
type usage struct {
	by  map[number][]use
	err error
}

func (u *usage) add(n number, x use) { u.by[n] = append(u.by[n], x) }

// readUsage gathers mounts of every mount namespace, swap, btrfs members, loop
// devices over block devices, exports to other machines, and programs that have a
// block device open for writing.
func readUsage(root sysfs.Root) *usage {
	u := &usage{by: map[number][]use{}}
	u.err = errors.Join(u.readMounts(root), u.readSwaps(root), u.readLoops(root))
	u.readBtrfs(root)
	u.readExports(root)
	u.readWriters(root)
	return u
}

// readMounts reads the mounts of every process that lives in a mount namespace
// not seen before: a container's mounts are not in ours.
func (u *usage) readMounts(root sysfs.Root) error {
	seen := map[string]bool{}
	read := 0
	for _, pid := range append([]string{"self"}, root.Names("proc")...) {
		if pid != "self" && strings.Trim(pid, "0123456789") != "" {
			continue
		}
		ns, err := os.Readlink(root.Join("proc", pid, "ns/mnt"))
		if err == nil && seen[ns] {
			continue
		}
		b, err := os.ReadFile(root.Join("proc", pid, "mountinfo"))
		if err != nil || len(b) == 0 {
			continue // the process has ended
		}
		if ns != "" {
			seen[ns] = true
		}
		read++
		u.mountinfo(root, string(b))
	}
	if read == 0 {
		return errors.New("no mount table could be read below /proc")
	}
	return nil
}

// mountinfo reads one table (proc(5)): the device number is the third field, but
// file systems over several devices show an anonymous one, major 0, and only
// name a device as their source; further devices stand in their options.
func (u *usage) mountinfo(root sysfs.Root, table string) {
	for _, line := range strings.Split(table, "\n") {
		left, right, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(left), strings.Fields(right)
		if !ok || len(f) < 6 || len(g) < 2 {
			continue
		}
		at := unescape(f[4])
		x := use{HoldMounted, "mounted on " + at, systemMount(at)}
		var n number
		if _, err := fmt.Sscanf(f[2], "%d:%d", &n.major, &n.minor); err == nil && n.major != 0 {
			u.add(n, x)
		} else if n, ok := resolve(root, unescape(g[1])); ok {
			u.add(n, x)
		}
		if len(g) < 3 {
			continue
		}
		for _, opt := range strings.Split(g[2], ",") {
			if _, dev, ok := strings.Cut(opt, "=/dev/"); ok {
				if n, ok := resolve(root, "/dev/"+unescape(dev)); ok {
					u.add(n, use{HoldMounted, "part of the file system " + x.what, x.boot})
				}
			}
		}
	}
}

// systemMount reports whether the running system itself lives at a mount point.
func systemMount(at string) bool {
	return at == "/" || at == "/boot" || at == "/efi" || at == "/usr" || strings.HasPrefix(at, "/boot/")
}

// unescape undoes the octal escapes of /proc tables.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// resolve finds the device number of a device file, by the file where it is
// there, else by the kernel name it has.
func resolve(root sysfs.Root, dev string) (number, bool) {
	if !strings.HasPrefix(dev, "/dev/") {
		return number{}, false
	}
	if n, ok := statBlock(root.Join(dev)); ok {
		return n, true
	}
	name := strings.ReplaceAll(strings.TrimPrefix(dev, "/dev/"), "/", "!")
	if p, err := filepath.EvalSymlinks(root.Join(dev)); err == nil {
		name = filepath.Base(p)
	}
	return named(root, name)
}

func named(root sysfs.Root, name string) (n number, ok bool) {
	_, err := fmt.Sscanf(root.Text("sys/class/block", name, "dev"), "%d:%d", &n.major, &n.minor)
	return n, err == nil
}

// readSwaps reads /proc/swaps. A kernel without swap has no such file.
func (u *usage) readSwaps(root sysfs.Root) error {
	b, err := os.ReadFile(root.Join("proc/swaps"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read swaps: %w", err)
	}
	for i, line := range strings.Split(string(b), "\n") {
		f := strings.Fields(line)
		if i == 0 || len(f) < 2 {
			continue
		}
		if n, ok := resolve(root, unescape(f[0])); ok {
			u.add(n, use{HoldSwap, "in use as swap", false})
		}
	}
	return nil
}

// readBtrfs finds every member of a mounted btrfs: the mount table names one.
func (u *usage) readBtrfs(root sysfs.Root) {
	for _, id := range root.Names("sys/fs/btrfs") {
		for _, member := range root.Names("sys/fs/btrfs", id, "devices") {
			if n, ok := named(root, member); ok {
				u.add(n, use{HoldHeld, "member of the btrfs file system " + id, false})
			}
		}
	}
}
