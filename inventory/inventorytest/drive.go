// Package inventorytest provides drives for tests: a simulated one in memory
// with faults to order, drives that answer SCSI, ATA and NVMe commands from
// tables, and real loop devices over temporary files. It is used by tests only.
package inventorytest

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/inventory/devio"
)

// Range is a stretch of bytes, First inclusive, End exclusive.
type Range struct{ First, End int64 }

func (r Range) meets(off, n int64) bool { return off < r.End && r.First < off+n }

// Faults are what a drive does wrong. The zero value is a healthy drive.
type Faults struct {
	WriteError []Range // EIO for a write that touches it
	ReadError  []Range // EIO for a read that touches it
	Drop       []Range // bytes here keep their old value though the write succeeds
	FlushError error   // what Flush returns
	FlushLies  bool    // Flush succeeds and PowerCut still loses what was written

	VanishAfter int64 // ENODEV for everything once this many bytes were written; 0 never
	HangAt      int64 // the first write that touches this byte waits for Release; 0 never

	NewIdentity      *record.Identity // what Identify says instead ...
	NewIdentityAfter int              // ... from its call number n+1 on
	IdentifyError    error
	Delay            time.Duration // of every read and write
}

// Config describes a simulated drive. Size is a multiple of Sector, in bytes;
// Sector defaults to 512 and Identity to a serial number "SIM-0001".
type Config struct {
	Size     int64
	Sector   int
	Identity record.Identity
	Fill     byte // what every byte holds at first
	Faults   Faults
}

// Stats count what a drive was asked.
type Stats struct{ Reads, Writes, Flushes, Identifies, Closes int }

// Drive is a simulated whole drive. It checks alignment as O_DIRECT does. All
// methods may be called from several goroutines.
type Drive struct {
	cfg     Config
	mu      sync.Mutex
	now     []byte // what a read returns
	durable []byte // what survives PowerCut
	written int64
	stats   Stats
	closed  bool
	release chan struct{}
	once    sync.Once
}

// NewDrive makes a drive in memory. It panics on a size that is no multiple of
// the sector: that is a mistake in the test.
func NewDrive(c Config) *Drive {
	if c.Sector == 0 {
		c.Sector = 512
	}
	if c.Identity == (record.Identity{}) {
		c.Identity = record.Identity{Model: "SIMULATED DRIVE", Serial: "SIM-0001"}
	}
	if c.Size <= 0 || c.Size%int64(c.Sector) != 0 {
		panic(fmt.Sprintf("inventorytest: drive of %d bytes with sectors of %d", c.Size, c.Sector))
	}
	d := &Drive{cfg: c, now: make([]byte, c.Size), release: make(chan struct{})}
	for i := range d.now {
		d.now[i] = c.Fill
	}
	d.durable = append([]byte(nil), d.now...)
	return d
}

// SetFaults changes what the drive does wrong from now on.
func (d *Drive) SetFaults(f Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cfg.Faults = f
}

// Release lets a write that HangAt stopped, and all later ones, go on.
func (d *Drive) Release() { d.once.Do(func() { close(d.release) }) }

// Contents is a copy of what a read of the whole drive would return.
func (d *Drive) Contents() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), d.now...)
}

// PowerCut throws away everything written since the last true flush.
func (d *Drive) PowerCut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	copy(d.now, d.durable)
}

// Stats returns the counts so far.
func (d *Drive) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// Size is the drive in bytes.
func (d *Drive) Size() int64 { return d.cfg.Size }

// LogicalSector is the sector in bytes.
func (d *Drive) LogicalSector() int { return d.cfg.Sector }

// Reopen makes a closed drive usable again, as a fresh handle would.
func (d *Drive) Reopen() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = false
}

// ReadAt reads sectors.
func (d *Drive) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Reads++
	if err := d.check("read", p, off); err != nil {
		return 0, err
	}
	n := copy(p, d.now[min(off, d.cfg.Size):])
	if i := first(d.cfg.Faults.ReadError, off, int64(len(p))); i >= 0 {
		return int(i - i%int64(d.cfg.Sector)), &os.PathError{Op: "read", Path: "simulated", Err: unix.EIO}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes sectors.
func (d *Drive) WriteAt(p []byte, off int64) (int, error) {
	if h := d.hang(off, int64(len(p))); h {
		<-d.release
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Writes++
	if err := d.check("write", p, off); err != nil {
		return 0, err
	}
	n := int64(len(p))
	var fault error
	if off+n > d.cfg.Size {
		n, fault = max(0, d.cfg.Size-off), unix.ENOSPC
	}
	if i := first(d.cfg.Faults.WriteError, off, n); i >= 0 {
		n, fault = i-i%int64(d.cfg.Sector), unix.EIO
	}
	d.store(p[:n], off)
	if fault != nil {
		return int(n), &os.PathError{Op: "write", Path: "simulated", Err: fault}
	}
	return int(n), nil
}

func (d *Drive) hang(off, n int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.cfg.Faults.HangAt
	return at > 0 && Range{at, at + 1}.meets(off, n)
}

func (d *Drive) store(p []byte, off int64) {
	d.written += int64(len(p))
	dst := d.now[off : off+int64(len(p))]
	for _, r := range d.cfg.Faults.Drop {
		if !r.meets(off, int64(len(p))) {
			continue
		}
		lo, hi := max(r.First-off, 0), min(r.End-off, int64(len(p)))
		q := append([]byte(nil), p...)
		copy(q[lo:hi], dst[lo:hi])
		p = q
	}
	copy(dst, p)
}

// first is how far into a transfer the first faulty byte lies, -1 for none.
func first(rs []Range, off, n int64) int64 {
	at := int64(-1)
	for _, r := range rs {
		if r.meets(off, n) {
			if i := max(r.First-off, 0); at < 0 || i < at {
				at = i
			}
		}
	}
	return at
}

// alignment of memory that every drive takes for O_DIRECT, in bytes.
const alignment = 4096

// Buffer is n bytes of memory aligned as O_DIRECT wants it.
func Buffer(n int) []byte {
	b := make([]byte, n+alignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (alignment - 1)
	return b[skip : skip+n : skip+n]
}

// check is what the kernel checks before an O_DIRECT transfer.
func (d *Drive) check(op string, p []byte, off int64) error {
	err := d.gone()
	s := int64(d.cfg.Sector)
	switch {
	case err != nil:
	case off < 0 || off%s != 0 || int64(len(p))%s != 0:
		err = unix.EINVAL
	case len(p) > 0 && uintptr(unsafe.Pointer(&p[0]))%512 != 0:
		err = fmt.Errorf("memory at %p is not aligned to 512 bytes, see Buffer: %w", p, unix.EINVAL)
	}
	if d.cfg.Faults.Delay > 0 {
		time.Sleep(d.cfg.Faults.Delay)
	}
	if err != nil {
		return &os.PathError{Op: op, Path: "simulated", Err: err}
	}
	return nil
}

func (d *Drive) gone() error {
	if d.closed {
		return os.ErrClosed
	}
	if v := d.cfg.Faults.VanishAfter; v > 0 && d.written >= v {
		return unix.ENODEV
	}
	return nil
}

// Flush makes what was written durable, unless the drive lies about it.
func (d *Drive) Flush(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Flushes++
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.gone(); err != nil {
		return err
	}
	if d.cfg.Faults.FlushError != nil {
		return d.cfg.Faults.FlushError
	}
	if !d.cfg.Faults.FlushLies {
		copy(d.durable, d.now)
	}
	return nil
}

// Identify says who the drive is, or who it pretends to be by now.
func (d *Drive) Identify(ctx context.Context) (devio.Identification, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Identifies++
	if err := ctx.Err(); err != nil {
		return devio.Identification{}, err
	}
	f := d.cfg.Faults
	if err := d.gone(); err != nil {
		return devio.Identification{}, err
	}
	if f.IdentifyError != nil {
		return devio.Identification{}, f.IdentifyError
	}
	who := d.cfg.Identity
	if f.NewIdentity != nil && d.stats.Identifies > f.NewIdentityAfter {
		who = *f.NewIdentity
	}
	return devio.Identification{
		Identity: who, Firmware: "SIM1", Transport: "sata", DriveSize: uint64(d.cfg.Size),
		Geometry: devio.Geometry{Size: d.cfg.Size, LogicalSector: d.cfg.Sector, PhysicalSector: d.cfg.Sector},
		Evidence: []devio.Evidence{{Name: "SIMULATED IDENTIFY", Response: []byte(who.String()), Status: "ok"}},
	}, nil
}

// Close ends the drive's use; every call after it fails with os.ErrClosed.
func (d *Drive) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Closes++
	d.closed = true
	return nil
}
