package pattern

import "bytes"

// blockSize is the unit in which a uniform stream is copied and compared: it
// stays in the first-level cache, so that making it costs the writing alone.
const blockSize = 16 << 10

// stride is how far apart the bytes are that Check compares: a cache line.
const stride = 64

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
		// The search runs only on a difference.
		if !u.fills(part) {
			return done + firstOther(part, u.value)
		}
	}
	return -1
}

// fills reports whether every byte of p is u's: the first ones are, and every
// other equals the one a stride before. bytes.Equal is vector code, and p is all
// the memory it reads.
func (u *uniform) fills(p []byte) bool {
	n := min(stride, len(p))
	return bytes.Equal(p[:n], u.block[:n]) && bytes.Equal(p[n:], p[:len(p)-n])
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
