package traverse

import "sort"

// Range is a half-open stretch of the medium in bytes: First inclusive, End exclusive.
type Range struct{ First, End int64 }

// Len is the length in bytes.
func (r Range) Len() int64 { return r.End - r.First }

// Set is a set of bytes of the medium, kept as merged ranges in ascending
// order. The zero value is empty.
type Set struct {
	ranges []Range
	bytes  int64
}

// Add puts [first, end) into the set. Touching and overlapping ranges merge.
func (s *Set) Add(first, end int64) {
	if first >= end {
		return
	}
	// i is the first range that touches or follows, j the first beyond.
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].End >= first })
	j := i
	for j < len(s.ranges) && s.ranges[j].First <= end {
		first = min(first, s.ranges[j].First)
		end = max(end, s.ranges[j].End)
		s.bytes -= s.ranges[j].Len()
		j++
	}
	s.bytes += end - first
	if j > i {
		s.ranges[i] = Range{first, end}
		s.ranges = append(s.ranges[:i+1], s.ranges[j:]...)
		return
	}
	s.ranges = append(s.ranges, Range{})
	copy(s.ranges[i+1:], s.ranges[i:])
	s.ranges[i] = Range{first, end}
}

// Bytes is how many bytes the set holds.
func (s *Set) Bytes() int64 { return s.bytes }

// Ranges returns a copy of the merged ranges, in ascending order; nil when empty.
func (s *Set) Ranges() []Range { return append([]Range(nil), s.ranges...) }

// Gaps returns what of [first, size) is not in the set, in ascending order; nil when
// all of it is.
func (s *Set) Gaps(first, size int64) (gaps []Range) {
	at := first
	for _, r := range s.ranges {
		if begin := min(r.First, size); begin > at {
			gaps = append(gaps, Range{at, begin})
		}
		at = max(at, r.End)
	}
	if at < size {
		gaps = append(gaps, Range{at, size})
	}
	return gaps
}

// Reach returns the first byte from first on that is not in the set.
func (s *Set) Reach(first int64) int64 {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].End > first })
	if i == len(s.ranges) || s.ranges[i].First > first {
		return first
	}
	return s.ranges[i].End
}

// touches reports whether r would merge into a range of the set.
func (s *Set) touches(r Range) bool {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].End >= r.First })
	return i < len(s.ranges) && s.ranges[i].First <= r.End
}
