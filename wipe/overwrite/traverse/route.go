package traverse

import "sort"

// route numbers the buffers' places on the parts of a medium, in ascending order.
// A place never reaches from one part into another.
type route struct {
	parts  []Range
	before []int64 // how many places lie in the parts before this one; one more at the end
	buffer int64
}

func newRoute(parts []Range, buffer int) route {
	r := route{parts: parts, buffer: int64(buffer)}
	r.before = make([]int64, 1, len(r.parts)+1)
	for i, p := range r.parts {
		r.before = append(r.before, r.before[i]+(p.Len()+r.buffer-1)/r.buffer)
	}
	return r
}

// places is how many there are.
func (r route) places() int64 { return r.before[len(r.parts)] }

// at is where place n lies; ok is false behind the last.
func (r route) at(n int64) (p Range, ok bool) {
	if n >= r.places() {
		return Range{}, false
	}
	i := sort.Search(len(r.parts), func(i int) bool { return r.before[i+1] > n })
	part := r.parts[i]
	first := part.First + (n-r.before[i])*r.buffer
	return Range{first, min(first+r.buffer, part.End)}, true
}
