package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"lethe/inventory/inventorytest"
)

// mutant: target.go: if why := notDrive(path, st); why != "" { => if why := notDrive(path, st); false {
var pathRows = []row{
	{name: "path is missing", status: 3, say: "is not there", args: func(w *world) []string { return named(w.path("nothing"), "X") }},
	{name: "link leads nowhere", status: 3, say: "is not there", args: func(w *world) []string { return named(w.link("nothing"), "X") }},
	{name: "link leads to itself", status: 3, say: "leads to itself", args: func(w *world) []string { return named(w.link("link"), "X") }},
	{name: "path goes through a file", status: 3, say: "not a directory", args: func(w *world) []string { return named(w.img+"/x", "X") }},
	{name: "path is empty", status: 2, say: "empty", args: func(w *world) []string { return named("", "X") }},
	{name: "directory", status: 3, say: "is a directory", args: func(w *world) []string { return named(w.dir, "X") }},
	{name: "pipe", status: 3, say: "is a pipe", args: func(w *world) []string {
		w.must(unix.Mkfifo(w.path("fifo"), 0o600))
		return named(w.path("fifo"), "X")
	}},
	{name: "character device", status: 3, say: "is a character device", args: func(w *world) []string { return named("/dev/null", "X") }},
	{name: "socket", status: 3, say: "is a socket", args: func(w *world) []string {
		l, err := net.Listen("unix", w.path("s"))
		w.must(err)
		w.t.Cleanup(func() { l.Close() })
		return named(w.path("s"), "X")
	}},
	{name: "block device of no known kind", status: 3, say: "is not a whole drive that Lethe knows", args: func(w *world) []string {
		w.must(unix.Mknod(w.path("node"), unix.S_IFBLK|0o600, int(unix.Mkdev(240, 7))))
		return named(w.path("node"), "X")
	}},
	{name: "loop device without an image", status: 3, say: "has no image attached", args: func(w *world) []string {
		w.must(unix.Mknod(w.path("loop231"), unix.S_IFBLK|0o600, int(unix.Mkdev(7, 231))))
		return named(w.path("loop231"), "X")
	}},
	{name: "partition", status: 3, say: "an erase is of the whole drive, name /dev/loop", args: func(w *world) []string {
		return named(inventorytest.Partition(w.t, w.loop(1<<20), 1, 8, 64), "X")
	}},
	{name: "link to a partition", status: 3, say: "is a partition of /dev/loop", args: func(w *world) []string {
		return named(w.link(inventorytest.Partition(w.t, w.loop(1<<20), 1, 8, 64)), "X")
	}},
	{name: "link to an image file", status: 3, say: "name the file itself", args: func(w *world) []string {
		img := w.image(8192)
		return named(w.link(img), w.fileName(img))
	}},
	{name: "empty image file", status: 3, say: "is an empty file", args: func(w *world) []string { return named(w.image(0), "X") }},
	{name: "image file of odd size", status: 3, say: "no whole number of sectors", args: func(w *world) []string {
		img := w.image(1000)
		return named(img, w.fileName(img))
	}},
}

// mutant: grant.go: case !typed(a.confirm[i], d.Identity): => case false:
// mutant: target.go: if sameDrive(d, o) { => if sameDrive(d, o) && false {
var serialRows = []row{
	{name: "wrong serial", status: 3, say: `not "WRONG": nothing was touched`, args: func(w *world) []string { return named(w.dev, "WRONG") }},
	{name: "serial with a blank behind it", status: 3, say: "nothing was touched", args: func(w *world) []string { return named(w.dev, w.serial+" ") }},
	{name: "part of the serial", status: 3, say: "nothing was touched", args: func(w *world) []string { return named(w.dev, w.serial[:len(w.serial)-1]) }},
	{name: "path in place of the serial", status: 3, say: "nothing was touched", args: func(w *world) []string { return named(w.dev, w.dev) }},
	{name: "wrong serial of an image file", status: 3, say: `is "file:`, args: func(w *world) []string { return named(w.image(8192), "X") }},
	{name: "serial numbers the other way round", status: 3, say: "nothing was touched", args: func(w *world) []string {
		return append(named(w.dev, w.name2), named(w.dev2, w.serial)...)
	}},
	{name: "one serial right and one wrong", status: 3, say: "nothing was touched", args: func(w *world) []string {
		return w.free(named(w.dev2, "WRONG")...)
	}},
	{name: "no serial", status: 2, say: "type one serial number for each drive", args: func(w *world) []string { return []string{"--device", w.dev} }},
	{name: "more serials than drives", status: 2, say: "1 times --device, 2 times --confirm", args: func(w *world) []string {
		return w.free("--confirm", w.name2)
	}},
	{name: "serial without a drive", status: 2, say: "say which drive", args: func(w *world) []string { return []string{"--confirm", w.serial} }},
	{name: "one drive twice", status: 3, say: "are the same drive", args: func(w *world) []string { return w.free(w.free()...) }},
	{name: "one drive by a link too", status: 3, say: "are the same drive", args: func(w *world) []string {
		return w.free(named(w.link(w.dev), w.serial)...)
	}},
	{name: "one drive by another device file too", status: 3, say: "are the same drive", args: func(w *world) []string {
		var st unix.Stat_t
		w.must(unix.Stat(w.dev, &st))
		w.must(unix.Mknod(w.path("node"), unix.S_IFBLK|0o600, int(st.Rdev)))
		return w.free(named(w.path("node"), w.serial)...)
	}},
	{name: "one image file by two paths", status: 3, say: "are the same drive", args: func(w *world) []string {
		img := w.image(8192)
		return append(named(img, w.fileName(img)), named(filepath.Dir(img)+"/./"+filepath.Base(img), w.fileName(img))...)
	}},
}

// mutant: claim_linux.go: err = exclusive(node) => err = nil
var holdRows = []row{
	{name: "mounted", status: 3, say: "is mounted on", args: func(w *world) []string { dev, _ := w.mounted(); return named(dev, w.nameOf(dev)) }},
	{name: "mounted in another mount namespace", status: 3, say: "is mounted on", args: func(w *world) []string {
		dev := w.ext4()
		w.background(&syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}, "sh", "-c", "mount -o ro "+dev+" "+w.dir+" && echo begun >&2 && exec sleep 60")
		return named(dev, w.nameOf(dev))
	}},
	{name: "read-only", status: 3, say: "read-only", args: func(w *world) []string { dev := w.loop(8192, "--read-only"); return named(dev, w.nameOf(dev)) }},
	{name: "a loop device sits on it", status: 3, say: "used by the loop device", args: func(w *world) []string {
		dev := w.loop(1 << 20)
		inventorytest.Attach(w.t, dev)
		return named(dev, w.nameOf(dev))
	}},
	{name: "two loop devices over one file", status: 3, say: "loop", args: func(w *world) []string {
		img := w.image(1 << 20)
		inventorytest.Attach(w.t, img)
		dev := inventorytest.Attach(w.t, img)
		return named(dev, w.nameOf(dev))
	}},
	{name: "image file attached to a loop device", status: 3, say: "is attached to it", args: func(w *world) []string { return named(w.img, w.fileName(w.img)) }},
	{name: "image file open for writing", status: 3, say: "another program has it open", args: func(w *world) []string {
		img := w.image(8192)
		name := w.fileName(img)
		w.hold(img, unix.O_RDWR)
		return named(img, name)
	}},
	{name: "opened exclusively by another program", status: 3, say: "is in use by another program", args: func(w *world) []string {
		w.hold(w.dev, unix.O_RDONLY|unix.O_EXCL)
		return w.free()
	}},
	{name: "locked by another program", status: 3, say: "is in use by another program", args: func(w *world) []string {
		w.must(unix.Flock(w.hold(w.dev, unix.O_RDONLY), unix.LOCK_EX))
		return w.free()
	}},
	// mutant: claim_linux.go: err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) => err = nil
	{name: "another lethe is about to erase it", status: 3, say: "perhaps another lethe", args: func(w *world) []string {
		w.first(w.free()...)
		return w.free()
	}},
	{name: "another lethe is about to erase the image file", status: 3, say: "perhaps another lethe", args: func(w *world) []string {
		img := w.image(8192)
		name := w.fileName(img)
		w.first(named(img, name)...)
		return named(img, name)
	}},
	{name: "mounted while lethe counts down", status: 4, say: "1 of 1 drives were not sanitised", notice: true,
		args: func(w *world) []string {
			w.dev = w.ext4()
			return append(named(w.dev, w.nameOf(w.dev)), "--countdown", "1s")
		},
		during: func(w *world) { w.mount(w.dev) }},
	// mutant: target.go: *pins = append(*pins, pinned) => pinned.File.Close(); pinned, _ = pinFile(path); defer pinned.File.Close()
	replacedRow,
	{name: "grown while lethe counts down", status: 4, say: "1 of 1 drives were not sanitised", notice: true,
		args: func(w *world) []string {
			img := w.image(8192)
			w.dev = inventorytest.Attach(w.t, img, "--sizelimit", "4096")
			return append(named(w.dev, w.nameOf(w.dev)), "--countdown", "1s")
		},
		during: func(w *world) { w.grow(w.dev) }},
}

func (w *world) link(to string) string {
	w.t.Helper()
	w.must(os.Symlink(to, w.path("link")))
	return w.path("link")
}

// ext4 is a loop device with a file system.
func (w *world) ext4() string {
	dev := w.loop(4 << 20)
	inventorytest.Run(w.t, "mkfs.ext4", "-q", "-F", dev)
	return dev
}

func (w *world) mounted() (dev, dir string) {
	dev = w.ext4()
	return dev, w.mount(dev)
}

func (w *world) mount(dev string) string {
	dir := w.t.TempDir()
	w.must(unix.Mount(dev, dir, "ext4", unix.MS_RDONLY, ""))
	w.t.Cleanup(func() { unix.Unmount(dir, 0) })
	return dir
}

// grow takes a loop device's size limit away.
func (w *world) grow(dev string) {
	f, err := os.OpenFile(dev, os.O_RDWR, 0)
	w.must(err)
	defer f.Close()
	info, err := unix.IoctlLoopGetStatus64(int(f.Fd()))
	w.must(err)
	info.Sizelimit = 0
	w.must(unix.IoctlLoopSetStatus64(int(f.Fd()), info))
}

// hold keeps a file open until the row ends.
func (w *world) hold(path string, flags int) int {
	w.t.Helper()
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	w.must(err)
	w.t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// first starts another lethe, which waits in its countdown until the row ends.
func (w *world) first(args ...string) {
	w.t.Helper()
	args = append(args, "--countdown", "60s", "--papers", w.path("first"))
	cmd := w.command(args...)
	w.start(cmd, "erasing in")
}

func (w *world) background(attr *syscall.SysProcAttr, name string, args ...string) {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = attr
	w.start(cmd, "begun")
}

// start waits for a word on standard error; the program is ended with the row.
func (w *world) start(cmd *exec.Cmd, word string) {
	w.t.Helper()
	pipe, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil || !strings.Contains(line, word) {
		w.t.Fatalf("%s said %q, %v", cmd, line, err)
	}
}
