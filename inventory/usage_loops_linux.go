package inventory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
)

// loopPatience is how long a loop device may take to say what it lies on: one
// over a file of a dead network file system never does.
const loopPatience = 5 * time.Second

// readLoops finds block devices that a loop device sits on: the kernel lists
// no holder for them.
func (u *usage) readLoops(root sysfs.Root) error {
	files := map[string]string{}
	for _, name := range root.Disks() {
		// Attached is one that has the attribute; its text may be too long to be read.
		if root.Exists("sys/block", name, "loop/backing_file") {
			files[name] = root.Text("sys/block", name, "loop/backing_file")
		}
	}
	return u.askLoops(files, loopPatience, func(name, file string) (number, bool, error) {
		if !live(root) {
			n, ok := resolve(root, file)
			return n, ok, nil
		}
		major, minor, ok, err := devio.LoopBelow(root, name)
		return number{major, minor}, ok, err
	})
}

// askLoops asks every attached loop device, by name, for the block device below it.
// One that does not answer keeps none from being asked, and takes part of nobody
// else's time. What it lies on is not known: the picture is not whole.
func (u *usage) askLoops(files map[string]string, patience time.Duration, below func(name, file string) (number, bool, error)) error {
	type said struct {
		name string
		at   number
		ok   bool
		err  error
	}
	answers := make(chan said, len(files))
	for name, file := range files {
		go func() {
			n, ok, err := below(name, file)
			answers <- said{name, n, ok, err}
		}()
	}
	silent := maps.Clone(files)
	var errs []error
	for late := time.After(patience); len(silent) > 0; {
		select {
		case s := <-answers:
			delete(silent, s.name)
			errs = append(errs, s.err)
			if s.ok {
				u.add(s.at, use{HoldHeld, "used by the loop device " + s.name, false})
			}
		case <-late:
			for _, name := range slices.Sorted(maps.Keys(silent)) {
				silent[name] = fmt.Sprintf("%s (over %s)", name, silent[name])
			}
			return errors.Join(append(errs, fmt.Errorf("loop devices do not say what they lie on within %s: %s",
				patience, strings.Join(slices.Sorted(maps.Values(silent)), ", ")))...)
		}
	}
	return errors.Join(errs...)
}
