package inventory

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"lethe/inventory/labels"
	"lethe/inventory/parttable"
	"lethe/inventory/sysfs"
)

// mark is a label and where it is: the drive or one of its partitions.
type mark struct {
	labels.Label
	where string
}

func (m mark) String() string { return m.Label.String() + " on " + m.where }

// maxParts bounds the partitions that are looked at.
const maxParts = 32

// lookThenClose reads the labels of an open drive and closes it. It does not
// wait for a drive that reads badly, which may still be erased: late says so, and
// the drive is closed whenever it comes back.
func (o options) lookThenClose(ctx context.Context, p Prober, b sysfs.Block) (ms []mark, late bool, err error) {
	r, ok := p.(io.ReaderAt)
	if !ok {
		return nil, false, p.Close()
	}
	wait := o.timeout / 4
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end)*3/4)
	}
	type result struct {
		ms  []mark
		err error
	}
	done := make(chan result, 1)
	go func() {
		ms := look(patient{time.Now().Add(wait), r}, b)
		done <- result{ms, p.Close()}
	}()
	select {
	case x := <-done:
		return x.ms, false, x.err
	case <-time.After(wait):
		return nil, true, nil
	}
}

// look reads the labels of a drive and its partitions, and the types in its
// partition table.
func look(r io.ReaderAt, b sysfs.Block) []mark {
	var out []mark
	for _, l := range labels.Read(r, int64(b.Size)) {
		out = append(out, mark{l, b.Name})
	}
	for i, p := range b.Partitions {
		if i == maxParts {
			break
		}
		for _, l := range labels.Read(io.NewSectionReader(r, int64(p.Start), int64(p.Size)), int64(p.Size)) {
			out = append(out, mark{l, p.Name})
		}
	}
	es, _ := parttable.Entries(r, int(b.LogicalSector))
	for _, e := range es {
		if k := labels.OfType(e.Type); k != "" && !marked(out, k) {
			out = append(out, mark{labels.Label{Kind: k}, b.Name + ", by its partition table"})
		}
	}
	return out
}

func marked(ms []mark, k labels.Kind) bool {
	for _, m := range ms {
		if m.Kind == k {
			return true
		}
	}
	return false
}

// patient reads nothing any more once its time is over.
type patient struct {
	end time.Time
	io.ReaderAt
}

func (p patient) ReadAt(b []byte, off int64) (int, error) {
	if time.Now().After(p.end) {
		return 0, context.DeadlineExceeded
	}
	return p.ReaderAt.ReadAt(b, off)
}

func contents(a answer) (out []string) {
	for _, m := range a.marks {
		out = append(out, m.String())
	}
	if a.late {
		out = append(out, "not read: the drive did not answer in time")
	}
	return out
}

// contentHolds are the labels that come with evidence that somebody uses them
// now. A label alone holds nothing: see the package documentation.
func contentHolds(root sysfs.Root, b sysfs.Block, ms []mark) []Hold {
	var hs []Hold
	add := func(k HoldKind, m mark, format string, args ...any) {
		hs = append(hs, Hold{k, m.String() + ", " + fmt.Sprintf(format, args...)})
	}
	way := b.Remote
	if n := len(root.Controllers(b)); way == "" && n > 1 {
		way = fmt.Sprintf("%d controllers", n)
	}
	shared := false
	for _, m := range ms {
		switch {
		case m.Kind == labels.ZFS && imported(root, m.Name):
			add(HoldHeld, m, "and this system has imported that pool")
		case m.Kind == labels.DRBD && active(root, "drbd"):
			add(HoldHeld, m, "and this system runs DRBD")
		case m.Kind.Shared() && way != "":
			add(HoldShared, m, "which other machines may use, and it is attached by %s", way)
		}
		shared = shared || m.Kind.Shared()
	}
	if shared {
		for _, who := range users(root, b) {
			hs = append(hs, Hold{HoldHeld, "it carries a cluster's data, and " + who})
		}
	}
	return hs
}

// imported reports whether a ZFS pool is imported here: the module shows one
// folder for each. A label that does not name its pool may be of any.
func imported(root sysfs.Root, pool string) bool {
	for _, n := range root.Names("proc/spl/kstat/zfs") {
		if len(root.Names("proc/spl/kstat/zfs", n)) > 0 && (pool == "" || pool == n) {
			return true
		}
	}
	return false
}

func active(root sysfs.Root, driver string) bool {
	for _, n := range root.Disks() {
		if strings.HasPrefix(n, driver) {
			return true
		}
	}
	return false
}
