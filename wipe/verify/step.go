package verify

import (
	"encoding/binary"

	"lethe/wipe/overwrite/traverse"
	"lethe/wipe/pattern"
)

// step reads a buffer and compares it.
type step struct {
	device Reader
	stream pattern.Stream
	sector int
	poison [pattern.KeySize]byte
}

// newStep draws the poison: as random bytes it is part of no expected sector.
func newStep(d Reader, s pattern.Stream) (*step, error) {
	poison, err := pattern.NewKey()
	if err != nil {
		return nil, err
	}
	return &step{device: d, stream: s, sector: d.LogicalSector(), poison: poison}, nil
}

// Prepare has nothing to do: a buffer is spoilt before every attempt.
func (s *step) Prepare([]byte, int64, bool) {}

// Do reads p and compares the pieces that could be read.
func (s *step) Do(t *traverse.Transfer, p []byte, off int64) {
	for _, r := range t.Move(s.read, p, off) {
		s.compare(t, p[r.First-off:r.End-off], r.First)
	}
}

// read spoils the head of every sector of p before it reads. A read that
// claims success and moves nothing would else be compared with what the last
// one left there, and over a uniform stream that is just what is expected.
func (s *step) read(p []byte, off int64) (int, error) {
	return s.device.ReadAt(s.spoilt(p), off)
}

// Queue implements traverse.Queued.
func (s *step) Queue() traverse.Queue {
	q, _ := s.device.(traverse.Queue)
	return q
}

// Start implements traverse.Queued: it is read for a queue.
func (s *step) Start(q traverse.Queue, p []byte, off int64, id int) error {
	return q.Start(false, s.spoilt(p), off, id)
}

func (s *step) spoilt(p []byte) []byte {
	a, b := binary.NativeEndian.Uint64(s.poison[:8]), binary.NativeEndian.Uint64(s.poison[8:])
	for at := 0; at < len(p); at += s.sector {
		head := p[at : at+pattern.KeySize : at+pattern.KeySize]
		binary.NativeEndian.PutUint64(head[:8], a) // two stores, where copy is a call a sector
		binary.NativeEndian.PutUint64(head[8:], b)
	}
	return p
}

// compare notes every sector of p that differs. It looks at large pieces and
// goes down to sectors only where it has just found a difference.
func (s *step) compare(t *traverse.Transfer, p []byte, off int64) {
	for pos := 0; pos < len(p); {
		i := s.stream.Check(p[pos:], off+int64(pos))
		if i < 0 {
			return
		}
		first := (pos + i) / s.sector * s.sector
		pos = first + s.sector
		for pos < len(p) && s.stream.Check(p[pos:pos+s.sector], off+int64(pos)) >= 0 {
			pos += s.sector
		}
		t.Differ(off+int64(first), off+int64(pos))
	}
}
