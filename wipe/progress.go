package wipe

import (
	"sync"
	"time"

	"lethe/certs/record"
)

// Meter turns progress reports of one task into what people want to know.
type Meter struct {
	now func() time.Time

	mu      sync.Mutex
	began   time.Time
	since   time.Time // begin of the phase, where it has a pace of its own
	last    time.Time
	lastSum int64
	rate    int64 // bytes a second, smoothed
	seen    Progress
	zones   Zones
	past    []mark // of the last minute, one a second
}

// mark is how far a task was by its zones.
type mark struct {
	at   time.Time
	work float64
}

// NewMeter makes a meter; now is the clock, time.Now when nil.
func NewMeter(now func() time.Time) *Meter {
	if now == nil {
		now = time.Now
	}
	return &Meter{now: now}
}

// Reading is the state of a task for people.
type Reading struct {
	Progress
	Sum     int64         // bytes of all traversals so far
	All     int64         // bytes of all traversals, read-back included
	Rate    int64         // bytes a second, smoothed over about 10 s
	ETA     time.Duration // until the task ends; -1 while unknown
	Elapsed time.Duration
	// Phased is how long this phase of a drive's own command has been under way. Sum,
	// All, Rate and ETA are then of the phase.
	Phased time.Duration
}

// meterSpan is how far back the smoothed rate looks.
const meterSpan = 10 * time.Second

// etaSpan is how far back the time to go looks.
const etaSpan = time.Minute

// Note takes one report.
func (m *Meter) Note(p Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if m.began.IsZero() {
		m.began, m.since, m.last = now, now, now
	}
	if p.Act != m.seen.Act || p.Act != "" && p.Phase != m.seen.Phase {
		// Each phase of a drive's own command has a pace of its own.
		m.since, m.last, m.lastSum, m.rate, m.past, m.zones = now, now, 0, 0, nil, Zones{}
	}
	sum := p.sum()
	if dt := now.Sub(m.last); dt >= 100*time.Millisecond && sum >= m.lastSum {
		r := int64(float64(sum-m.lastSum) / dt.Seconds())
		// Until the span is full the rate is the plain average since the start.
		w := float64(dt) / float64(min(meterSpan, now.Sub(m.since)))
		m.rate += int64(w * float64(r-m.rate))
		m.last, m.lastSum = now, sum
	}
	if p.Zones.known() {
		m.zones, m.past = p.Zones, nil
	}
	m.seen = p
	m.mark(now)
}

// mark notes how far the task is, once a second.
func (m *Meter) mark(now time.Time) {
	w, n := m.zones.work(m.seen), len(m.past)
	if n > 0 && w < m.past[n-1].work {
		m.past, n = nil, 0 // it goes on from further back
	}
	if n > 0 && now.Sub(m.past[n-1].at) < time.Second {
		return
	}
	m.past = append(m.past, mark{now, w})
	for len(m.past) > 2 && now.Sub(m.past[0].at) > etaSpan {
		m.past = m.past[1:]
	}
}

// eta is how long the task still takes if the drive keeps to its zones as it did
// during the last minute, or to the zones alone while it has not begun.
func (m *Meter) eta() time.Duration {
	left := m.zones.all(m.seen) - m.zones.work(m.seen)
	if n := len(m.past); n > 1 && m.past[n-1].work > m.past[0].work {
		left *= m.past[n-1].at.Sub(m.past[0].at).Seconds() / (m.past[n-1].work - m.past[0].work)
	} else if !m.zones.known() {
		return -1
	}
	return time.Duration(left * float64(time.Second))
}

// Read gives the reading now.
func (m *Meter) Read() Reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := Reading{Progress: m.seen, Sum: m.seen.sum(), All: m.seen.all(), Rate: m.rate, ETA: -1}
	if !m.began.IsZero() {
		r.Elapsed, r.Phased = m.now().Sub(m.began), m.now().Sub(m.since)
	}
	if m.rate > 0 || m.zones.known() {
		r.ETA = m.eta()
	}
	return r
}

// sum counts the traversals before this one whole: Of writes, then one read-back.
// Of a drive's own command only the phase under way counts.
func (p Progress) sum() int64 {
	if p.Act != "" {
		return p.Done
	}
	n := p.Pass - 1
	if p.Phase == "check" {
		n = p.Of
	}
	return max(n, 0)*p.Total + p.Done
}

func (p Progress) all() int64 {
	if p.Act != "" {
		return p.Total
	}
	if p.Part > 0 {
		return p.Of*p.Total + p.Part
	}
	return (p.Of + 1) * p.Total
}

// Total is how many bytes a task writes and reads, for estimates; of a sample about
// as many as it asks for. The drive's own commands write and read next to nothing.
func Total(t record.Task) int64 {
	if len(t.Acts) > 0 {
		return 2 * int64(len(t.Acts)) * t.Canaries * t.Device.LogicalSector
	}
	size, part := int64(t.Device.Size), int64(100)
	if n, ok := record.CheckShare(t.Check); ok {
		part = n
	}
	return size*int64(len(t.Passes)) + size/100*part + size%100*part/100
}
