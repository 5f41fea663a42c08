// Package spool holds the papers that are not delivered yet: in RAM on a booted
// machine, on disk on a host. A paper is in the spool from the moment Put returns,
// and it is pending until a receipt for it lies beside it. Both survive a crash at
// any point, and doing either again changes nothing.
//
// The directory is flat and readable without this code: NAME.pdf is a paper,
// NAME.pdf.receipt.json the receipt for it as the keeper gave it.
package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
)

const receiptSuffix = ".receipt.json"

// ErrConflict says that another paper has the name already.
var ErrConflict = errors.New("another paper has this name")

// Spool is a directory of papers that one process owns. Its methods are safe for
// concurrent use.
type Spool struct {
	dir  string
	lock io.Closer
	mu   sync.Mutex // one writer at a time, so that a look and a write are one step
	wake chan struct{}
}

// Entry is one paper of a spool.
type Entry struct {
	Name    string
	Receipt *bundle.Receipt // nil while the paper is pending
}

// Open makes the directory if need be, takes it for this process and clears what
// a killed one left. A second owner gets durable.ErrLocked.
func Open(dir string) (*Spool, error) {
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	lock, err := durable.Lock(dir)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if err := durable.Sweep(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool: %w", err), lock.Close())
	}
	return &Spool{dir: dir, lock: lock, wake: make(chan struct{}, 1)}, nil
}

// makeDir makes a directory, and those above it, whose names outlive a power cut.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(filepath.Clean(dir))
	if err := makeDir(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return durable.SyncDir(above)
}

// Close gives the directory up. Papers stay.
func (s *Spool) Close() error { return s.lock.Close() }

// Put keeps a paper. The same paper again is nil; another one under its name is
// ErrConflict.
func (s *Spool) Put(b bundle.Bundle) error {
	if err := b.Validate(); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := durable.Write(s.dir, b.Name, b.PDF)
	if errors.Is(err, fs.ErrExist) {
		err = s.same(b)
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", b.Name, err)
	}
	select {
	case s.wake <- struct{}{}:
	default: // whoever delivers will look anyway
	}
	return nil
}

func (s *Spool) same(b bundle.Bundle) error {
	old, err := os.ReadFile(filepath.Join(s.dir, b.Name))
	if err != nil {
		return err
	}
	if !bytes.Equal(old, b.PDF) {
		return ErrConflict
	}
	return durable.SyncDir(s.dir) // the writer may have been cut off before its own
}

// Get reads a paper.
func (s *Spool) Get(name string) (bundle.Bundle, error) {
	if !bundle.ValidName(name) {
		return bundle.Bundle{}, fmt.Errorf("get: %w: unsafe file name %q", bundle.ErrInvalid, name)
	}
	pdf, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return bundle.Bundle{}, fmt.Errorf("get: %w", err)
	}
	return bundle.Bundle{Name: name, PDF: pdf}, nil
}

// MarkDelivered keeps the receipt beside its paper; from then on the paper is not
// pending. The receipt must be for this very paper, and whoever calls has checked
// its signature. A second receipt for the same paper is not kept.
func (s *Spool) MarkDelivered(name string, r bundle.Receipt) error {
	b, err := s.Get(name)
	if err != nil {
		return fmt.Errorf("mark delivered: %w", err)
	}
	kept, err := bundle.ReadReceipt(r.Raw)
	if err == nil {
		err = kept.Covers(b)
	}
	if err != nil {
		return fmt.Errorf("mark %s delivered: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = durable.Write(s.dir, name+receiptSuffix, r.Raw)
	if errors.Is(err, fs.ErrExist) {
		if old, e := s.receipt(b); e == nil && old != nil {
			return nil
		}
		err = s.overwrite(name+receiptSuffix, r.Raw) // a receipt for nothing is none
	}
	if err != nil {
		return fmt.Errorf("mark %s delivered: %w", name, err)
	}
	return nil
}

func (s *Spool) overwrite(name string, data []byte) error {
	st, err := durable.Stage(s.dir, data)
	if err != nil {
		return err
	}
	defer st.Discard()
	return st.Replace(name)
}
