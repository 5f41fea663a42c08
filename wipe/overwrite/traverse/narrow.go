package traverse

// The sizes, in bytes, that a failed buffer is cut into, one after the other;
// the last cut is by the sector. Few and far apart, since a failing command may
// cost the drive and the kernel's error handling many seconds and one that
// succeeds costs milliseconds: a bad sector of a 1 MiB buffer fails once in the
// buffer, once in a strip, as often as Options.Retries allows in a block, and
// once by itself.
const (
	strip = 64 << 10
	// block is the physical sector of a 512e drive. It is what is tried again:
	// on a part of it the drive has to read before it writes, and fails where a
	// whole write would heal.
	block = 4096
)

// narrow moves the parts of p, which failed as a whole, and gives up on the
// sectors that cannot be moved.
func (t *Transfer) narrow(do IO, p []byte, off int64) {
	defer t.budget.spent(t.budget.now())
	t.cut(p, off, strip, func(p []byte, off int64) bool {
		return t.try(do, p, off, 1) || t.cut(p, off, block, func(p []byte, off int64) bool {
			return t.try(do, p, off, t.tries) || t.sectors(do, p, off)
		})
	})
}

// sectors moves the sectors of a block that failed as often as it may. None is
// tried again: each had its tries with the block.
func (t *Transfer) sectors(do IO, p []byte, off int64) bool {
	return t.cut(p, off, t.sector, func(s []byte, at int64) bool {
		if len(s) < len(p) && t.try(do, s, at, 1) {
			return true
		}
		if t.over() {
			return false
		}
		t.bad = append(t.bad, Range{at, at + int64(len(s))})
		t.budget.giveUp()
		return true
	})
}

// cut calls move for the pieces of p between multiples of unit bytes, or of one
// sector where that is more. Move and cut report whether to go on: false once
// something ended the traversal.
func (t *Transfer) cut(p []byte, off int64, unit int, move func([]byte, int64) bool) bool {
	u := int64(max(unit/t.sector, 1) * t.sector)
	for len(p) > 0 {
		n := int(min((off/u+1)*u-off, int64(len(p))))
		if t.over() || !move(p[:n], off) {
			return false
		}
		p, off = p[n:], off+int64(n)
	}
	return true
}

// try moves p, in at most n attempts.
func (t *Transfer) try(do IO, p []byte, off int64, n int) bool {
	for range n {
		if t.over() {
			return false
		}
		if t.attempt(do, p, off) {
			return true
		}
	}
	return false
}

// over reports whether the traversal is to stop, and notes why.
func (t *Transfer) over() bool {
	if t.fatal == nil {
		t.fatal = t.budget.err()
	}
	return t.fatal != nil || t.ctx.Err() != nil
}
