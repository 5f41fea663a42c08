// Package sysfs reads what the kernel publishes about block devices in /sys. It
// reads files only: no ioctl, no device is opened. Every name is looked up below
// a Root, so that a recorded tree can stand in for the running system.
package sysfs

import (
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Root is the directory that holds sys, proc and dev; "" is the running system.
type Root string

// Join is the path of a file below the root: Join("sys", "block").
func (r Root) Join(elem ...string) string {
	return filepath.Join("/", string(r), filepath.Join(elem...))
}

// Text is a file's content without surrounding white space, "" when it cannot
// be read: attributes come and go with kernels and drivers.
func (r Root) Text(elem ...string) string {
	b, err := os.ReadFile(r.Join(elem...))
	if err != nil {
		return ""
	}
	return strings.Trim(string(b), " \t\n\x00")
}

// Number is a file's content as a decimal number.
func (r Root) Number(elem ...string) (uint64, bool) {
	n, err := strconv.ParseUint(r.Text(elem...), 10, 64)
	return n, err == nil
}

// Flag reports whether a file holds "1".
func (r Root) Flag(elem ...string) bool { return r.Text(elem...) == "1" }

// Names lists a directory in order, nothing when it cannot be read.
func (r Root) Names(elem ...string) []string {
	es, err := os.ReadDir(r.Join(elem...))
	if err != nil {
		return nil
	}
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = e.Name()
	}
	sort.Strings(out)
	return out
}

// Exists reports whether a file is there.
func (r Root) Exists(elem ...string) bool {
	_, err := os.Lstat(r.Join(elem...))
	return err == nil
}

// Resolve follows every link of a path and returns it as it is named below the
// root, "/sys/devices/...".
func (r Root) Resolve(elem ...string) (string, error) {
	p, err := filepath.EvalSymlinks(r.Join(elem...))
	if err != nil {
		return "", err
	}
	base, err := filepath.EvalSymlinks(r.Join())
	if err != nil {
		return "", err
	}
	return filepath.Join("/", strings.TrimPrefix(p, base)), nil
}
