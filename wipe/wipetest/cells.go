package wipetest

import (
	"errors"
	"fmt"
	"syscall"

	"lethe/certs/record"
)

// cell is one fault and what it must lead to.
type cell struct {
	name      string
	order     func(d *Drive) // orders the fault; nil for an honest drive
	want      record.State   // empty: the technique's best
	untouched bool           // whether all old data must still be there
	either    bool           // whether that depends on which transfer came first
	kept      func(d *Drive) []record.Range
	told      bool // whether the transcript must tell of exactly what was kept
}

// nothing is what an honest drive keeps of its old data.
func nothing(*Drive) []record.Range { return nil }

func cells() []cell {
	cs := []cell{
		{name: "honest", kept: nothing},
		{name: "error once, cured by a retry", kept: nothing, order: func(d *Drive) { d.Faults.Write = once(d) }},
	}
	cs = append(cs, writing()...)
	cs = append(cs, lying()...)
	cs = append(cs, reading()...)
	cs = append(cs, vanishing()...)
	cs = append(cs, refusing()...)
	return append(cs, changing()...)
}

// once fails the first transfer that begins in the second half of the drive.
func once(d *Drive) func(int64, int) (int, error) {
	done := false
	return func(off int64, n int) (int, error) {
		if done || off < d.Size()/2 {
			return n, nil
		}
		done = true
		return 0, syscall.EIO
	}
}

// spots are places on the medium that are hard in different ways.
func spots(d *Drive) map[string][]record.Range {
	sector, size := record.Size(d.LogicalSector()), record.Size(d.Size())
	at := func(s record.Size) record.Range { return record.Range{First: s * sector, End: (s + 1) * sector} }
	n := size / sector
	return map[string][]record.Range{
		"first":  {at(0)},
		"last":   {at(n - 1)},
		"middle": {at(n / 2)},
		"scattered": {at(1), {First: 5 * sector, End: 8 * sector}, at(n / 3), at(n/3 + 2),
			at(n / 2), at(2 * n / 3), at(n - 2)},
	}
}

// places are the names of spots, in order.
var places = []string{"first", "last", "middle", "scattered"}

func writing() (cs []cell) {
	for _, p := range places {
		here := func(d *Drive) []record.Range { return spots(d)[p] }
		cs = append(cs, cell{name: "write error " + p, want: record.Failed, kept: here, told: true,
			order: func(d *Drive) { d.Faults.WriteError = here(d) }})
	}
	broken := func(n int, err error) func(*Drive) {
		return func(d *Drive) { d.Faults.Write = func(int64, int) (int, error) { return n, err } }
	}
	return append(cs,
		cell{name: "every write fails", want: record.Failed, untouched: true, order: broken(0, syscall.EIO)},
		cell{name: "writes move nothing and say nothing", want: record.Failed, untouched: true, order: broken(0, nil)},
		cell{name: "write-protected", want: record.Incomplete, untouched: true, order: broken(0, syscall.EROFS)},
		cell{name: "flush fails", want: record.Failed, kept: nothing,
			order: func(d *Drive) { d.Faults.Flush = syscall.EIO }},
	)
}

// lying drives acknowledge what they did not do.
func lying() (cs []cell) {
	for _, p := range places {
		here := func(d *Drive) []record.Range { return spots(d)[p] }
		cs = append(cs, cell{name: "silently drops a write " + p, want: record.Failed, kept: here, told: true,
			order: func(d *Drive) { d.Faults.Drop = within(here(d)) }})
	}
	for _, percent := range []int64{0, 50, 99} {
		rest := func(d *Drive) []record.Range {
			sector := int64(d.LogicalSector())
			return []record.Range{{First: record.Size(d.Size() * percent / 100 / sector * sector), End: record.Size(d.Size())}}
		}
		cs = append(cs, cell{name: fmt.Sprintf("silently drops all writes from %d %%", percent), want: record.Failed,
			kept: rest, told: true, untouched: percent == 0,
			order: func(d *Drive) { d.Faults.Drop = within(rest(d)) }})
	}
	return cs
}

func within(rs []record.Range) func(int64) bool {
	return func(off int64) bool {
		for _, r := range rs {
			if record.Size(off) >= r.First && record.Size(off) < r.End {
				return true
			}
		}
		return false
	}
}

func reading() (cs []cell) {
	for _, p := range places {
		cs = append(cs, cell{name: "read error " + p, want: record.Failed, kept: nothing,
			order: func(d *Drive) { d.Faults.ReadError = spots(d)[p] }})
	}
	mangle := func(f func(p, old []byte, off int64)) func(*Drive) {
		return func(d *Drive) { d.Faults.Mangle = f }
	}
	return append(cs,
		cell{name: "reads return old data", want: record.Failed, kept: nothing,
			order: mangle(func(p, old []byte, _ int64) { copy(p, old) })},
		cell{name: "reads return zeros but for one bit", want: record.Failed, kept: nothing,
			order: mangle(func(p, _ []byte, _ int64) { clear(p); p[len(p)/2] = 1 })},
		cell{name: "one bit of one read is wrong", want: record.Failed, kept: nothing,
			order: mangle(func(p, _ []byte, off int64) {
				if off == 0 {
					p[len(p)-1] ^= 0x80
				}
			})},
		cell{name: "reads move nothing", want: record.Failed, kept: nothing,
			order: func(d *Drive) { d.Faults.Hollow = true }},
		cell{name: "reads stop short", want: record.Failed, kept: nothing,
			order: func(d *Drive) {
				d.Faults.Read = func(_ int64, n int) (int, error) { return n - d.LogicalSector(), nil }
			}},
	)
}

func vanishing() (cs []cell) {
	gone := func(d *Drive, percent int64) func(int64, int) (int, error) {
		return func(off int64, n int) (int, error) {
			if off+int64(n) > d.Size()*percent/100 {
				return 0, syscall.ENODEV
			}
			return n, nil
		}
	}
	for _, percent := range []int64{0, 10, 50, 99} {
		cs = append(cs,
			cell{name: fmt.Sprintf("vanishes at %d %% of the pass", percent), want: record.Incomplete,
				untouched: percent <= 10, either: percent > 10, // the first buffer is larger than 10 %
				order: func(d *Drive) { d.Faults.Write = gone(d, percent) }},
			cell{name: fmt.Sprintf("vanishes at %d %% of the read-back", percent), want: record.Incomplete, kept: nothing,
				order: func(d *Drive) { d.Faults.Read = gone(d, percent) }})
	}
	for n, when := range []string{"", "before the read-back", "at the end"} {
		if n > 0 {
			cs = append(cs, cell{name: "vanishes " + when, want: record.Incomplete, kept: nothing,
				order: states(n, func(*record.Opened) error { return syscall.ENODEV })})
		}
	}
	return append(cs, cell{name: "close fails", want: record.Incomplete, kept: nothing,
		order: func(d *Drive) { d.Faults.Close = syscall.EIO }})
}

// states changes what the drive says of itself from the n-th time on.
func states(from int, change func(*record.Opened) error) func(*Drive) {
	return func(d *Drive) {
		d.Faults.State = func(n int, o *record.Opened) error {
			if n < from {
				return nil
			}
			return change(o)
		}
	}
}

// changes are ways in which a drive is not, or no longer, the one planned.
var changes = map[string]func(*record.Opened){
	"another serial":       func(o *record.Opened) { o.Identity.Serial += "X" },
	"another model":        func(o *record.Opened) { o.Identity.Model = "ANOTHER" },
	"another WWN":          func(o *record.Opened) { o.Identity.WWN = "5000c50000000000" },
	"no identity":          func(o *record.Opened) { o.Identity = record.Identity{} },
	"garbage for identity": func(o *record.Opened) { o.Identity.Serial = "\x00\xff\ufffd\u202e" },
	"fewer bytes":          func(o *record.Opened) { o.Size -= record.Size(o.LogicalSector) },
	"more bytes":           func(o *record.Opened) { o.Size += record.Size(o.LogicalSector) },
	"no bytes":             func(o *record.Opened) { o.Size = 0 },
	"other sectors":        func(o *record.Opened) { o.LogicalSector *= 2 },
	"not exclusive":        func(o *record.Opened) { o.Exclusive = false },
	"not past the cache":   func(o *record.Opened) { o.Direct = false },
}

func refusing() (cs []cell) {
	for name, change := range changes {
		cs = append(cs, cell{name: "before open: " + name, want: record.Incomplete, untouched: true,
			order: states(0, func(o *record.Opened) error { change(o); return nil })})
	}
	return append(cs,
		cell{name: "smaller than planned", want: record.Incomplete, untouched: true,
			order: func(d *Drive) { d.Cut(int64(d.LogicalSector())) }},
		cell{name: "larger than planned", want: record.Incomplete, untouched: true,
			order: func(d *Drive) { d.planned.Size -= record.Size(d.LogicalSector()) }},
		cell{name: "larger sectors than planned", want: record.Incomplete, untouched: true,
			order: func(d *Drive) { d.planned.LogicalSector /= 2 }},
		cell{name: "a handle of fewer bytes", want: record.Incomplete, untouched: true,
			order: func(d *Drive) { d.Faults.Handle = -int64(d.LogicalSector()) }},
		cell{name: "cannot be opened", want: record.Incomplete, untouched: true,
			order: func(d *Drive) { d.Faults.Open = errors.New("device or resource busy") }},
		cell{name: "cannot be identified", want: record.Incomplete, untouched: true,
			order: states(0, func(*record.Opened) error { return syscall.EIO })})
}

func changing() (cs []cell) {
	for name, change := range changes {
		if name == "not past the cache" {
			continue // what counts is how it was read back
		}
		cs = append(cs, cell{name: "before closing: " + name, want: record.Unknown, kept: nothing,
			order: states(2, func(o *record.Opened) error { change(o); return nil })})
	}
	return append(cs, cell{name: "read back through the cache", want: record.Unknown, kept: nothing,
		order: states(1, func(o *record.Opened) error { o.Direct = false; return nil })})
}
