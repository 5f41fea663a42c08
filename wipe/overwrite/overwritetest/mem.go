// Package overwritetest has devices to test overwriting and verification on:
// one in memory with faults, and real block devices, namely loop devices over
// files.
//
// It never opens a device that it did not make itself.
package overwritetest

import (
	"context"
	"errors"
	"io"
	"sync"
	"syscall"
)

// Mem is a device in memory. Set the faults before its first use.
type Mem struct {
	Sector int // bytes

	// WriteFault and ReadFault decide over every transfer before it happens:
	// how many bytes take place, and the error. nil means no faults.
	WriteFault, ReadFault func(off int64, n int) (int, error)
	// Drop makes a write that covers its offset vanish silently.
	Drop func(off int64) bool
	// FlushErr is what Flush returns.
	FlushErr error
	// Volatile keeps writes in a cache, which only a flush moves to Medium.
	Volatile bool
	// Silent makes reads succeed without moving a byte.
	Silent bool

	queue   memQueue
	mu      sync.Mutex
	medium  []byte
	cache   []byte
	Flushes int   // calls of Flush
	Late    int   // writes after a flush
	Misfit  error // the first transfer not fit for O_DIRECT
}

// NewMem makes a device of size bytes that holds old data: no zeros, no run
// of equal bytes.
func NewMem(size int64, sector int) *Mem {
	m := &Mem{Sector: sector, medium: make([]byte, size)}
	for i := range m.medium {
		m.medium[i] = byte(i*7+i>>8) | 1
	}
	return m
}

// Size is the size in bytes.
func (m *Mem) Size() int64 { return int64(len(m.medium)) }

// LogicalSector is the sector size in bytes.
func (m *Mem) LogicalSector() int { return m.Sector }

// Medium is what the platters hold, whatever a read may say.
func (m *Mem) Medium() []byte { return m.medium }

// WriteAt writes as the faults allow.
func (m *Mem) WriteAt(p []byte, off int64) (int, error) {
	n, err := m.begin(p, off, m.WriteFault)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Flushes > 0 {
		m.Late++
	}
	dst := m.visible()
	for i := 0; i < n; i += m.Sector {
		at := off + int64(i)
		if m.Drop == nil || !m.Drop(at) {
			copy(dst[at:], p[i:min(i+m.Sector, n)])
		}
	}
	return n, err
}

// ReadAt reads as the faults allow.
func (m *Mem) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.begin(p, off, m.ReadFault)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.Silent {
		copy(p[:n], m.visible()[off:])
	}
	return n, err
}

// Flush moves the cache to the medium unless FlushErr is set.
func (m *Mem) Flush(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Flushes++
	if m.FlushErr != nil {
		return m.FlushErr
	}
	if m.cache != nil {
		copy(m.medium, m.cache)
	}
	return nil
}

// PowerCut loses the cache.
func (m *Mem) PowerCut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cache = nil
}

// visible is what reads see.
func (m *Mem) visible() []byte {
	if !m.Volatile {
		return m.medium
	}
	if m.cache == nil {
		m.cache = append([]byte(nil), m.medium...)
	}
	return m.cache
}

// begin judges one transfer.
func (m *Mem) begin(p []byte, off int64, fault func(int64, int) (int, error)) (int, error) {
	if err := m.fit(p, off); err != nil {
		return 0, err
	}
	if fault == nil {
		return len(p), nil
	}
	return fault(off, len(p))
}

// fit holds transfers to the rules of O_DIRECT.
func (m *Mem) fit(p []byte, off int64) error {
	var err error
	switch {
	case off < 0 || len(p) == 0 || off+int64(len(p)) > m.Size():
		err = io.ErrUnexpectedEOF
	case off%int64(m.Sector) != 0 || len(p)%m.Sector != 0 || !aligned(p, 512):
		err = syscall.EINVAL
	}
	if err != nil {
		m.mu.Lock()
		m.Misfit = errors.Join(m.Misfit, err)
		m.mu.Unlock()
	}
	return err
}
