package aesctr

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"sync"
)

// pieceSize is the unit of the standard kernel: with its source and its scratch
// it stays in the first two levels of cache.
const pieceSize = 16 << 10

// zeros is what is enciphered to get the bare key stream, and what the
// difference of two equal streams looks like.
var zeros [pieceSize]byte

// scratch lends pieces to checkStandard, which has no place of its own to
// compare in.
var scratch = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// standard returns crypto/cipher's key stream positioned at byte off.
func (s *Stream) standard(off int64) cipher.Stream {
	var first [blockSize]byte
	c := s.at(uint64(off))
	binary.BigEndian.PutUint64(first[:], c[1])
	binary.BigEndian.PutUint64(first[8:], c[0])
	stream := cipher.NewCTR(s.block, first[:])
	if skip := off % blockSize; skip != 0 {
		stream.XORKeyStream(first[:skip], zeros[:skip])
	}
	return stream
}

func (s *Stream) fillStandard(dst []byte, off int64) {
	stream := s.standard(off)
	for len(dst) > 0 {
		n := min(len(dst), pieceSize)
		stream.XORKeyStream(dst[:n], zeros[:n])
		dst = dst[n:]
	}
}

func (s *Stream) checkStandard(src []byte, off int64) int {
	stream := s.standard(off)
	diff := scratch.Get().(*[pieceSize]byte)
	defer scratch.Put(diff)
	for done := 0; done < len(src); done += pieceSize {
		part := src[done:min(done+pieceSize, len(src))]
		// Enciphering what was read leaves zeros exactly where it equals
		// the key stream: src is read once and nothing goes to memory.
		stream.XORKeyStream(diff[:len(part)], part)
		if bytes.Equal(diff[:len(part)], zeros[:len(part)]) {
			continue
		}
		for i, b := range diff[:len(part)] {
			if b != 0 {
				return done + i
			}
		}
	}
	return -1
}
