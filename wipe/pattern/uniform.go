package pattern

import "bytes"

// blockSize is the unit in which streams are made and compared: with its
// source and its scratch it stays in a first-level data cache of 32 KiB or
// spills only to the second level, never to memory.
const blockSize = 16 << 10

// uniform is a stream of one byte.
type uniform struct {
	value byte
	block [blockSize]byte
}

func newUniform(value byte) *uniform {
	u := &uniform{value: value}
	for i := range u.block {
		u.block[i] = value
	}
	return u
}

func (u *uniform) Fill(dst []byte, off int64) {
	mustOffset(off)
	for len(dst) > 0 {
		dst = dst[copy(dst, u.block[:]):]
	}
}

func (u *uniform) Check(src []byte, off int64) int {
	mustOffset(off)
	for done := 0; done < len(src); done += blockSize {
		part := src[done:min(done+blockSize, len(src))]
		// bytes.Equal is vector code; the search runs only on a difference.
		if !bytes.Equal(part, u.block[:len(part)]) {
			return done + firstOther(part, u.value)
		}
	}
	return -1
}

// firstOther returns the index of the first byte of p that is not value.
func firstOther(p []byte, value byte) int {
	for i, b := range p {
		if b != value {
			return i
		}
	}
	return -1
}
