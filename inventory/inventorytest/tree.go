package inventorytest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Tree is a made-up /sys, /proc and /dev below a temporary directory in memory, for
// inventory.WithRoot. It starts with a mount table of one tmpfs on / and no swap.
type Tree struct {
	t    testing.TB
	Root string
}

// NewTree makes a tree without drives.
func NewTree(t testing.TB) *Tree {
	// Thousands of small files: memory takes them a hundred times faster.
	dir, err := os.MkdirTemp("/dev/shm", "lethe-tree-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	tr := &Tree{t, dir}
	tr.File("proc/self/mountinfo", "1 1 0:2 / / rw - tmpfs none rw\n")
	tr.File("proc/swaps", "Filename Type Size Used Priority\n")
	tr.File("proc/cmdline", "console=ttyS0\n")
	for _, d := range []string{"sys/block", "sys/class/block", "sys/dev/block", "dev"} {
		tr.Dir(d)
	}
	return tr
}

// Dir makes a directory.
func (tr *Tree) Dir(path string) {
	tr.t.Helper()
	if err := os.MkdirAll(filepath.Join(tr.Root, path), 0o755); err != nil {
		tr.t.Fatal(err)
	}
}

// File writes a file and its directories.
func (tr *Tree) File(path, content string) {
	tr.t.Helper()
	tr.Dir(filepath.Dir(path))
	if err := os.WriteFile(filepath.Join(tr.Root, path), []byte(content), 0o644); err != nil {
		tr.t.Fatal(err)
	}
}

// Remove removes a file or directory.
func (tr *Tree) Remove(path string) {
	tr.t.Helper()
	if err := os.RemoveAll(filepath.Join(tr.Root, path)); err != nil {
		tr.t.Fatal(err)
	}
}

// Link makes a relative symbolic link at path to another path of the tree.
func (tr *Tree) Link(path, to string) {
	tr.t.Helper()
	tr.Dir(filepath.Dir(path))
	rel, err := filepath.Rel(filepath.Dir(path), to)
	if err != nil {
		tr.t.Fatal(err)
	}
	if err := os.Symlink(rel, filepath.Join(tr.Root, path)); err != nil {
		tr.t.Fatal(err)
	}
}

// Disk is a block device of a tree. Dir is its directory below sys/devices.
type Disk struct {
	Dir          string // "pci0000:00/.../block/sda"
	Major, Minor int
	Size         int64 // bytes
	Sector       int   // bytes, 512 when 0
	Attr         map[string]string
	Parts        int // partitions, equal shares, minors following the disk's
}

// Add puts a block device in the tree.
func (tr *Tree) Add(d Disk) {
	tr.t.Helper()
	dir, name := "sys/devices/"+d.Dir, filepath.Base(d.Dir)
	if d.Sector == 0 {
		d.Sector = 512
	}
	attr := map[string]string{
		"size": fmt.Sprint(d.Size / 512), "ro": "0", "removable": "0", "hidden": "0",
		"queue/logical_block_size": fmt.Sprint(d.Sector), "queue/physical_block_size": fmt.Sprint(d.Sector),
		"queue/rotational": "0", "queue/zoned": "none",
	}
	for k, v := range d.Attr {
		attr[k] = v
	}
	for k, v := range attr {
		tr.File(dir+"/"+k, v+"\n")
	}
	tr.Dir(dir + "/holders")
	if attr["hidden"] == "0" {
		tr.number(dir, name, d.Major, d.Minor)
	}
	tr.Link("sys/block/"+name, dir)
	// SCSI disks sit in <device>/block/<name>; others right below their device.
	parent := filepath.Dir(dir)
	if filepath.Base(parent) == "block" {
		parent = filepath.Dir(parent)
	}
	if !strings.HasPrefix(d.Dir, "virtual/block/") {
		tr.Link(dir+"/device", parent)
	}
	for i := 1; i <= d.Parts; i++ {
		tr.part(d, dir, name, i)
	}
}

func (tr *Tree) part(d Disk, dir, name string, i int) {
	p := fmt.Sprint(name, i)
	if strings.ContainsAny(name[len(name)-1:], "0123456789") {
		p = fmt.Sprint(name, "p", i)
	}
	share := d.Size / 512 / int64(d.Parts+1)
	tr.File(dir+"/"+p+"/partition", fmt.Sprintln(i))
	tr.File(dir+"/"+p+"/start", fmt.Sprintln(int64(i)*share))
	tr.File(dir+"/"+p+"/size", fmt.Sprintln(share))
	tr.Dir(dir + "/" + p + "/holders")
	tr.number(dir+"/"+p, p, d.Major, d.Minor+i)
}

// number gives a directory a device number and the links that lead to it.
func (tr *Tree) number(dir, name string, major, minor int) {
	n := fmt.Sprintf("%d:%d", major, minor)
	tr.File(dir+"/dev", n+"\n")
	tr.Link("sys/dev/block/"+n, dir)
	tr.Link("sys/class/block/"+name, dir)
}

// Hold records that holder, a block device of the tree, is built on base.
func (tr *Tree) Hold(base, holder string) {
	tr.t.Helper()
	tr.File("sys/class/block/"+base+"/holders/"+holder, "")
}

// Mount adds a line to the mount table.
func (tr *Tree) Mount(number, at, fstype, source, options string) {
	tr.t.Helper()
	f, err := os.OpenFile(filepath.Join(tr.Root, "proc/self/mountinfo"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "30 1 %s / %s rw,relatime shared:1 - %s %s %s\n", number, at, fstype, source, options); err != nil {
		tr.t.Fatal(err)
	}
}
