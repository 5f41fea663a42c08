package wipetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"lethe/certs/record"
	"lethe/wipe"
)

// Faults are what a drive does wrong. The zero value is an honest drive. Hooks
// run one at a time.
type Faults struct {
	Open, Close, Flush error

	Handle int64 // how many bytes more or fewer the handle has than the drive says

	WriteError, ReadError []record.Range // EIO for a transfer that touches one

	// Write and Read decide over a transfer before it happens: how many bytes
	// move, and the error. nil decides nothing.
	Write, Read func(off int64, n int) (int, error)
	// Drop makes the sector at off keep its bytes although its write succeeds.
	Drop func(off int64) bool
	// Mangle changes what a read is about to return; old is what the drive held
	// before anything was written.
	Mangle func(p, old []byte, off int64)
	// Hollow makes a read succeed without moving a byte.
	Hollow bool
	// State changes what the drive says of itself the n-th time it is asked,
	// counted from 0: before the act, before the read-back, at the end.
	State func(n int, o *record.Opened) error
}

// Drive is a simulated drive full of old data. It checks every transfer as
// O_DIRECT does.
type Drive struct {
	Faults Faults // to be set before the drive is opened

	planned record.Device
	device  record.Device // what it is
	old     []byte

	mu     sync.Mutex
	medium []byte
	states int
	opened int
	closed bool
	flushd bool  // nothing was written since the last flush
	wrong  error // uses that no drive would take
}

// NewDrive makes a drive of the size and sectors of d. Its old data is random,
// by the seed.
func NewDrive(d record.Device, seed uint64) *Drive {
	v := &Drive{planned: d, device: d, old: make([]byte, d.Size)}
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	if _, err := rand.NewChaCha8(key).Read(v.old); err != nil {
		panic("internal error: " + err.Error())
	}
	v.medium = slices.Clone(v.old)
	return v
}

// Opener opens the drive once, whatever the node says.
func (d *Drive) Opener() wipe.Opener {
	return func(context.Context, wipe.Spec) (wipe.Drive, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.opened++; d.opened > 1 {
			d.wrong = errors.Join(d.wrong, errors.New("opened twice"))
		}
		if d.Faults.Open != nil {
			return nil, d.Faults.Open
		}
		return d, nil
	}
}

// Old is what the drive held at first, Medium what its platters hold now,
// whatever a read may say. Both are to be left alone.
func (d *Drive) Old() []byte    { return d.old }
func (d *Drive) Medium() []byte { return d.medium }

// Device is how the drive is planned.
func (d *Drive) Device() record.Device { return d.planned }

// Cut makes the drive smaller than it is planned.
func (d *Drive) Cut(bytes int64) {
	d.device.Size -= record.Size(bytes)
	d.old, d.medium = d.old[:d.device.Size], d.medium[:d.device.Size]
}

// Misused says how the drive was used as no drive may be, and nil if it was not.
func (d *Drive) Misused() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened > 0 && d.Faults.Open == nil && !d.closed {
		return errors.Join(d.wrong, errors.New("never closed"))
	}
	return d.wrong
}

// Size implements wipe.Drive.
func (d *Drive) Size() int64 { return int64(len(d.medium)) + d.Faults.Handle }

// LogicalSector implements wipe.Drive.
func (d *Drive) LogicalSector() int { return int(d.device.LogicalSector) }

// State implements wipe.Drive.
func (d *Drive) State(ctx context.Context) (record.Opened, error) {
	if err := ctx.Err(); err != nil {
		return record.Opened{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	o := record.Opened{Exclusive: true, Direct: true, Identity: d.device.Identity,
		Size: d.device.Size, LogicalSector: d.device.LogicalSector}
	n := d.states
	d.states++
	if d.Faults.State != nil {
		if err := d.Faults.State(n, &o); err != nil {
			return record.Opened{}, err
		}
	}
	return o, nil
}

// WriteAt implements wipe.Drive.
func (d *Drive) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.transfer(p, off, d.Faults.WriteError, d.Faults.Write)
	d.flushd = false
	step := int(d.device.LogicalSector)
	for i := 0; i+step <= n; i += step {
		at := off + int64(i)
		if d.Faults.Drop == nil || !d.Faults.Drop(at) {
			copy(d.medium[at:], p[i:i+step])
		}
	}
	return n, err
}

// ReadAt implements wipe.Drive.
func (d *Drive) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.flushd && d.Faults.Flush == nil {
		d.misuse("read back before the flush")
	}
	n, err := d.transfer(p, off, d.Faults.ReadError, d.Faults.Read)
	if d.Faults.Hollow {
		return n, err
	}
	copy(p[:n], d.medium[off:])
	if d.Faults.Mangle != nil {
		d.Faults.Mangle(p[:n], d.old[off:off+int64(n)], off)
	}
	return n, err
}

// Flush implements wipe.Drive.
func (d *Drive) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flushd = d.Faults.Flush == nil
	return d.Faults.Flush
}

// Close implements wipe.Drive.
func (d *Drive) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return d.Faults.Close
}

// transfer says how much of a transfer takes place.
func (d *Drive) transfer(p []byte, off int64, bad []record.Range, hook func(int64, int) (int, error)) (int, error) {
	sector := d.device.LogicalSector
	switch {
	case d.closed:
		return 0, d.misuse("used after it was closed")
	case off < 0 || len(p) == 0 || off+int64(len(p)) > int64(len(d.medium)):
		return 0, d.misuse("%d bytes at %d of %d", len(p), off, len(d.medium))
	case off%sector != 0 || int64(len(p))%sector != 0 || uintptr(unsafe.Pointer(unsafe.SliceData(p)))%512 != 0:
		return 0, d.misuse("%d bytes at %d are not aligned", len(p), off)
	}
	if hook != nil {
		if n, err := hook(off, len(p)); n < len(p) || err != nil {
			return n, err
		}
	}
	n, err := len(p), error(nil)
	for _, r := range bad {
		if int64(r.First) < off+int64(n) && off < int64(r.End) {
			n, err = int(max(int64(r.First)-off, 0)), fmt.Errorf("simulated: %w", syscall.EIO)
		}
	}
	return n, err
}

func (d *Drive) misuse(f string, a ...any) error {
	d.wrong = errors.Join(d.wrong, fmt.Errorf(f, a...))
	return io.ErrUnexpectedEOF
}

// Untouched reports whether the medium still holds all its old data.
func (d *Drive) Untouched() bool { return bytes.Equal(d.medium, d.old) }

// Fill makes the old data of a drive, by the seed.
func Fill(p []byte, seed uint64) {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	if _, err := rand.NewChaCha8(key).Read(p); err != nil {
		panic("internal error: " + err.Error())
	}
}
