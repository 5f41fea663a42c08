package inventory

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"lethe/inventory/sysfs"
)

// live reports whether a root is the running system and no copy of one.
func live(root sysfs.Root) bool { return root.Join() == "/" }

// readExports finds block devices that this machine serves to others over NVMe or
// SCSI fabrics: the kernel's targets open them without a claim and without a
// process.
func (u *usage) readExports(root sysfs.Root) {
	note := func(device, how string) {
		if n, ok := blockFile(root, device); ok {
			u.add(n, use{HoldShared, "served to other machines by " + how, false})
		}
	}
	const nvmet, lio = "sys/kernel/config/nvmet/subsystems", "sys/kernel/config/target/core"
	for _, subsystem := range root.Names(nvmet) {
		for _, ns := range root.Names(nvmet, subsystem, "namespaces") {
			if root.Flag(nvmet, subsystem, "namespaces", ns, "enable") {
				note(root.Text(nvmet, subsystem, "namespaces", ns, "device_path"), "the NVMe target "+subsystem)
			}
		}
	}
	for _, hba := range root.Names(lio) {
		for _, object := range root.Names(lio, hba) {
			if root.Flag(lio, hba, object, "enable") {
				note(root.Text(lio, hba, object, "udev_path"), "the SCSI target "+hba+"/"+object)
			}
		}
	}
}

// blockFile is the device number of a device file at any path.
func blockFile(root sysfs.Root, path string) (number, bool) {
	if !strings.HasPrefix(path, "/") {
		return number{}, false
	}
	if n, ok := statBlock(root.Join(path)); ok {
		return n, true
	}
	return resolve(root, path)
}

// statBlock asks for a file's device number, but no file system behind it: one
// that is dead would not answer.
func statBlock(path string) (number, bool) {
	var x unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE, &x); err != nil || x.Mode&unix.S_IFMT != unix.S_IFBLK {
		return number{}, false
	}
	return number{x.Rdev_major, x.Rdev_minor}, true
}

// opened is a block device that a process has open.
type opened struct {
	number
	pid     string
	writing bool
}

// settle is how long a program may have a device open in passing, as smartd has.
const settle = 300 * time.Millisecond

// readWriters finds the programs that have a block device open for writing
// without claiming it, such as a virtual machine or a database. They are looked
// for twice, so that one that only looked in is none.
func (u *usage) readWriters(root sysfs.Root) {
	first := map[opened]bool{}
	for _, o := range openBlocks(root) {
		if o.writing {
			first[o] = true
		}
	}
	if len(first) == 0 {
		return
	}
	if live(root) {
		time.Sleep(settle)
	}
	for _, o := range openBlocks(root) {
		if first[o] {
			u.add(o.number, use{HoldHeld, "open for writing by " + process(root, o.pid), false})
			delete(first, o)
		}
	}
}

// openBlocks lists the block devices that other processes have open. A process
// that hides its descriptors, or lives in a process namespace above ours, is not
// seen.
func openBlocks(root sysfs.Root) (out []opened) {
	for _, pid := range root.Names("proc") {
		if strings.Trim(pid, "0123456789") != "" || pid == strconv.Itoa(os.Getpid()) {
			continue
		}
		for _, fd := range root.Names("proc", pid, "fd") {
			if n, ok := descriptor(root, pid, fd); ok {
				out = append(out, opened{n, pid, writing(root, pid, fd)})
			}
		}
	}
	return out
}

func descriptor(root sysfs.Root, pid, fd string) (number, bool) {
	link := root.Join("proc", pid, "fd", fd)
	file, err := os.Readlink(link)
	if err != nil || !strings.HasPrefix(file, "/") {
		return number{}, false // a pipe, a socket
	}
	if live(root) {
		return statBlock(link)
	}
	return resolve(root, file)
}

// writing reads the access mode of a descriptor (proc(5), fdinfo: flags are octal).
// One that cannot be read counts as open for writing.
func writing(root sysfs.Root, pid, fd string) bool {
	for line := range strings.Lines(root.Text("proc", pid, "fdinfo", fd)) {
		if text, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseUint(strings.TrimSpace(text), 8, 64)
			return err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY
		}
	}
	return true
}

func process(root sysfs.Root, pid string) string {
	return fmt.Sprintf("process %s (%s)", pid, root.Text("proc", pid, "comm"))
}

// users are the other processes that have the drive or a partition of it open,
// for whatever. A cluster's daemon may do so without a claim that the kernel shows.
func users(root sysfs.Root, b sysfs.Block) (out []string) {
	mine := map[number]string{{b.Major, b.Minor}: b.Name}
	for _, p := range b.Partitions {
		mine[number{p.Major, p.Minor}] = p.Name
	}
	told := map[string]bool{}
	for _, o := range openBlocks(root) {
		if name := mine[o.number]; name != "" && !told[o.pid] {
			told[o.pid] = true
			out = append(out, process(root, o.pid)+" has "+name+" open")
		}
	}
	return out
}
