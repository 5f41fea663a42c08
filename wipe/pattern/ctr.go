package pattern

import (
	"fmt"

	"lethe/wipe/pattern/internal/aesctr"
)

// ctr is the AES-128-CTR key stream.
type ctr struct{ stream *aesctr.Stream }

func newCTR(key, iv []byte) (*ctr, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("make %s stream: %w: key of %d bytes, want %d",
			AES128CTR, ErrSpec, len(key), KeySize)
	}
	if len(iv) != 0 && len(iv) != IVSize {
		return nil, fmt.Errorf("make %s stream: %w: iv of %d bytes, want %d",
			AES128CTR, ErrSpec, len(iv), IVSize)
	}
	var first [IVSize]byte
	copy(first[:], iv)
	s, err := aesctr.New([KeySize]byte(key), first)
	if err != nil {
		return nil, fmt.Errorf("make %s stream: %w", AES128CTR, err)
	}
	return &ctr{s}, nil
}

func (c *ctr) Fill(dst []byte, off int64) {
	mustOffset(off)
	c.stream.Fill(dst, off)
}

func (c *ctr) Check(src []byte, off int64) int {
	mustOffset(off)
	return c.stream.Check(src, off)
}

// Kernel names the instructions by which this machine makes the keyed stream:
// "VAES+AVX-512", "VAES+AVX2", or "crypto/aes" for the standard library's way.
// All make the same bytes.
func Kernel() string { return aesctr.Best().String() }
