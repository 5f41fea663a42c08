package simata

import (
	"errors"
	"fmt"
	"io"
)

const sector = 512

// Store is where the sectors of a drive lie, spare ones after the native end.
type Store interface {
	io.ReaderAt
	io.WriterAt
}

// Memory is a Store in memory.
type Memory []byte

// NewMemory holds all sectors of c, all zero.
func NewMemory(c Config) Memory { return make(Memory, (c.Sectors+c.Spare)*sector) }

// ReadAt implements io.ReaderAt.
func (m Memory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, io.EOF
	}
	return copy(p, m[off:]), nil
}

// WriteAt implements io.WriterAt.
func (m Memory) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(m)) {
		return 0, io.ErrShortWrite
	}
	return copy(m[off:], p), nil
}

// physical is the number of sectors that there are, spare ones included.
func (d *Drive) physical() uint64 { return d.s.Made.Sectors + d.s.Made.Spare }

// where is the physical sector of an address.
func (d *Drive) where(lba uint64) uint64 {
	if spare, ok := d.s.Reallocated[lba]; ok {
		return d.s.Made.Sectors + spare
	}
	return lba
}

// accessible is the number of sectors that a host can address now.
func (d *Drive) accessible() uint64 {
	n := d.s.Configured
	if d.s.Accessible != 0 {
		n = min(n, d.s.Accessible)
	}
	if d.s.Volatile.Accessible != 0 {
		n = d.s.Volatile.Accessible
	}
	return n
}

// transfer reads or writes a host's sectors. Runs of sectors that lie together move at
// once.
func (d *Drive) transfer(lba uint64, p []byte, write bool) error {
	for len(p) > 0 {
		at, n := d.where(lba), uint64(1)
		_, cached := d.cache[lba]
		if !cached && len(d.cache) == 0 && len(d.s.Reallocated) == 0 {
			n = uint64(len(p)) / sector
		}
		part := p[:n*sector]
		var err error
		switch {
		case write && d.s.Faults.CacheLies:
			for i := range n {
				d.cache[lba+i] = append([]byte(nil), part[i*sector:(i+1)*sector]...)
			}
		case write:
			_, err = d.store.WriteAt(part, int64(at*sector))
		case cached:
			copy(part, d.cache[lba])
		default:
			_, err = d.store.ReadAt(part, int64(at*sector))
		}
		if err != nil {
			return fmt.Errorf("simulated medium: %w", err)
		}
		p, lba = p[n*sector:], lba+n
	}
	return nil
}

// Reallocate moves an address to a spare sector, as a drive does with a bad one. What
// was there stays there, out of reach.
func (d *Drive) Reallocate(lba uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.s.SpareUsed >= d.s.Made.Spare || lba >= d.s.Made.Sectors {
		return errors.New("reallocate: no spare sector left, or no such address")
	}
	b := make([]byte, sector)
	if err := d.transfer(lba, b, false); err != nil {
		return err
	}
	d.s.Reallocated[lba] = d.s.SpareUsed
	d.s.SpareUsed++
	d.changed()
	return d.transfer(lba, b, true)
}

// Peek is a physical sector: what a laboratory would find. Those from Config.Sectors on
// are the spare ones.
func (d *Drive) Peek(n uint64) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := make([]byte, sector)
	_, err := d.store.ReadAt(b, int64(n*sector))
	return b, err
}
