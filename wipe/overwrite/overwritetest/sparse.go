package overwritetest

import (
	"context"
	"fmt"
	"io"
	"sync"

	"lethe/wipe/overwrite/traverse"
	"lethe/wipe/pattern"
)

// Store keeps the bytes of a Sparse device: a real block device, or Windows.
type Store interface {
	WriteAt(p []byte, off int64) (int, error)
	ReadAt(p []byte, off int64) (int, error)
	Flush(ctx context.Context) error
}

// Sparse is a device far larger than its store. Transfers of its windows take place
// in the store; those of the rest succeed without moving a byte, and are only
// counted: what they carried, nobody can ask for again.
type Sparse struct {
	size    int64
	sector  int
	store   Store
	windows []traverse.Range

	mu             sync.Mutex
	written, read  traverse.Set
	wroteN, readN  int64
	misfit         error // the first transfer outside the device or off its sectors
	Flushes, Early int   // calls of Flush, and those before all was written
}

// NewSparse makes a device of size bytes whose windows, ascending and whole multiples
// of 4096 bytes but for the end of the device, lie in store.
func NewSparse(size int64, sector int, store Store, windows []traverse.Range) *Sparse {
	return &Sparse{size: size, sector: sector, store: store, windows: windows}
}

// Size is the size in bytes.
func (s *Sparse) Size() int64 { return s.size }

// LogicalSector is the sector size in bytes.
func (s *Sparse) LogicalSector() int { return s.sector }

// WriteAt writes what lies in windows.
func (s *Sparse) WriteAt(p []byte, off int64) (int, error) {
	if err := s.count(&s.written, &s.wroteN, p, off); err != nil {
		return 0, err
	}
	return s.move(s.store.WriteAt, p, off)
}

// ReadAt reads what lies in windows.
func (s *Sparse) ReadAt(p []byte, off int64) (int, error) {
	if err := s.count(&s.read, &s.readN, p, off); err != nil {
		return 0, err
	}
	return s.move(s.store.ReadAt, p, off)
}

// Flush flushes the store.
func (s *Sparse) Flush(ctx context.Context) error {
	s.mu.Lock()
	s.Flushes++
	if s.wroteN != s.size {
		s.Early++
	}
	s.mu.Unlock()
	return s.store.Flush(ctx)
}

// Written is nil when every byte of the device was written exactly once.
func (s *Sparse) Written() error { return s.once("written", &s.written, &s.wroteN) }

// Read is nil when every byte of the device was read exactly once.
func (s *Sparse) Read() error { return s.once("read", &s.read, &s.readN) }

func (s *Sparse) once(what string, set *traverse.Set, sum *int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.misfit == nil && (set.Bytes() != s.size || *sum != s.size) {
		return fmt.Errorf("of %d bytes %d were %s, in transfers of %d", s.size, set.Bytes(), what, *sum)
	}
	return s.misfit
}

func (s *Sparse) count(set *traverse.Set, sum *int64, p []byte, off int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int64(len(p))
	if off < 0 || n == 0 || off > s.size-n || off%int64(s.sector) != 0 || n%int64(s.sector) != 0 {
		if s.misfit == nil {
			s.misfit = fmt.Errorf("transfer of %d bytes at %d: %w", n, off, io.ErrUnexpectedEOF)
		}
		return s.misfit
	}
	set.Add(off, off+n)
	*sum += n
	return nil
}

func (s *Sparse) move(do traverse.IO, p []byte, off int64) (int, error) {
	for _, r := range s.within(off, int64(len(p))) {
		if n, err := do(p[r.First-off:r.End-off], r.First); err != nil {
			return int(r.First-off) + n, err
		}
	}
	return len(p), nil
}

// within are the parts of n bytes at off that lie in windows.
func (s *Sparse) within(off, n int64) (out []traverse.Range) {
	for _, w := range s.windows {
		if first, end := max(w.First, off), min(w.End, off+n); first < end {
			out = append(out, traverse.Range{First: first, End: end})
		}
	}
	return out
}

// Stream is st in the windows. Elsewhere it makes and compares nothing, since nothing
// there is kept: 20 TiB of key stream take hours.
func (s *Sparse) Stream(st pattern.Stream) pattern.Stream { return windowed{st, s} }

type windowed struct {
	pattern.Stream
	device *Sparse
}

func (w windowed) Fill(p []byte, off int64) {
	for _, r := range w.device.within(off, int64(len(p))) {
		w.Stream.Fill(p[r.First-off:r.End-off], r.First)
	}
}

func (w windowed) Check(p []byte, off int64) int {
	for _, r := range w.device.within(off, int64(len(p))) {
		if i := w.Stream.Check(p[r.First-off:r.End-off], r.First); i >= 0 {
			return int(r.First-off) + i
		}
	}
	return -1
}

// Windows is a store in memory. It holds nothing outside of its pieces.
type Windows map[traverse.Range][]byte

// NewWindows makes a store of old data: no zeros.
func NewWindows(ws []traverse.Range) Windows {
	m := Windows{}
	for _, w := range ws {
		b := make([]byte, w.Len())
		for i := range b {
			b[i] = byte(i*7+i>>8) | 1
		}
		m[w] = b
	}
	return m
}

// WriteAt writes into one piece.
func (m Windows) WriteAt(p []byte, off int64) (int, error) {
	return copy(m.at(off, len(p)), p), nil
}

// ReadAt reads from one piece.
func (m Windows) ReadAt(p []byte, off int64) (int, error) { return copy(p, m.at(off, len(p))), nil }

// Flush has nothing to do.
func (Windows) Flush(context.Context) error { return nil }

func (m Windows) at(off int64, n int) []byte {
	for w, b := range m {
		if w.First <= off && off+int64(n) <= w.End {
			return b[off-w.First:][:n]
		}
	}
	return nil // copies nothing: the old data stays
}
