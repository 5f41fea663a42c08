// Package canary decides where known bytes are written before one of the drive's own
// erase commands, and which, so that looking for them afterwards can disprove that it
// worked. It is pure: whoever holds the seed derives places and bytes again, the judge
// and an auditor with openssl too (certs/record/FORMAT.md §10).
//
// Canaries disprove, they raise no method: that they are gone shows that reads no longer
// return them, not that the medium has lost them.
package canary

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"lethe/wipe/verify/sample"
)

// Default is how many places are drawn where nobody asks for more: with 6,905
// independent places a part of 1/1000 of the medium that survives is missed in one of a
// thousand drawings, (1 - 0.001)^6905 < 0.001.
const Default = 6905

// Most is the largest number of places that can be drawn.
const Most = 1 << 24

// SeedSize is the length of a seed in bytes.
const SeedSize = sample.SeedSize

// ErrNoPlaces says that no canaries can be placed on such a medium.
var ErrNoPlaces = errors.New("no canaries can be placed")

// Places are the first bytes of the sectors that bear a canary, ascending: n sectors
// drawn from the seed, no two the same, each as likely as any other, and the first and
// the last sector besides. A medium of n+2 sectors or fewer bears one in every sector.
// round counts the acts from 0: each has places of its own. size and sector are in
// bytes, sector a multiple of 512. Errors wrap ErrNoPlaces.
func Places(size, sector, n int64, round int, seed []byte) ([]int64, error) {
	if sector < 512 || sector%512 != 0 || size <= 0 || size%sector != 0 || n < 1 || n > Most || round < 0 || round > 255 || len(seed) != SeedSize {
		return nil, fmt.Errorf("%w: %d places on %d bytes in sectors of %d, act %d, %d bytes of seed", ErrNoPlaces, n, size, sector, round, len(seed))
	}
	sectors := size / sector
	drawn := make([]int64, 0, n+2)
	if sectors <= n+2 {
		for i := range sectors {
			drawn = append(drawn, i*sector)
		}
		return drawn, nil
	}
	taken := map[int64]bool{0: true, sectors - 1: true}
	next := chance(seed, round)
	for int64(len(taken)) < n+2 {
		taken[int64(next(uint64(sectors)))] = true
	}
	for i := range taken {
		drawn = append(drawn, i*sector)
	}
	slices.Sort(drawn)
	return drawn, nil
}

// chance gives the 16-byte blocks of the seed's key stream, from the counter block
// "lethe canary", round, 0 0 0 on, each as a number, most significant byte first,
// and of it the remainder by n. A remainder that leads to a sector that is taken is
// passed over by the caller.
func chance(seed []byte, round int) func(n uint64) uint64 {
	block, err := aes.NewCipher(seed)
	if err != nil {
		panic("internal error: seed of a canary: " + err.Error()) // its length was checked
	}
	iv := append([]byte("lethe canary"), byte(round), 0, 0, 0)
	ctr := cipher.NewCTR(block, iv)
	return func(n uint64) uint64 {
		var b [aes.BlockSize]byte
		ctr.XORKeyStream(b[:], b[:])
		hi, lo := binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
		_, r := bits.Div64(hi%n, lo, n)
		return r
	}
}

// Key is the key of the canaries' bytes: a sector that begins at byte off bears
// AES-128-CTR under it from counter block off/16 on. It is the first half of the
// SHA-256 of "lethe canary", the round as one byte, and the seed.
func Key(round int, seed []byte) (key [16]byte) {
	h := sha256.Sum256(append(append([]byte("lethe canary"), byte(round)), seed...))
	copy(key[:], h[:])
	return key
}

// Bound is what places without a find show: less than so many hundredths of a percent
// of the medium still hold what they held, at 99.9 % confidence; 0 where every sector
// was looked at. places counts the drawn ones.
func Bound(size, sector, places int64) int64 {
	if sector > 0 && size/sector <= places+2 {
		return 0
	}
	return sample.Bound(places)
}
