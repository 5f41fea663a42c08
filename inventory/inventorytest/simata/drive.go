package simata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"lethe/inventory/devio"
	"lethe/inventory/scsi"
)

// Drive is a simulated drive. Its methods may be called from several goroutines; like a
// real one it does one command at a time.
type Drive struct {
	port  sync.Mutex // held for a command, however long it takes
	mu    sync.Mutex // guards what follows
	s     State
	store Store
	clock Clock
	cache map[uint64][]byte // written by a host and nowhere else
	epoch int               // resets and power cycles: a command that spans one gets no answer
	// OnChange hears the state whenever it changed. It is set before the first command.
	OnChange func(state []byte)
	dirty    bool
	log      []Sent
}

// Sent is one ATA command that reached the drive.
type Sent struct {
	Opcode  byte
	Feature byte
	Count   uint16
	LBA     uint64
}

// Errors of a command that got no answer.
var (
	ErrGone  = fmt.Errorf("the simulated drive is gone: %w", unix.ENODEV)
	ErrReset = errors.New("the simulated drive was reset under the command")
)

// New makes a drive, switched on. Store holds Sectors and Spare sectors of c.
func New(c Config, f Faults, store Store, clock Clock) *Drive {
	d := &Drive{store: store, clock: clock, s: State{Made: c, Faults: f, Configured: c.Sectors,
		Sanitize: Sanitize{Phase: Idle}, Reallocated: map[uint64]uint64{}, Fired: map[string]bool{}}}
	if f.StaleSuccess {
		d.s.Sanitize.Phase = Done
	}
	if f.Locked {
		d.s.Password = []byte("nobody knows this password 32 by")
	}
	d.power(true)
	d.s.PowerCycles, d.s.Volatile.Attention = 0, false
	return d
}

// Restore makes the drive of a Snapshot over the same store. Power was off in between.
func Restore(state []byte, store Store, clock Clock) (*Drive, error) {
	d := &Drive{store: store, clock: clock}
	if err := json.Unmarshal(state, &d.s); err != nil {
		return nil, fmt.Errorf("restore simulated drive: %w", err)
	}
	if d.s.Reallocated == nil {
		d.s.Reallocated = map[uint64]uint64{}
	}
	if d.s.Fired == nil {
		d.s.Fired = map[string]bool{}
	}
	d.power(true)
	return d, nil
}

// Snapshot is the drive's state.
func (d *Drive) Snapshot() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.snapshot()
}

func (d *Drive) snapshot() []byte {
	b, err := json.Marshal(d.s)
	if err != nil {
		panic(err) // plain data: cannot fail
	}
	return b
}

// State is a copy of the drive's state, for tests to look at.
func (d *Drive) State() (s State) {
	if err := json.Unmarshal(d.Snapshot(), &s); err != nil {
		panic(err)
	}
	return s
}

// SetFaults changes what the drive does wrong from now on.
func (d *Drive) SetFaults(f Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.s.Faults = f
	d.changed()
}

// Set edits the drive's state, as whoever had it before may have.
func (d *Drive) Set(edit func(s *State)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	edit(&d.s)
	d.changed()
}

// Sent are the ATA commands that reached the drive, in order.
func (d *Drive) Sent() []Sent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Sent(nil), d.log...)
}

func (d *Drive) changed() { d.dirty = true }

// tell hands the state on if it changed.
func (d *Drive) tell() {
	if d.dirty && d.OnChange != nil {
		d.OnChange(d.snapshot())
	}
	d.dirty = false
}

// Do answers one SCSI command. dataOut is what the host sends. status, sense and dataIn
// are what it gets, dataIn as long as the drive has it: whoever carries it cuts it to the
// host's buffer. An error is a command that got no answer.
func (d *Drive) Do(cdb, dataOut []byte) (status byte, sense, dataIn []byte, err error) {
	r, err := d.do(cdb, dataOut, 0)
	return r.status, r.sense, r.data, err
}

// do is Do with the host's time limit, after which it resets the drive; 0 is none.
func (d *Drive) do(cdb, out []byte, limit time.Duration) (reply, error) {
	d.port.Lock()
	defer d.port.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.tell()
	d.background()
	if d.s.Gone || d.s.Faults.Gone {
		return reply{}, ErrGone
	}
	r := d.scsi(cdb, out, limit)
	switch {
	case d.s.Gone:
		return reply{}, ErrGone
	case r.lost:
		return reply{}, ErrReset
	}
	return r, nil
}

// Conn carries commands to the drive as SG_IO does. It is a scsi.Conn.
func (d *Drive) Conn() scsi.Conn { return conn{d} }

type conn struct{ d *Drive }

// kernelLimit is the time limit of a command that names none, as in package devio.
const kernelLimit = 20 * time.Second

func (c conn) Do(ctx context.Context, cmd *scsi.Command) (scsi.Response, error) {
	if err := ctx.Err(); err != nil {
		return scsi.Response{}, &devio.TransportError{Name: cmd.Name, Err: err}
	}
	limit := cmd.Timeout
	if limit <= 0 {
		limit = kernelLimit
	}
	var out []byte
	if cmd.Dir == scsi.ToDevice {
		out = cmd.Data
	}
	r, err := c.d.do(cmd.CDB, out, limit)
	switch {
	case errors.Is(err, ErrReset):
		return scsi.Response{}, &devio.TransportError{Name: cmd.Name, Host: 8}
	case err != nil:
		return scsi.Response{}, &devio.TransportError{Name: cmd.Name, Err: err}
	}
	resp := scsi.Response{Status: r.status, Sense: r.sense}
	if cmd.Dir == scsi.FromDevice {
		resp.Received = copy(cmd.Data, r.data)
	}
	return resp, nil
}
