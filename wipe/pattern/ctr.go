package pattern

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"
)

// zeros is what is enciphered to get the bare key stream, and what the
// difference of two equal streams looks like.
var zeros [blockSize]byte

// scratch lends blocks to Check, which has no place of its own to compare in.
var scratch = sync.Pool{New: func() any { return new([blockSize]byte) }}

// ctr is the AES-128-CTR key stream.
type ctr struct {
	block  cipher.Block
	hi, lo uint64 // the first counter block, big endian
}

func newCTR(key, iv []byte) (*ctr, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("make %s stream: %w: key of %d bytes, want %d",
			AES128CTR, ErrSpec, len(key), KeySize)
	}
	if len(iv) != 0 && len(iv) != IVSize {
		return nil, fmt.Errorf("make %s stream: %w: iv of %d bytes, want %d",
			AES128CTR, ErrSpec, len(iv), IVSize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make %s stream: %w", AES128CTR, err)
	}
	c := &ctr{block: block}
	if len(iv) != 0 {
		c.hi, c.lo = binary.BigEndian.Uint64(iv), binary.BigEndian.Uint64(iv[8:])
	}
	return c, nil
}

// at returns the key stream positioned at byte offset off.
func (c *ctr) at(off int64) cipher.Stream {
	mustOffset(off)
	var counter [IVSize]byte
	lo, carry := bits.Add64(c.lo, uint64(off)/aes.BlockSize, 0)
	hi, _ := bits.Add64(c.hi, 0, carry) // the counter wraps at 2^128
	binary.BigEndian.PutUint64(counter[:], hi)
	binary.BigEndian.PutUint64(counter[8:], lo)
	s := cipher.NewCTR(c.block, counter[:])
	if skip := off % aes.BlockSize; skip != 0 {
		s.XORKeyStream(counter[:skip], zeros[:skip])
	}
	return s
}

func (c *ctr) Fill(dst []byte, off int64) {
	s := c.at(off)
	for len(dst) > 0 {
		n := min(len(dst), blockSize)
		s.XORKeyStream(dst[:n], zeros[:n])
		dst = dst[n:]
	}
}

func (c *ctr) Check(src []byte, off int64) int {
	s := c.at(off)
	diff := scratch.Get().(*[blockSize]byte)
	defer scratch.Put(diff)
	for done := 0; done < len(src); done += blockSize {
		part := src[done:min(done+blockSize, len(src))]
		// Enciphering what was read leaves zeros exactly where it equals
		// the key stream: src is read once and nothing goes to memory.
		s.XORKeyStream(diff[:len(part)], part)
		if !bytes.Equal(diff[:len(part)], zeros[:len(part)]) {
			return done + firstOther(diff[:len(part)], 0)
		}
	}
	return -1
}
