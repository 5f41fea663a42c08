package aesctr

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
)

const (
	blockSize   = aes.BlockSize
	groupBlocks = 32                      // what a vector kernel makes at a time
	groupSize   = groupBlocks * blockSize // 512 bytes, the smallest sector
	// maxGroups bounds one call of a kernel, in which the scheduler and the
	// garbage collector have to wait: 64 KiB are a few microseconds.
	maxGroups = 128
)

// Stream is the key stream of one key and first counter block. Its methods may
// be called concurrently on distinct buffers.
type Stream struct {
	kernel Kernel
	keys   schedule
	block  cipher.Block
	hi, lo uint64 // the first counter block, big endian
}

// New makes the stream of key and first counter block, by the best kernel.
func New(key, counter [16]byte) (*Stream, error) { return newStream(Best(), key, counter) }

func newStream(k Kernel, key, counter [16]byte) (*Stream, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return &Stream{
		kernel: k, keys: expand(key), block: block,
		hi: binary.BigEndian.Uint64(counter[:]), lo: binary.BigEndian.Uint64(counter[8:]),
	}, nil
}

// counter is the counter of one cipher block, as the kernels take it: the low
// word first.
type counter [2]uint64

// at returns the counter of the cipher block that has the stream's byte pos.
func (s *Stream) at(pos uint64) counter {
	lo, carry := bits.Add64(s.lo, pos/blockSize, 0)
	hi, _ := bits.Add64(s.hi, 0, carry) // the counter wraps at 2^128
	return counter{lo, hi}
}

// next returns the counter of the cipher block after that of c.
func (c counter) next() counter {
	lo, carry := bits.Add64(c[0], 1, 0)
	hi, _ := bits.Add64(c[1], 0, carry)
	return counter{lo, hi}
}

// groups returns how many groups, at most one call's, can be made from c on
// before the low word carries, and no more than fit into n bytes.
func (c counter) groups(n int) int {
	return int(min(uint64(n/groupSize), maxGroups, ^c[0]/groupBlocks))
}

// Fill sets dst to the bytes of the stream from byte off, which must not be
// negative.
func (s *Stream) Fill(dst []byte, off int64) {
	if s.kernel == Standard {
		s.fillStandard(dst, off)
		return
	}
	pos := uint64(off)
	for n := 0; len(dst) > 0; dst, pos = dst[n:], pos+uint64(n) {
		c, skip := s.at(pos), pos%blockSize
		if g := c.groups(len(dst)); skip == 0 && g > 0 {
			s.kernel.fill(&s.keys, &c, &dst[0], g)
			n = g * groupSize
			continue
		}
		var part [groupSize]byte
		s.fillGroup(&part, c)
		n = copy(dst, part[skip:])
	}
}

// Check compares src with the bytes of the stream from byte off, which must not
// be negative, and returns the index in src of the first difference, or -1.
func (s *Stream) Check(src []byte, off int64) int {
	if s.kernel == Standard {
		return s.checkStandard(src, off)
	}
	for done := 0; done < len(src); {
		pos, rest := uint64(off)+uint64(done), src[done:]
		c, skip := s.at(pos), pos%blockSize
		if g := c.groups(len(rest)); skip == 0 && g > 0 {
			same := s.kernel.check(&s.keys, &c, &rest[0], g)
			done += same * groupSize
			if same == g {
				continue
			}
			// The kernel says in which group; the byte is found below.
			rest, c = src[done:], s.at(pos+uint64(same)*groupSize)
		}
		var part [groupSize]byte
		s.fillGroup(&part, c)
		n := min(len(rest), groupSize-int(skip))
		for i, b := range part[skip:][:n] {
			if b != rest[i] {
				return done + i
			}
		}
		done += n
	}
	return -1
}

// fillGroup makes one group, also one in which the low word carries.
func (s *Stream) fillGroup(dst *[groupSize]byte, c counter) {
	if c.groups(groupSize) > 0 {
		s.kernel.fill(&s.keys, &c, &dst[0], 1)
		return
	}
	// Once in 2^64 blocks: a buffer of its own, since what a cipher.Block is
	// given goes to the heap.
	var b [blockSize]byte
	for i := 0; i < groupSize; i += blockSize {
		binary.BigEndian.PutUint64(b[:], c[1])
		binary.BigEndian.PutUint64(b[8:], c[0])
		s.block.Encrypt(b[:], b[:])
		copy(dst[i:], b[:])
		c = c.next()
	}
}
