package pattern

import (
	"fmt"
	"slices"
	"sort"
)

// Piece is a stream up to an offset.
type Piece struct {
	End    int64 // exclusive, in bytes
	Stream Stream
}

// pieces is one stream that is another from offset to offset.
type pieces []Piece

// Pieces makes one stream of several: each holds from where the one before ended, the
// first from 0, the last for ever. Every byte is that of its own stream at its own
// offset. Errors wrap [ErrSpec].
func Pieces(ps ...Piece) (Stream, error) {
	if len(ps) == 0 {
		return nil, fmt.Errorf("make stream of pieces: %w: there is none", ErrSpec)
	}
	at := int64(0)
	for _, p := range ps {
		if p.Stream == nil || p.End <= at {
			return nil, fmt.Errorf("make stream of pieces: %w: %d to %d", ErrSpec, at, p.End)
		}
		at = p.End
	}
	return pieces(slices.Clone(ps)), nil
}

// Fill implements Stream.
func (s pieces) Fill(dst []byte, off int64) {
	s.each(len(dst), off, func(t Stream, from, to int) bool {
		t.Fill(dst[from:to], off+int64(from))
		return true
	})
}

// Check implements Stream.
func (s pieces) Check(src []byte, off int64) int {
	at := -1
	s.each(len(src), off, func(t Stream, from, to int) bool {
		if i := t.Check(src[from:to], off+int64(from)); i >= 0 {
			at = from + i
		}
		return at < 0
	})
	return at
}

// each calls f for the parts of n bytes at off that are of one stream.
func (s pieces) each(n int, off int64, f func(t Stream, from, to int) bool) {
	mustOffset(off)
	i := min(sort.Search(len(s), func(i int) bool { return s[i].End > off }), len(s)-1)
	for from := 0; from < n; i++ {
		to := n
		if i < len(s)-1 {
			to = int(min(int64(n), s[i].End-off))
		}
		if !f(s[i].Stream, from, to) {
			return
		}
		from = to
	}
}
