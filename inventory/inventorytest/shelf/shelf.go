// Package shelf keeps simulated drives on a medium that outlives the machine they are
// simulated in: who they are, the state each is in, and what their media hold.
//
// A shelf begins with [HeadSize] bytes that describe it as JSON. Each drive has two
// places for its state, written in turn, so that one of them is whole whenever the power
// goes, and then its medium. It is used by tests only.
package shelf

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"lethe/inventory/inventorytest/simata"
	"lethe/inventory/inventorytest/simscsi"
)

// Serial is what a virtual disk with a shelf on it calls itself.
const Serial = "SIMULATED-SHELF"

// HeadSize is the room for the description, in bytes.
const HeadSize = 1 << 16

// stateSize is one of the two places for a state.
const stateSize = 1 << 20

const magic = "lethe shelf 1\n"

// Medium is what a shelf lies on.
type Medium interface {
	io.ReaderAt
	io.WriterAt
}

// Drive is one simulated drive: exactly one of SCSI and ATA is set.
type Drive struct {
	Name   string          `json:"name"` // letters, digits and hyphens
	NAA    uint64          `json:"naa"`  // of the port it is seen through
	SCSI   *simscsi.Config `json:"scsi,omitempty"`
	ATA    *simata.Config  `json:"ata,omitempty"`
	Faults simata.Faults   `json:"faults,omitzero"` // of ATA
}

// Size is the drive's medium in bytes, spare blocks with it where they are on it.
func (d Drive) Size() int64 {
	if d.SCSI != nil {
		return d.SCSI.Media
	}
	return int64(d.ATA.Sectors+d.ATA.Spare) * 512
}

// Shelf is an open shelf. Its methods may be called from several goroutines.
type Shelf struct {
	Drives []Drive
	m      Medium
	mu     sync.Mutex
	turn   map[int]uint64 // of the newest state
}

// Size is how many bytes a shelf with these drives takes.
func Size(drives []Drive) int64 {
	at := int64(HeadSize)
	for _, d := range drives {
		at += 2*stateSize + pages(d.Size())
	}
	return at
}

func pages(n int64) int64 { return (n + 4095) / 4096 * 4096 }

// Make writes the description of a new shelf. The media keep what they hold.
func Make(m Medium, drives []Drive) error {
	for _, d := range drives {
		if d.Name == "" || (d.SCSI == nil) == (d.ATA == nil) {
			return fmt.Errorf("make shelf: drive %q is neither SCSI nor ATA, or both", d.Name)
		}
	}
	j, err := json.Marshal(drives)
	if err != nil {
		return fmt.Errorf("make shelf: %w", err)
	}
	b := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(j)))
	if b = append(b, j...); len(b) > HeadSize {
		return errors.New("make shelf: too many drives")
	}
	none := make([]byte, stateSize)
	for i := range drives {
		for n := range int64(2) {
			if _, err := m.WriteAt(none[:4096], base(drives, i)+n*stateSize); err != nil {
				return fmt.Errorf("make shelf: %w", err)
			}
		}
	}
	if _, err = m.WriteAt(b, 0); err != nil {
		return fmt.Errorf("make shelf: %w", err)
	}
	return nil
}

// base is where a drive's states begin.
func base(drives []Drive, i int) int64 { return Size(drives[:i]) }

// Open reads the description of a shelf.
func Open(m Medium) (*Shelf, error) {
	b := make([]byte, HeadSize)
	if _, err := m.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("open shelf: %w", err)
	}
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, errors.New("open shelf: there is none")
	}
	n := binary.BigEndian.Uint32(rest)
	if uint64(n) > uint64(len(rest)-4) {
		return nil, errors.New("open shelf: its description is cut off")
	}
	s := &Shelf{m: m, turn: map[int]uint64{}}
	if err := json.Unmarshal(rest[4:4+n], &s.Drives); err != nil {
		return nil, fmt.Errorf("open shelf: %w", err)
	}
	return s, nil
}

// Medium is what drive i's blocks are on.
func (s *Shelf) Medium(i int) Medium {
	return part{s.m, base(s.Drives, i) + 2*stateSize, s.Drives[i].Size()}
}

// Load returns the newest whole state of drive i, nil where it never had one.
func (s *Shelf) Load(i int) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest []byte
	for n := range int64(2) {
		b := make([]byte, stateSize)
		if _, err := s.m.ReadAt(b, base(s.Drives, i)+n*stateSize); err != nil {
			return nil, fmt.Errorf("load state of %s: %w", s.Drives[i].Name, err)
		}
		if turn, state, ok := unseal(b); ok && turn > s.turn[i] {
			s.turn[i], newest = turn, state
		}
	}
	return newest, nil
}

// Save keeps the state of drive i. Load must have been called before.
func (s *Shelf) Save(i int, state []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(state) > stateSize-20 {
		return fmt.Errorf("save state of %s: %d bytes", s.Drives[i].Name, len(state))
	}
	turn := s.turn[i] + 1
	_, err := s.m.WriteAt(seal(turn, state), base(s.Drives, i)+int64(turn%2)*stateSize)
	if err == nil {
		err = s.Sync()
	}
	if err != nil {
		return fmt.Errorf("save state of %s: %w", s.Drives[i].Name, err)
	}
	s.turn[i] = turn
	return nil
}

// Sync makes everything written so far outlive the machine, where the medium can.
func (s *Shelf) Sync() error {
	if m, ok := s.m.(interface{ Sync() error }); ok {
		return m.Sync()
	}
	return nil
}

func seal(turn uint64, state []byte) []byte {
	be := binary.BigEndian
	b := be.AppendUint32(be.AppendUint64(nil, turn), uint32(len(state)))
	b = append(b, state...)
	return be.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func unseal(b []byte) (turn uint64, state []byte, ok bool) {
	be := binary.BigEndian
	n := uint64(be.Uint32(b[8:]))
	if 16+n > uint64(len(b)) || be.Uint32(b[12+n:]) != crc32.ChecksumIEEE(b[:12+n]) {
		return 0, nil, false
	}
	return be.Uint64(b), b[12 : 12+n], true
}

// part is a stretch of a medium.
type part struct {
	m    Medium
	off  int64
	size int64
}

func (p part) inside(n int, off int64) bool { return off >= 0 && off+int64(n) <= p.size }

func (p part) ReadAt(b []byte, off int64) (int, error) {
	if !p.inside(len(b), off) {
		return 0, io.EOF
	}
	return p.m.ReadAt(b, p.off+off)
}

func (p part) WriteAt(b []byte, off int64) (int, error) {
	if !p.inside(len(b), off) {
		return 0, io.ErrShortWrite
	}
	return p.m.WriteAt(b, p.off+off)
}
