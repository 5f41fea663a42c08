package page

import "lethe/certs/record"

// block is a part of a column.
type block func(*setter, record.Record)

// fill sets the blocks into two columns. What drives do by their own commands takes more
// lines than an overwrite: there the columns are balanced, so that it fits on one page.
func fill(a, b *setter, r record.Record, blocks []block) {
	if len(r.Acts) == 0 {
		for _, set := range blocks {
			c := a
			if b.before(a) {
				c = b
			}
			set(c, r)
		}
		return
	}
	in := balance(a.y, b.y, heights(a, r, blocks))
	for i, set := range blocks {
		c := a
		if in[i] {
			c = b
		}
		set(c, r)
	}
}

// heights measures blocks on sheets of their own.
func heights(like *setter, r record.Record, blocks []block) []float64 {
	hs := make([]float64, len(blocks))
	for i, set := range blocks {
		s := *like
		s.sheet, s.page, s.y = &Sheet{Pages: []*Page{{}}}, 0, s.top()
		from := s.y
		set(&s, r)
		hs[i] = s.y - from + float64(s.page)*(bottom-s.top())
	}
	return hs
}

// balance chooses the blocks that go into the second column, so that the longer column
// is as short as it can be; of several choices the first.
func balance(a, b float64, hs []float64) []bool {
	best, at := 0.0, -1
	for n := range 1 << len(hs) {
		ya, yb := a, b
		for i, h := range hs {
			if n>>i&1 != 0 {
				yb += h
			} else {
				ya += h
			}
		}
		if m := max(ya, yb); at < 0 || m < best {
			best, at = m, n
		}
	}
	in := make([]bool, len(hs))
	for i := range hs {
		in[i] = at>>i&1 != 0
	}
	return in
}
