package simata

import (
	"encoding/binary"
	"time"
)

// stretch is how many sectors are written at once where none survives.
const stretch = 2048

// advance lets a run go on up to now, but not past the next fault. It returns the fault
// that struck: "", fail, stuck, cut, reset or vanish.
func (d *Drive) advance(r *Run) string {
	now := d.clock.Now()
	spent := r.Spent + max(now.Sub(r.since), 0)
	r.since = now
	name, at := "", r.Needs
	for _, f := range []struct {
		name    string
		percent int
	}{{"stuck", d.s.Faults.StuckAt}, {"fail", d.s.Faults.FailsAt}, {"vanish", d.s.Faults.VanishesAt},
		{"cut", d.s.Faults.PowerCutAt}, {"reset", d.s.Faults.ResetsAt}} {
		if f.percent > 0 && !d.s.Fired[f.name] {
			if t := r.Needs * time.Duration(f.percent) / 100; spent >= t && t < at {
				name, at = f.name, t
			}
		}
	}
	if name != "" && name != "stuck" {
		d.s.Fired[name] = true
	}
	r.Spent = min(spent, at)
	d.wipe(r)
	d.changed()
	return name
}

// wipe deals with the physical sectors that a run has come to.
func (d *Drive) wipe(r *Run) {
	total := d.physical()
	end := total
	if r.Spent < r.Needs {
		end = min(total, uint64(float64(total)*(float64(r.Spent)/float64(r.Needs))))
	}
	f := d.s.Faults
	if f.ErasesNothing {
		r.Wiped = max(r.Wiped, end)
		return
	}
	whole := f.SurvivePPM == 0 && r.Kind != "normal"
	for r.Wiped < end {
		n := uint64(1)
		if whole {
			n = min(end-r.Wiped, stretch)
			for _, border := range []uint64{r.Limit, d.s.Made.Sectors} {
				if r.Wiped < border {
					n = min(n, border-r.Wiped)
				}
			}
		}
		if d.reaches(r, r.Wiped) {
			_, _ = d.store.WriteAt(d.fill(r, r.Wiped, n), int64(r.Wiped*sector))
		}
		r.Wiped += n
	}
}

// reaches reports whether a run erases a physical sector.
func (d *Drive) reaches(r *Run, n uint64) bool {
	f := d.s.Faults
	if f.LeavesHidden && n >= r.Limit && n < d.s.Made.Sectors {
		return false
	}
	if r.Kind == "normal" && !d.addressed(r, n) {
		return false
	}
	if f.SurvivePPM == 0 {
		return true
	}
	total := d.physical()
	if f.Contiguous {
		keep := (total*uint64(f.SurvivePPM) + 999_999) / 1_000_000
		first := mix(f.SurviveSeed) % (total - min(keep, total-1))
		return n < first || n >= first+keep
	}
	return mix(f.SurviveSeed^mix(n))%1_000_000 >= uint64(f.SurvivePPM)
}

// addressed reports whether a host could address a physical sector when r began. A
// normal SECURITY ERASE UNIT erases no other: neither what was reallocated away nor what
// lies behind the accessible end.
func (d *Drive) addressed(r *Run, n uint64) bool {
	for lba, spare := range d.s.Reallocated {
		if n == lba {
			return false
		}
		if n == d.s.Made.Sectors+spare {
			return lba < r.Limit
		}
	}
	return n < r.Limit
}

// fill is what a run leaves in n sectors from first on.
func (d *Drive) fill(r *Run, first, n uint64) []byte {
	b := make([]byte, n*sector)
	switch r.Kind {
	case "crypto": // what the old ciphertext reads as under a new key
		for i := 0; i < len(b); i += 8 {
			binary.LittleEndian.PutUint64(b[i:], mix(uint64(d.s.Erases)<<48^first*sector^uint64(i)))
		}
	case "overwrite":
		p := r.Pattern
		if r.Invert && r.Passes%2 == 0 {
			p = ^p
		}
		for i := 0; i < len(b); i += 4 {
			binary.BigEndian.PutUint32(b[i:], p)
		}
	case "enhanced":
		for i := range b {
			b[i] = d.s.Made.EnhancedFill
		}
	}
	return b
}

// mix is splitmix64's finaliser: a number that looks like chance and is the same always.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
