package simnvme

import "slices"

// extent is a stretch of bytes of the medium, end exclusive.
type extent struct {
	First int64 `json:"first"`
	End   int64 `json:"end"`
}

// extents are stretches in order that do not touch.
type extents []extent

func (e extents) without(x extent) (out extents) {
	for _, y := range e {
		if y.First < x.First {
			out = append(out, extent{y.First, min(y.End, x.First)})
		}
		if y.End > x.End {
			out = append(out, extent{max(y.First, x.End), y.End})
		}
	}
	return slices.DeleteFunc(out, func(y extent) bool { return y.First >= y.End })
}

func (e extents) with(x extent) extents {
	if x.First >= x.End {
		return e
	}
	for _, y := range e {
		if y.First <= x.End && x.First <= y.End {
			x = extent{min(x.First, y.First), max(x.End, y.End)}
		}
	}
	out := append(e.without(x), x)
	slices.SortFunc(out, func(a, b extent) int { return int(min(max(a.First-b.First, -1), 1)) })
	return out
}

// each calls f for every part of x, and says whether e has it.
func (e extents) each(x extent, f func(part extent, in bool)) {
	for _, y := range e {
		if y.End <= x.First || y.First >= x.End {
			continue
		}
		if x.First < y.First {
			f(extent{x.First, y.First}, false)
		}
		f(extent{max(x.First, y.First), min(x.End, y.End)}, true)
		x.First = min(x.End, y.End)
	}
	if x.First < x.End {
		f(x, false)
	}
}
