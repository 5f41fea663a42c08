package shelf

import (
	"bytes"
	"context"
	"sync"
	"time"

	"lethe/inventory/inventorytest/simata"
	"lethe/inventory/inventorytest/simscsi"
)

// Standing is a drive of a shelf, switched on. It takes raw commands, and is kept: when
// a command that changes more than blocks is answered, a flush among them, the shelf has
// the state, and what was written before.
type Standing struct {
	s    *Shelf
	i    int
	scsi *simscsi.Drive
	ata  *simata.Drive
	mu   sync.Mutex // the states, in their order
	last []byte
}

// Stand switches a drive on, in the state it was in when its power went.
func (s *Shelf) Stand(i int) (*Standing, error) {
	state, err := s.Load(i)
	if err != nil {
		return nil, err
	}
	st := &Standing{s: s, i: i}
	d := s.Drives[i]
	if d.SCSI != nil {
		if st.scsi, err = simscsi.New(*d.SCSI, s.Medium(i), simscsi.Wall{}); err != nil {
			return nil, err
		}
		if state != nil {
			err = st.scsi.Restore(state)
			st.scsi.PowerCycle()
		}
		return st, err
	}
	if state == nil {
		st.ata = simata.New(*d.ATA, d.Faults, s.Medium(i), simata.Real{})
		return st, nil
	}
	st.ata, err = simata.Restore(state, s.Medium(i), simata.Real{})
	return st, err
}

// Do carries out one command.
func (st *Standing) Do(ctx context.Context, cdb, out []byte, in int) (status byte, sense, data []byte, err error) {
	if st.scsi != nil {
		status, sense, data, err = st.scsi.Do(ctx, cdb, out, in)
	} else {
		status, sense, data, err = st.ata.Do(cdb, out)
		data = data[:min(len(data), in)]
	}
	if err == nil && changes(cdb) {
		err = st.Keep()
	}
	return status, sense, data, err
}

// changes reports whether a command may change more than what blocks hold.
func changes(cdb []byte) bool {
	switch cdb[0] {
	case 0x00, 0x03, 0x08, 0x0a, 0x12, 0x25, 0x28, 0x2a, 0x88, 0x8a, 0x9e, 0xa0:
		return false
	}
	return true
}

// Keep puts on the shelf what the drive's blocks hold, and then its state where it is
// another than the last one: a state never tells of an erase that a kill undoes.
func (st *Standing) Keep() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	b, err := st.state()
	if err == nil {
		err = st.s.Sync()
	}
	if err != nil || bytes.Equal(b, st.last) {
		return err
	}
	if err := st.s.Save(st.i, b); err != nil {
		return err
	}
	st.last = b
	return nil
}

func (st *Standing) state() ([]byte, error) {
	if st.scsi != nil {
		return st.scsi.State()
	}
	return st.ata.Snapshot(), nil
}

// Tend keeps the drive's state now and then, since an erase goes on without commands,
// until ctx ends.
func (st *Standing) Tend(ctx context.Context, every time.Duration) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
		if err := st.Keep(); err != nil {
			return err
		}
	}
}
