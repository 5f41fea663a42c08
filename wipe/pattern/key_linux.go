package pattern

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// NewKey draws a key from getrandom(2), waiting until the kernel's generator
// is seeded: a machine that has just booted must not erase with a guessable key.
func NewKey() ([KeySize]byte, error) {
	var key [KeySize]byte
	for got := 0; got < KeySize; {
		n, err := unix.Getrandom(key[got:], 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return [KeySize]byte{}, fmt.Errorf("draw key: %w", err)
		}
		got += n
	}
	return key, nil
}
