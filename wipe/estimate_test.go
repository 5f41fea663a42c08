package wipe

import (
	"math"
	"testing"
	"time"
)

// simulate runs one pass and its read-back at the speeds of a drive, by place and by
// what was written so far, and returns the worst error of the time to go after the
// first minute while more than a minute is left, and that of the estimate before.
func simulate(size int64, z Zones, speed func(at float64, written int64, check bool) float64) (minute, worst, before float64) {
	now := time.Unix(0, 0)
	m := NewMeter(func() time.Time { return now })
	m.Note(Progress{Phase: "write", Pass: 1, Of: 1, Total: size, Zones: z})
	first := m.Read().ETA
	type said struct{ at, eta time.Duration }
	var all []said
	for _, phase := range []string{"write", "check"} {
		for done := int64(0); done < size; {
			n := min(int64(speed(float64(done)/float64(size), done, phase == "check")/4), size-done)
			done += n
			now = now.Add(250 * time.Millisecond)
			m.Note(Progress{Phase: phase, Pass: 1, Of: 1, Done: done, Total: size})
			all = append(all, said{now.Sub(time.Unix(0, 0)), m.Read().ETA})
		}
	}
	end := all[len(all)-1].at
	off := func(s said) float64 { return math.Abs(float64(s.eta)/float64(end-s.at) - 1) }
	for _, s := range all {
		if s.at < time.Minute || end-s.at < time.Minute {
			continue
		}
		if minute == 0 {
			minute = off(s)
		}
		worst = max(worst, off(s))
	}
	before = math.NaN() // none
	if first >= 0 {
		before = math.Abs(float64(first)/float64(end) - 1)
	}
	return minute, worst, before
}

// rotating is a disk of constant turns: its speed goes with the radius, and the bytes
// below a radius with its square. 270 MB/s outside, 130 inside.
func rotating(at float64, _ int64, _ bool) float64 {
	return math.Sqrt(270e6*270e6 - at*(270e6*270e6-130e6*130e6))
}

// Bar: after the first minute the time to go is within 10 % of the truth, for a disk
// whose zones were measured and for a drive of one speed, with the read-back.
//
// mutant: estimate.go: sum, half := 0.0, float64(size)/2 => z = Zones{1, 1, 1}; sum, half := 0.0, float64(size)/2
// mutant: estimate.go: check := 1.0 => check := 0.0
func TestBarEstimate(t *testing.T) {
	mb := func(v float64) func(float64, int64, bool) float64 {
		return func(float64, int64, bool) float64 { return v * 1e6 }
	}
	cliff := func(_ float64, written int64, check bool) float64 { // SLC of 100 GB at 2 GB/s, then 400 MB/s
		if check || written < 100e9 {
			return 2e9
		}
		return 400e6
	}
	measured := Zones{270e6, int64(rotating(0.5, 0, false)), 130e6}
	for _, c := range []struct {
		name  string
		size  int64
		z     Zones
		speed func(float64, int64, bool) float64
		bar   bool
	}{
		{"disk 4 TB, 270 to 130 MB/s, zones measured", 4e12, measured, rotating, true},
		{"disk 4 TB, zones measured 20 % too fast", 4e12, Zones{measured[0] * 6 / 5, measured[1] * 6 / 5, measured[2] * 6 / 5}, rotating, true},
		{"constant 500 MB/s, 1 TB", 1e12, Zones{}, mb(500), true},
		{"constant 150 MB/s, 100 GB, zones measured", 1e11, Zones{150e6, 150e6, 150e6}, mb(150), true},
		{"disk 4 TB, zones not measured", 4e12, Zones{}, rotating, false},
		{"SSD 1 TB with a cliff after 100 GB", 1e12, Zones{}, cliff, false},
	} {
		minute, worst, before := simulate(c.size, c.z, c.speed)
		t.Logf("%s: off by %.1f %% after a minute, at worst %.1f %%; before the start %.1f %%", c.name, minute*100, worst*100, before*100)
		if c.bar && (minute > 0.1 || worst > 0.1) {
			t.Errorf("%s: more than 10 %%", c.name)
		}
	}
}

// A pause of reports, a task that begins anew, nonsense: never a negative time.
func TestEstimateOfNonsense(t *testing.T) {
	now := time.Unix(0, 0)
	m := NewMeter(func() time.Time { return now })
	for _, p := range []Progress{{}, {Total: -1, Done: 5, Of: 1}, {Pass: 1, Of: 1, Total: 100, Done: 50, Zones: Zones{1, 0, 1}},
		{Pass: 1, Of: 1, Total: 100, Done: 10, Zones: Zones{3, 2, 1}}, {Phase: "check", Pass: 1, Of: 1, Total: 100, Done: 100}} {
		for range 5 {
			m.Note(p)
			now = now.Add(2 * time.Second)
			if r := m.Read(); r.ETA < -1 {
				t.Errorf("%+v: %+v", p, r)
			}
		}
	}
}
