package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"sync"

	"lethe/certs/record"
	"lethe/inventory/devio"
	"lethe/inventory/sysfs"
)

// skipped are block devices that are no drives: memory, things built on drives,
// optical and floppy drives, network blocks.
var skipped = []string{"ram", "zram", "dm-", "md", "sr", "fd", "nbd", "bcache", "rbd", "drbd", "zd", "mtdblock", "ublkb"}

// Discover lists every drive. It asks all of them at once, each within the time
// of WithTimeout. The error joins everything that could not be read; the drives
// it concerns are in the list all the same, held.
func Discover(ctx context.Context, opts ...Option) ([]Device, error) {
	o := settings(opts)
	hints, err := ghwDisks(o.root)
	errs := []error{err}
	names := candidates(o, hints)
	if len(names) == 0 && !o.root.Exists("sys/block") {
		errs = append(errs, errors.New("list drives: /sys/block is not there"))
	}
	found := make([]finding, len(names))
	u, boot := readUsage(o.root), readBoot(o.root)
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { found[i] = o.find(ctx, name, hints[name], u, boot) })
	}
	wg.Wait()
	var out []Device
	for _, f := range found {
		errs = append(errs, f.err)
		if !f.skip {
			out = append(out, f.device)
		}
	}
	link(out)
	return out, errors.Join(append(errs, u.err)...)
}

// candidates are the names ghw or /sys/block list, without what is no drive.
func candidates(o options, hints map[string]hint) []string {
	seen := map[string]bool{}
	for _, n := range o.root.Disks() {
		seen[n] = true
	}
	for n := range hints {
		seen[n] = true
	}
	var out []string
	for n := range seen {
		if o.isDrive(n) {
			out = append(out, n)
		}
	}
	sort.Slice(out, func(i, j int) bool { return natural(out[i], out[j]) })
	return out
}

func (o options) isDrive(name string) bool {
	for _, p := range skipped {
		if rest, ok := strings.CutPrefix(name, p); ok && strings.Trim(rest, "0123456789") == "" {
			return false
		}
	}
	if strings.HasPrefix(name, "loop") {
		return o.loop && o.root.Exists("sys/block", name, "loop/backing_file")
	}
	// The boot and RPMB areas of an eMMC are parts of it, listed as hidden areas.
	rest, mmc := strings.CutPrefix(name, "mmcblk")
	return !mmc || strings.Trim(rest, "0123456789") == ""
}

var digits = regexp.MustCompile(`\d+`)

// natural orders sdz before sdaa, and nvme2n1 before nvme10n1.
func natural(a, b string) bool {
	if strings.HasPrefix(a, "sd") && strings.HasPrefix(b, "sd") && len(a) != len(b) {
		return len(a) < len(b)
	}
	pad := func(n string) string { return fmt.Sprintf("%12s", n) }
	return digits.ReplaceAllStringFunc(a, pad) < digits.ReplaceAllStringFunc(b, pad)
}

type finding struct {
	device Device
	skip   bool
	err    error
}

// find describes one drive, from sysfs first, then from the drive.
func (o options) find(ctx context.Context, name string, h hint, u *usage, boot bootMedium) finding {
	b, err := o.root.Block(name)
	if err != nil {
		if !o.root.Exists("sys/block", name) {
			return finding{skip: true} // it went away between the listing and now
		}
		d := Device{Device: record.Device{Node: name}, NodePath: o.node(name)}
		d.Holds = []Hold{{HoldUnreadable, err.Error()}}
		return finding{device: d, err: err}
	}
	if b.Hidden {
		return finding{skip: true} // one path of a multipath namespace; its head is listed
	}
	a := o.examine(ctx, b, len(boot.uuids) > 0)
	d := o.compose(b, h, a)
	d.Contents = contents(a)
	d.Holds = append(usageHolds(u, o.root, b), boot.holds(b, a.table())...)
	d.Holds = append(d.Holds, driveHolds(b, a)...)
	d.Holds = append(d.Holds, contentHolds(o.root, b, a.marks)...)
	return finding{device: d, err: a.err}
}

func (o options) node(name string) string {
	return o.root.Join(sysfs.Node(name))
}

// answer is what a drive said, or why it said nothing.
type answer struct {
	asked  bool
	id     devio.Identification
	survey devio.Survey
	head   []byte // first bytes of the drive, for the boot medium alone
	marks  []mark // what it was used for
	late   bool   // it was too slow to say
	err    error
}

// headLen holds a GPT with its usual entries on sectors of 4096 bytes.
const headLen = 64 << 10

func (a answer) table() io.ReaderAt {
	if len(a.head) == 0 {
		return nil
	}
	return strings.NewReader(string(a.head))
}

// examine opens a drive and asks it, but never waits longer than the time-out:
// a system call on a dead drive may not return, and must not stop the others.
func (o options) examine(ctx context.Context, b sysfs.Block, table bool) answer {
	if o.open == nil {
		return answer{}
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	done := make(chan answer, 1)
	go func() {
		defer cancel()
		done <- o.ask(ctx, b, table)
	}()
	select {
	case a := <-done:
		return a
	case <-ctx.Done():
	}
	select {
	case a := <-done: // it answered at the last moment
		return a
	default:
		return answer{asked: true, err: fmt.Errorf("ask %s: no answer: %w", b.Name, ctx.Err())}
	}
}

func (o options) ask(ctx context.Context, b sysfs.Block, table bool) answer {
	a := answer{asked: true}
	p, err := o.open(o.node(b.Name))
	if err != nil {
		a.err = err
		return a
	}
	a.id, a.err = p.Identify(ctx)
	if a.err == nil {
		a.survey = p.Survey(ctx, a.id)
	}
	if r, ok := p.(io.ReaderAt); ok && table && a.err == nil {
		head := make([]byte, headLen)
		n, _ := r.ReadAt(head, 0)
		a.head = head[:n]
	}
	if a.err != nil {
		a.err = errors.Join(a.err, p.Close())
		return a
	}
	a.marks, a.late, a.err = o.lookThenClose(ctx, p, b)
	return a
}
