package traverse

import (
	"slices"
	"sort"
)

// route numbers the buffers' places on the parts of a medium. A place never reaches
// from one part into another. Of a medium with lanes the places go round the lanes, in
// ascending order in each.
type route struct {
	lanes  []lane
	rounds []round
}

// lane numbers the places of one lane, in ascending order.
type lane struct {
	parts  []Range
	before []int64 // how many places lie in the parts before this one; one more at the end
	buffer int64
}

// round is the part of a route in which the same lanes have places left.
type round struct {
	first int64 // its first place
	done  int64 // places of each of these lanes before it
	lanes []int
}

// newRoute cuts the parts at the offsets where lanes begin, which are ascending.
func newRoute(parts []Range, begins []int64, buffer int) route {
	var r route
	for _, end := range append(slices.Clone(begins), parts[len(parts)-1].End) {
		var own []Range
		for len(parts) > 0 && parts[0].End <= end {
			own, parts = append(own, parts[0]), parts[1:]
		}
		if len(parts) > 0 && parts[0].First < end {
			own = append(own, Range{parts[0].First, end})
			parts = append([]Range{{end, parts[0].End}}, parts[1:]...)
		}
		if len(own) > 0 {
			r.lanes = append(r.lanes, newLane(own, buffer))
		}
	}
	for at := (round{}); ; {
		at.lanes = nil
		least := int64(0)
		for i, l := range r.lanes {
			if n := l.places(); n > at.done {
				at.lanes = append(at.lanes, i)
				if least == 0 || n < least {
					least = n
				}
			}
		}
		r.rounds = append(r.rounds, at)
		if len(at.lanes) == 0 {
			return r
		}
		at.first, at.done = at.first+(least-at.done)*int64(len(at.lanes)), least
	}
}

// places is how many there are.
func (r route) places() int64 { return r.rounds[len(r.rounds)-1].first }

// at is where place n lies; ok is false behind the last.
func (r route) at(n int64) (p Range, ok bool) {
	if n >= r.places() {
		return Range{}, false
	}
	i := sort.Search(len(r.rounds), func(i int) bool { return r.rounds[i].first > n }) - 1
	now, beside := r.rounds[i], int64(len(r.rounds[i].lanes))
	n -= now.first
	return r.lanes[now.lanes[n%beside]].at(now.done + n/beside), true
}

func newLane(parts []Range, buffer int) lane {
	l := lane{parts: parts, buffer: int64(buffer)}
	l.before = make([]int64, 1, len(l.parts)+1)
	for i, p := range l.parts {
		l.before = append(l.before, l.before[i]+(p.Len()+l.buffer-1)/l.buffer)
	}
	return l
}

// places is how many there are.
func (l lane) places() int64 { return l.before[len(l.parts)] }

// at is where place n lies, one of those there are.
func (l lane) at(n int64) Range {
	i := sort.Search(len(l.parts), func(i int) bool { return l.before[i+1] > n })
	part := l.parts[i]
	first := part.First + (n-l.before[i])*l.buffer
	return Range{first, min(first+l.buffer, part.End)}
}
