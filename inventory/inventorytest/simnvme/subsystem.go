package simnvme

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lethe/inventory/inventorytest/simtcg"
)

// Errors of commands that were not completed.
var (
	ErrGone  = errors.New("simulated drive: gone")
	ErrReset = errors.New("simulated drive: the controller was reset")
	ErrPower = errors.New("simulated drive: no power")
)

// state is all of a subsystem but its medium: what is saved.
type state struct {
	Config     Config       `json:"config"`
	Namespaces []*Namespace `json:"namespaces"`
	Faults     Faults       `json:"faults"`
	Freed      extents      `json:"freed"`    // deallocated
	Status     byte         `json:"status"`   // SSTAT 2:0
	Passes     byte         `json:"passes"`   // SSTAT 7:3
	Erased     bool         `json:"erased"`   // Global Data Erased
	Dword10    uint32       `json:"dword10"`  // SCDW10
	Running    *operation   `json:"running"`  // nil when none
	Open       bool         `json:"open"`     // the failure may be left by exit failure mode
	NoDRM      bool         `json:"noDRM"`    // feature Sanitize Config
	Taken      bool         `json:"taken"`    // a command to erase was taken
	Fired      []string     `json:"fired"`    // faults that happen once and did
	Key        uint64       `json:"key"`      // media key: what crypto erase replaces
	MediaErr   uint64       `json:"mediaErr"` // told in the SMART log
	Powered    bool         `json:"powered"`
}

// Subsystem is one simulated NVM subsystem. All methods may be called from several
// goroutines.
type Subsystem struct {
	// TPer is the drive's security side, nil without one. While it is Owned the drive
	// is locked: it takes no I/O and no command to erase.
	TPer *simtcg.TPer

	mu     sync.Mutex
	s      state
	medium Store
	clock  Clock
	log    []string
}

// New makes a subsystem. Namespaces lie where they say; they must fit the capacity.
func New(c Config, ns []Namespace, medium Store, clock Clock) *Subsystem {
	if len(c.Controllers) == 0 {
		c.Controllers = []uint16{1}
	}
	if len(c.Formats) == 0 {
		c.Formats = []Format{{Shift: 9}}
	}
	d := &Subsystem{medium: medium, clock: clock, s: state{Config: c, Powered: true, Key: 1}}
	for _, n := range ns {
		n.Attached = slices.Clone(n.Attached)
		d.s.Namespaces = append(d.s.Namespaces, &n)
	}
	return d
}

// SetTPer gives the drive a security side that replaces the media key when reverted.
func (d *Subsystem) SetTPer(t *simtcg.TPer) {
	t.Reverted = d.rekey // called while d.mu is held, by Security Send
	d.TPer = t
}

// SetFaults changes what the drive does wrong from now on.
func (d *Subsystem) SetFaults(f Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.s.Faults = f
}

// Peek reads the medium itself, whatever a read would say.
func (d *Subsystem) Peek(p []byte, off int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.advance()
	_, err := d.medium.ReadAt(p, off)
	return err
}

// Commands are the opcodes taken so far that change something, in order, for tests.
func (d *Subsystem) Commands() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.log)
}

// PowerOff takes the power away; PowerOn gives it back, and an operation under way
// goes on where it was.
func (d *Subsystem) PowerOff() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.advance()
	d.off()
}

func (d *Subsystem) off() {
	d.s.Powered = false
	if o := d.s.Running; o != nil {
		o.Spent, o.Since = o.spent(d.clock.Now()), time.Time{}
	}
}

// PowerOn gives the power back.
func (d *Subsystem) PowerOn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.s.Powered = true
	if o := d.s.Running; o != nil && o.Since.IsZero() {
		o.Since = d.clock.Now()
	}
}

// Save is the state in JSON, as it would survive a loss of power.
func (d *Subsystem) Save() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.advance()
	s := d.s
	if o := s.Running; o != nil {
		c := *o
		c.Spent, c.Since = c.spent(d.clock.Now()), time.Time{}
		s.Running = &c
	}
	return json.Marshal(s)
}

// Restore is the subsystem that was saved, on the same medium, with power.
func Restore(b []byte, medium Store, clock Clock) (*Subsystem, error) {
	d := &Subsystem{medium: medium, clock: clock}
	if err := json.Unmarshal(b, &d.s); err != nil {
		return nil, fmt.Errorf("restore drive: %w", err)
	}
	d.PowerOn()
	return d, nil
}

// Entry is a submission queue entry.
type Entry [64]byte

func (e *Entry) opcode() byte       { return e[0] }
func (e *Entry) nsid() uint32       { return binary.LittleEndian.Uint32(e[4:]) }
func (e *Entry) dword(n int) uint32 { return binary.LittleEndian.Uint32(e[4*n:]) }

// Status values, as a completion has them without the phase bit: Do Not Retry is set
// where the standard lets a controller say so.
const (
	ok               = 0
	invalidOpcode    = 0x4001
	invalidField     = 0x4002
	internalError    = 0x4006
	invalidNamespace = 0x400b
	sanitizeFailed   = 0x001c
	sanitizing       = 0x001d
	outOfRange       = 0x4080
	invalidLog       = 0x4109
	invalidFormat    = 0x410a
	noCapacity       = 0x4115
	accessDenied     = 0x4286
)

// Admin takes a command of the admin queue of a controller; data is what is sent or
// where the answer goes. An error is a command that was not completed.
func (d *Subsystem) Admin(ctx context.Context, controller uint16, e Entry, data []byte) (status uint16, result uint32, err error) {
	return d.run(ctx, func() (uint16, uint32, error) { return d.admin(ctx, controller, &e, data) })
}

// IO takes a command of an I/O queue.
func (d *Subsystem) IO(ctx context.Context, controller uint16, e Entry, data []byte) (status uint16, result uint32, err error) {
	return d.run(ctx, func() (uint16, uint32, error) {
		s, err := d.io(controller, &e, data)
		return s, 0, err
	})
}

func (d *Subsystem) run(ctx context.Context, do func() (uint16, uint32, error)) (uint16, uint32, error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.advance()
	if err := d.struck(); err != nil {
		return 0, 0, err
	}
	return do()
}

// once reports a fault that happens once, the first time.
func (d *Subsystem) once(name string) bool {
	if slices.Contains(d.s.Fired, name) {
		return false
	}
	d.s.Fired = append(d.s.Fired, name)
	return true
}

// struck carries out the faults that come at a share of the work.
func (d *Subsystem) struck() error {
	f, done := d.s.Faults, d.percent()
	at := func(p int) bool { return p > 0 && done >= p }
	switch {
	case at(f.VanishAt):
		return ErrGone
	case at(f.PowerCutAt) && d.once("power"):
		d.off()
		if o := d.s.Running; o != nil { // power went then, not when somebody asked
			o.Spent = min(o.Spent, o.Takes*time.Duration(f.PowerCutAt)/100)
		}
		return ErrPower
	case at(f.ResetAt) && d.once("reset"):
		return ErrReset
	case !d.s.Powered:
		return ErrPower
	}
	return nil
}

func (d *Subsystem) namespace(id uint32) *Namespace {
	for _, n := range d.s.Namespaces {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// attached is a namespace that a controller shows.
func (d *Subsystem) attached(controller uint16, id uint32) *Namespace {
	if n := d.namespace(id); n != nil && slices.Contains(n.Attached, controller) {
		return n
	}
	return nil
}

func (d *Subsystem) locked() bool {
	return d.s.Faults.AccessDenied || d.TPer != nil && d.TPer.Owned
}
