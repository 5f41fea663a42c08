package scratch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
)

// Memory is a 64-bit hash of every sector of a drive, and whether the sector was
// the same byte throughout. Equal sectors always have equal hashes, so a drive
// that kept data cannot pass; two different ones collide once in 2^64.
type Memory struct {
	seed   maphash.Seed
	hashes []uint64
	varied map[uint64]bool // hashes of the sectors that were not uniform
}

// Remains is what a drive still holds of what it held.
type Remains struct {
	Sectors int `json:"sectors"` // compared
	Same    int `json:"same"`    // equal to what stood in the same place
	Moved   int `json:"moved"`   // equal to some old sector, wherever it stood, uniform ones left out
}

// Gone reports that nothing is left and that everything was looked at.
func (r Remains) Gone() bool { return r.Sectors > 0 && r.Same == 0 && r.Moved == 0 }

// String is the finding in words.
func (r Remains) String() string {
	if r.Gone() {
		return fmt.Sprintf("gone: 0 of %d sectors are as they were", r.Sectors)
	}
	return fmt.Sprintf("NOT GONE: %d of %d sectors are as they were, %d old ones found again", r.Same, r.Sectors, r.Moved)
}

// ErrSize says that a drive has not as many sectors as it had.
var ErrSize = errors.New("the drive has another size than before")

// Remember reads a whole drive.
func Remember(path string) (Memory, error) {
	m := Memory{seed: maphash.MakeSeed(), varied: map[uint64]bool{}}
	err := sectors(path, func(_ int, p []byte) {
		h := maphash.Bytes(m.seed, p)
		m.hashes = append(m.hashes, h)
		if !uniform(p) {
			m.varied[h] = true
		}
	})
	return m, err
}

// Compare reads the drive again and counts what is as it was.
func (m Memory) Compare(path string) (Remains, error) {
	var r Remains
	err := sectors(path, func(i int, p []byte) {
		h := maphash.Bytes(m.seed, p)
		r.Sectors++
		if i < len(m.hashes) && h == m.hashes[i] {
			r.Same++
		}
		if m.varied[h] {
			r.Moved++
		}
	})
	if err == nil && r.Sectors != len(m.hashes) {
		err = fmt.Errorf("%w: %d sectors, had %d", ErrSize, r.Sectors, len(m.hashes))
	}
	return r, err
}

// Kept returns the numbers of the first limit sectors that are as they were.
func (m Memory) Kept(path string, limit int) (kept []int64, err error) {
	err = sectors(path, func(i int, p []byte) {
		if i < len(m.hashes) && len(kept) < limit && maphash.Bytes(m.seed, p) == m.hashes[i] {
			kept = append(kept, int64(i))
		}
	})
	return kept, err
}

func sectors(path string, each func(i int, p []byte)) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read drive: %w", err)
	}
	defer f.Close()
	b := bufio.NewReaderSize(f, 1<<20)
	p := make([]byte, Sector)
	for i := 0; ; i++ {
		_, err := io.ReadFull(b, p)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read drive: %w", err)
		}
		each(i, p)
	}
}

func uniform(p []byte) bool { return bytes.Count(p, p[:1]) == len(p) }
