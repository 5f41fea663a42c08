package traverse

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	progressEvery = 100 * time.Millisecond
	stretches     = 16
)

// account adds up ended transfers and tells the listener. It belongs to the
// goroutine that called Run.
type account struct {
	m                        Medium
	begin                    int64
	left                     int64 // bytes that are not carried over: in setld from the start
	progress                 func(int64)
	stretch                  func(int64, int64)
	good, bad, differ, setld Set
	differSum                int64
	first                    error
	told                     time.Time // when progress was last told
	toldDone                 int64
	passed                   int64 // stretches told
	through                  func(int64)
	reached                  int64 // what through was told
}

func newAccount(m Medium, o Options) account {
	a := account{m: m, begin: o.First, progress: o.Progress, stretch: o.Stretch, through: o.Through, reached: o.First}
	var only Set
	for _, p := range m.parts(o.First) {
		only.Add(p.First, p.End)
	}
	for _, gap := range only.Gaps(o.First, m.Size) {
		a.setld.Add(gap.First, gap.End)
	}
	a.left = a.setld.Bytes()
	return a
}

// done is how much of what is carried over is settled, in bytes, with what lies before
// the beginning.
func (a *account) done() int64 { return a.begin + a.setld.Bytes() - a.left }

// upTo is the first byte that is to be carried over and was not.
func (a *account) upTo() int64 {
	good := a.good.ranges
	for _, p := range a.m.parts(a.begin) {
		for len(good) > 0 && good[0].End <= p.First {
			good = good[1:]
		}
		if len(good) == 0 || good[0].First > p.First {
			return p.First
		}
		if good[0].End < p.End {
			return good[0].End
		}
	}
	return a.m.Size
}

func (a *account) add(t *Transfer) {
	for _, r := range t.good {
		a.good.Add(r.First, r.End)
		a.setld.Add(r.First, r.End)
	}
	for _, r := range t.bad {
		a.bad.Add(r.First, r.End)
		a.setld.Add(r.First, r.End)
	}
	for _, r := range t.differ {
		a.differSum += r.Len()
		if len(a.differ.ranges) < MaxRanges || a.differ.touches(r) {
			a.differ.Add(r.First, r.End)
		}
	}
	if a.first == nil {
		a.first = t.first
	}
	a.tell()
}

// tell calls the listeners where there is news.
func (a *account) tell() {
	if now := time.Now(); a.progress != nil && now.Sub(a.told) >= progressEvery {
		a.told, a.toldDone = now, a.done()
		a.progress(a.toldDone)
	}
	if x := a.good.Reach(a.begin); a.through != nil && x > a.reached {
		a.reached = x
		a.through(x)
	}
	if a.stretch == nil {
		return
	}
	through, from := a.setld.Reach(a.begin), a.bound(a.passed)
	for a.passed < stretches && a.bound(a.passed+1) <= through {
		a.passed++
		if to := a.bound(a.passed); to > from {
			a.stretch(from, to)
			from = to
		}
	}
}

// bound is where the k-th sixteenth of the way ends, on a sector.
func (a *account) bound(k int64) int64 {
	sector := int64(a.m.Sector)
	sectors := (a.m.Size - a.begin) / sector
	return a.begin + (sectors/stretches*k+sectors%stretches*k/stretches)*sector
}

// report closes the account.
func (a *account) report(cause error, stuck int) Report {
	if done := a.done(); a.progress != nil && done != a.toldDone {
		a.progress(done)
	}
	r := Report{
		Size: a.m.Size,
		Good: a.good.Ranges(), GoodBytes: a.good.Bytes(), Through: a.upTo(),
		Bad: a.bad.Ranges(), Unreached: a.setld.Gaps(a.begin, a.m.Size), Differ: a.differ.Ranges(), DifferSum: a.differSum,
		FirstError: a.first, Stuck: stuck,
	}
	if a.setld.Bytes() == a.m.Size-a.begin {
		return r // whatever stopped it came too late to matter
	}
	if errors.Is(cause, ErrTooMany) || errors.Is(cause, ErrErrorTime) {
		cause = fmt.Errorf("%w; not reached: %s", cause, inLBA(r.Unreached, a.m.Sector))
	}
	r.Stopped = cause
	if stuck > 0 {
		r.Stopped = &stuckError{cause: cause, transfers: stuck}
	}
	return r
}

// inLBA says ranges in words, by their first and last sectors.
func inLBA(rs []Range, sector int) string {
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = fmt.Sprintf("LBA %d to %d", r.First/int64(sector), r.End/int64(sector)-1)
	}
	return strings.Join(words, ", ")
}
