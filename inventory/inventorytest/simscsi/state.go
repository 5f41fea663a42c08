package simscsi

import (
	"encoding/json"
	"fmt"
	"time"
)

// state is all of a drive but its medium, and what a loss of power would take.
type state struct {
	Config    Config   `json:"config"`
	Length    uint32   `json:"length"` // bytes a block, as formatted
	Blocks    uint64   `json:"blocks"`
	Pending   *layout  `json:"pending,omitempty"` // what MODE SELECT asked for, until a format has ended
	Attention []Sense  `json:"attention,omitempty"`
	Running   *process `json:"running,omitempty"`
	Corrupt   bool     `json:"corrupt,omitempty"` // MEDIUM FORMAT CORRUPTED
	Failed    *failure `json:"failed,omitempty"`
	Unwritten []byte   `json:"unwritten,omitempty"` // a bit for each block that must be written before it reads
	Unread    Sense    `json:"unread,omitzero"`     // what such a block answers
	Spare     []byte   `json:"spare,omitempty"`
	Erases    int      `json:"erases,omitempty"` // that were begun: the key of a crypto erase
	Begun     bool     `json:"begun,omitempty"`  // faults that come with the first erase are there
	Busy      int      `json:"busy,omitempty"`   // commands still to be answered BUSY
	Cut       bool     `json:"cut,omitempty"`    // faults that come once have come
	Reset     bool     `json:"reset,omitempty"`
	Gone      bool     `json:"gone,omitempty"`
}

// layout is a block descriptor.
type layout struct {
	Blocks uint64 `json:"blocks"`
	Length uint32 `json:"length"`
}

// failure is the failure mode of a sanitize, or a failed format.
type failure struct {
	Format       bool `json:"format,omitempty"`
	Unrestricted bool `json:"unrestricted,omitempty"` // AUSE: EXIT FAILURE MODE is taken
}

// State is the drive as it would come back after a loss of power at this moment; the
// time until then does not count as time at work.
func (d *Drive) State() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.advance() // a drive that is gone has a state, too
	return json.Marshal(d.s)
}

// Restore puts the drive in the state that State returned. Call PowerCycle after it
// where the power was lost.
func (d *Drive) Restore(b []byte) error {
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("restore simulated drive: %w", err)
	}
	if s.Config.Media <= 0 || s.Length == 0 || s.Blocks > uint64(s.Config.Media)/uint64(s.Length) {
		return fmt.Errorf("restore simulated drive: %d blocks of %d bytes in %d", s.Blocks, s.Length, s.Config.Media)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.s = s
	clear(d.cache)
	if d.s.Running != nil {
		d.s.Running.Since = d.clock.Now()
	}
	return nil
}

// Wall is the clock of the machine.
type Wall struct{}

// Now is the time of day, with the monotonic reading.
func (Wall) Now() time.Time { return time.Now() }
