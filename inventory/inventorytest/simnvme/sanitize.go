package simnvme

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// operation is a sanitize under way.
type operation struct {
	Dword10 uint32        `json:"dword10"`
	Pattern uint32        `json:"pattern"`
	Takes   time.Duration `json:"takes"` // altogether
	Spent   time.Duration `json:"spent"` // before Since
	Since   time.Time     `json:"since"` // zero without power
	Done    int64         `json:"done"`  // bytes of the medium erased in the last pass
	Stuck   bool          `json:"stuck"`
}

func (o *operation) action() uint32 { return o.Dword10 & 7 }
func (o *operation) keeps() bool    { return o.Dword10>>9&1 != 0 }

func (o *operation) passes() int {
	if o.action() != 3 {
		return 1
	}
	if n := int(o.Dword10 >> 4 & 0xf); n != 0 {
		return n
	}
	return 16
}

func (o *operation) spent(now time.Time) time.Duration {
	if o.Since.IsZero() {
		return o.Spent
	}
	return o.Spent + now.Sub(o.Since)
}

// share is how much is done, of 65,536.
func (o *operation) share(now time.Time) int64 {
	if o.Takes <= 0 {
		return 65536
	}
	return min(int64(o.spent(now))*65536/int64(o.Takes), 65536)
}

const (
	actExit      = 1
	actBlock     = 2
	actOverwrite = 3
	actCrypto    = 4
)

// sanitize takes the Sanitize command (84h).
func (d *Subsystem) sanitize(e *Entry) uint16 {
	f, dw, act := d.s.Faults, e.dword(10), e.dword(10)&7
	can := map[uint32]uint32{actCrypto: 1, actBlock: 2, actOverwrite: 4}[act]
	switch {
	case d.s.Config.Sanicap == 0 || f.Unsupported:
		return invalidOpcode
	case f.Reject != 0:
		return f.Reject
	case d.locked():
		return accessDenied
	case d.s.Running != nil:
		return sanitizing
	case act == actExit && d.s.Status == 3 && d.s.Open:
		d.s.Status = 0 // idle again, and nothing is said to be erased
		return ok
	case act == actExit && d.s.Status == 3:
		return sanitizeFailed
	case act == actExit:
		return ok
	case d.s.Config.Sanicap&can == 0:
		return invalidField
	case dw>>9&1 != 0 && d.s.Config.Sanicap>>29&1 != 0 && !d.s.NoDRM:
		return invalidField // No-Deallocate Inhibited
	}
	d.log = append(d.log, "sanitize")
	d.s.Taken = true
	if f.Stale {
		d.s.Status, d.s.Dword10 = 1, pick(f.StaleDword, dw)
		return ok
	}
	takes := d.s.Config.Takes
	o := &operation{Dword10: dw, Pattern: e.dword(11), Since: d.clock.Now(), Stuck: f.StuckAt != 0}
	switch act {
	case actBlock:
		o.Takes = takes.Block
	case actCrypto:
		o.Takes = takes.Crypto
	case actOverwrite:
		o.Takes = takes.Overwrite * time.Duration(o.passes())
	}
	d.s.Running, d.s.Status, d.s.Passes, d.s.Dword10, d.s.Erased = o, 2, 0, dw, false
	d.s.Open = dw>>3&1 != 0
	return ok
}

func pick(a, b uint32) uint32 {
	if a != 0 {
		return a
	}
	return b
}

// percent is how far the operation under way is, or 100 once one was taken.
func (d *Subsystem) percent() int {
	switch {
	case d.s.Running != nil:
		return int(d.s.Running.share(d.clock.Now()) * 100 / 65536)
	case d.s.Taken:
		return 100
	}
	return 0
}

// advance does the work that the time gone by was for.
func (d *Subsystem) advance() {
	o, now := d.s.Running, d.clock.Now()
	if o == nil || o.Since.IsZero() {
		return
	}
	f, share := d.s.Faults, o.share(now)
	if o.Stuck {
		share = min(share, int64(f.StuckAt))
	}
	for _, at := range []int{f.PowerCutAt, f.VanishAt} { // no further than where power goes
		if at > 0 && (at != f.PowerCutAt || !contains(d.s.Fired, "power")) {
			share = min(share, int64(at)*65536/100)
		}
	}
	failed := f.FailAt > 0 && share >= int64(f.FailAt)*65536/100
	if failed {
		share = int64(f.FailAt) * 65536 / 100
	}
	// Overwrite passes follow each other; the medium holds the last one begun.
	total := d.s.Config.Capacity
	work := share * int64(o.passes())
	d.s.Passes = byte(min(work/65536, 31))
	if o.action() != actOverwrite {
		d.s.Passes = 0
	}
	end := total
	if share < 65536 && o.passes() == 1 {
		end = total * share / 65536 / unit * unit
	}
	if end > o.Done {
		d.erase(extent{o.Done, end}, o)
		o.Done = end
	}
	switch {
	case failed:
		d.s.Status, d.s.Running = 3, nil
	case share == 65536:
		d.finish(o)
	}
}

func contains(s []string, x string) bool {
	for _, y := range s {
		if y == x {
			return true
		}
	}
	return false
}

func (d *Subsystem) finish(o *operation) {
	d.s.Running, d.s.Status, d.s.Erased = nil, 1, true
	if o.keeps() && d.s.Faults.Forced {
		d.s.Status = 4
		d.s.Freed = d.s.Freed.with(extent{0, d.s.Config.Capacity})
	}
}

// unit is what survives or is erased as one.
const unit = 4096

// survives reports whether the unit at off keeps its data.
func (d *Subsystem) survives(off int64) bool {
	n, units := int64(d.s.Faults.Survives), d.s.Config.Capacity/unit
	i := off / unit
	if n == 0 {
		return false
	}
	some := max(units*n/1000, 1)
	if d.s.Faults.Contiguous {
		return i >= units/2 && i < units/2+some
	}
	step := max(units/some, 1)
	return i%step == step/2 && i/step < some
}

// erase does what the operation does to a stretch of the medium.
func (d *Subsystem) erase(x extent, o *operation) {
	f := d.s.Faults
	if f.NothingErased {
		return
	}
	for off := x.First; off < x.End; off += unit {
		if d.survives(off) {
			continue
		}
		u := extent{off, min(off+unit, x.End)}
		if !f.DeallocateOnly {
			d.fill(u, o)
		}
		if !o.keeps() || f.DeallocateOnly {
			d.s.Freed = d.s.Freed.with(u)
		} else {
			d.s.Freed = d.s.Freed.without(u)
		}
	}
}

func (d *Subsystem) fill(u extent, o *operation) {
	p := make([]byte, u.End-u.First)
	switch o.action() {
	case actCrypto: // what was written reads as noise under another key
		d.noise(p, u.First, d.s.Key+1)
	case actOverwrite:
		pattern := o.Pattern
		if o.Dword10>>8&1 != 0 && o.passes()%2 == 0 {
			pattern = ^pattern
		}
		for i := 0; i+4 <= len(p); i += 4 {
			binary.LittleEndian.PutUint32(p[i:], pattern)
		}
	default:
		for i := range p {
			p[i] = 0xff // erased flash
		}
	}
	d.must(d.medium.WriteAt(p, u.First))
}

func (d *Subsystem) noise(p []byte, off int64, key uint64) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], key)
	binary.LittleEndian.PutUint64(seed[8:], uint64(off))
	_, _ = rand.NewChaCha8(seed).Read(p)
}

// rekey replaces the media key at once.
func (d *Subsystem) rekey() {
	d.s.Taken = true
	d.erase(extent{0, d.s.Config.Capacity}, &operation{Dword10: actCrypto | 1<<9})
	d.s.Key++
}

func (d *Subsystem) must(_ int, err error) {
	if err != nil {
		panic("simulated drive: its store failed: " + err.Error())
	}
}
