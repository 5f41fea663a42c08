package simscsi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrGone is what a drive answers that is not there any more.
var ErrGone = errors.New("simulated drive: gone")

// Store is what holds the medium: one byte of it for each of the drive's.
type Store interface {
	io.ReaderAt
	io.WriterAt
}

// Clock is the time a drive lives in. Sleep returns early with ctx's error.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// Config is who a drive is and what it can do.
type Config struct {
	Vendor   string `json:"vendor"`   // at most 8 bytes
	Product  string `json:"product"`  // at most 16
	Revision string `json:"revision"` // at most 4
	Serial   string `json:"serial"`
	// NAA names the logical unit, Port the target port and Target the drive itself,
	// which a second logical unit has in common with the first (VPD 83h).
	NAA    uint64 `json:"naa"`
	Port   uint64 `json:"port,omitempty"`
	Target uint64 `json:"target,omitempty"`

	Media       int64  `json:"media"`           // bytes of the medium
	BlockLength uint32 `json:"blockLength"`     // bytes a block as the drive is formatted now
	Blocks      uint64 `json:"blocks"`          // 0: as many as fit
	Spare       int    `json:"spare,omitempty"` // blocks that no host can address

	Rotation uint16 `json:"rotation"`          // of VPD B1h: 1 is flash
	WABEREQ  byte   `json:"wabereq,omitempty"` // reads after a block erase, 0 to 3
	WACEREQ  byte   `json:"wacereq,omitempty"` // reads after a crypto erase, 0 to 3

	// What there is: SANITIZE by service action, and FORMAT UNIT. SI says that a
	// format with it writes reassigned blocks, too; others refuse it.
	Overwrite, Block, Crypto bool `json:",omitempty"`
	Format, SI               bool `json:",omitempty"`

	Takes  time.Duration `json:"takes"` // how long an erase takes
	Grown  int           `json:"grown,omitempty"`
	Erased byte          `json:"erased,omitempty"` // what an erased block reads as

	Descriptor bool   `json:"descriptor,omitempty"` // sense data in descriptor format
	Faults     Faults `json:"faults,omitzero"`
}

// Drive is one simulated logical unit. Its methods may be called from several
// goroutines; commands are carried out one at a time.
type Drive struct {
	mu    sync.Mutex
	store Store
	clock Clock
	s     state
	cache map[uint64][]byte // blocks a drive that lies has not written
}

// New makes a drive in front of a medium, just switched on. The medium keeps what it
// holds; the spare blocks are filled with old data made from their number.
func New(c Config, store Store, clock Clock) (*Drive, error) {
	switch {
	case c.Media <= 0 || c.BlockLength == 0 || uint64(c.Media) < uint64(c.BlockLength):
		return nil, fmt.Errorf("simulated drive of %d bytes in blocks of %d", c.Media, c.BlockLength)
	case c.Blocks > uint64(c.Media)/uint64(c.BlockLength):
		return nil, fmt.Errorf("simulated drive of %d blocks of %d bytes in %d", c.Blocks, c.BlockLength, c.Media)
	}
	d := &Drive{store: store, clock: clock, cache: map[uint64][]byte{}}
	d.s = state{Config: c, Length: c.BlockLength, Blocks: c.Blocks, Attention: []Sense{powerOn}}
	if d.s.Blocks == 0 {
		d.s.Blocks = d.fits(c.BlockLength)
	}
	d.s.Spare = oldSpare(c.Spare, int(c.BlockLength))
	return d, nil
}

// fits is how many blocks of a length the medium has.
func (d *Drive) fits(length uint32) uint64 { return uint64(d.s.Config.Media) / uint64(length) }

// Do carries out one command. in is how many bytes the host takes; what comes back is
// no longer. An error is a drive that did not answer.
func (d *Drive) Do(ctx context.Context, cdb, out []byte, in int) (status byte, sense, data []byte, err error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, nil, err
	}
	if len(cdb) == 0 {
		return 0, nil, nil, errors.New("simulated drive: no command")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.advance(); err != nil {
		return 0, nil, nil, err
	}
	// Commands are looked at in 16 bytes, those a shorter one lacks being zero.
	full := make([]byte, max(16, len(cdb)))
	copy(full, cdb)
	a, err := d.run(ctx, full, out)
	if err != nil {
		return 0, nil, nil, err
	}
	return a.status, a.sense, a.data[:min(len(a.data), max(in, 0))], nil
}

// PowerCycle takes the drive's power away and gives it back. A sanitize goes on where
// it was (SBC-4 §4.11.3), a format does not (§4.33), and what was only in the cache is
// gone.
func (d *Drive) PowerCycle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.advance() == nil {
		d.powerCycle()
	}
}

func (d *Drive) powerCycle() {
	clear(d.cache)
	d.s.Attention = []Sense{powerOn}
	if p := d.s.Running; p != nil && p.Format {
		d.s.Running, d.s.Corrupt = nil, true
	}
}

// Reset resets the logical unit: an erase goes on, the host is told.
func (d *Drive) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.advance() == nil {
		d.attend(wasReset)
	}
}

func (d *Drive) attend(s Sense) { d.s.Attention = append(d.s.Attention, s) }

// Spare is what the blocks hold that no host can address.
func (d *Drive) Spare() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.advance() // gone or not, they hold what they hold
	return append([]byte(nil), d.s.Spare...)
}

// Running reports whether an erase is under way.
func (d *Drive) Running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.advance() == nil && d.s.Running != nil
}
