// Package pattern makes and checks the bytes an overwrite puts on a medium.
//
// A [Stream] is a function of the offset alone: any part of it can be made
// again, in any order, on any machine. The keyed stream is AES-128 in counter
// mode over zeros, so that
//
//	openssl enc -aes-128-ctr -K KEY -iv IV -in /dev/zero
//
// prints the very same bytes, and whoever knows the key can check a medium
// without any code of ours.
//
// The package opens nothing and keeps no state besides the key.
package pattern

import (
	"errors"
	"fmt"
)

// The kinds of stream. The words are those of the record.
const (
	Zero      = "zero"        // every byte 00h
	Byte      = "byte"        // every byte Spec.Byte
	AES128CTR = "aes-128-ctr" // NIST SP 800-38A §6.5, 128-bit big-endian counter
)

// ErrSpec says that a Spec cannot be made into a Stream.
var ErrSpec = errors.New("pattern is not usable")

// Spec describes a stream completely: equal specs give equal bytes.
type Spec struct {
	Kind string // Zero, Byte or AES128CTR
	Byte byte   // the byte of kind Byte
	Key  []byte // 16 bytes for AES128CTR, else empty
	IV   []byte // first counter block: 16 bytes, or empty for sixteen zeros
}

// Stream is an endless, seekable run of bytes. Its methods may be called
// concurrently on distinct buffers.
type Stream interface {
	// Fill sets dst to the bytes of the stream from byte offset off, which
	// must not be negative.
	Fill(dst []byte, off int64)
	// Check compares src with the bytes of the stream from byte offset off
	// and returns the index in src of the first difference, or -1.
	Check(src []byte, off int64) int
}

// New makes the stream that s describes. Errors wrap [ErrSpec].
func New(s Spec) (Stream, error) {
	switch s.Kind {
	case Zero, Byte:
		if len(s.Key) != 0 || len(s.IV) != 0 {
			return nil, fmt.Errorf("make %s stream: %w: it takes no key", s.Kind, ErrSpec)
		}
		if s.Kind == Zero && s.Byte != 0 {
			return nil, fmt.Errorf("make zero stream: %w: byte %02xh given", ErrSpec, s.Byte)
		}
		return newUniform(s.Byte), nil
	case AES128CTR:
		return newCTR(s.Key, s.IV)
	}
	return nil, fmt.Errorf("make %q stream: %w: no such kind", s.Kind, ErrSpec)
}

// IsUniform reports whether every byte of s is the same, so that a buffer
// filled once serves at every offset.
func IsUniform(s Stream) bool {
	_, ok := s.(*uniform)
	return ok
}

// mustOffset guards the one way to call a stream wrongly.
func mustOffset(off int64) {
	if off < 0 {
		panic("pattern: negative offset")
	}
}
