// Package archive is the depot's folder of papers. Every paper in it was checked
// and judged again before it came in, has a signed receipt beside it, and is on
// stable storage before the receipt is given out.
//
//	ID.pdf                 a paper, under the id of its record or summary
//	ID.receipt.json        the receipt for it, signed by the depot
//	index.jsonl            one canonical JSON line a paper, only ever appended to
//	intents/DIGEST.json    an acknowledged intent, with DIGEST.receipt.json
//
// The name of the paper is the point of commitment: its receipt has its name
// before, its line in the index comes after and is made up for at the next Open
// when the depot is killed between the two.
package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/record"
)

// Why a paper or an intent is not taken or not given. A paper that does not check
// is a *Refusal.
var (
	ErrConflict = errors.New("another paper for the same record is kept")
	ErrNotFound = errors.New("no such paper")
	ErrDamaged  = errors.New("stored copy is damaged")
)

// Refusal says in one line why a paper is no authentic paper.
type Refusal struct{ Reason string }

// Error is the reason.
func (r *Refusal) Error() string { return r.Reason }

// Finding is what a check makes of an authentic paper.
type Finding struct {
	ID      string       // of the record or summary
	Kind    string       // certificate, notice, summary
	State   record.State // judged again; empty for a summary
	Method  record.Method
	Virtual bool
	Serial  string // of the drive; of the machine for a summary
	Model   string
	Content record.Hex            // digest of a record's canonical bytes
	Rows    map[string]record.Hex // of a summary: record id to the digest it states
}

// Checker decides whether a file is an authentic paper, and judges it again.
type Checker interface {
	// Check returns a *Refusal for what is no authentic paper. Any other error says
	// nothing about the paper.
	Check(pdf []byte) (Finding, error)
}

// Sealer signs receipts and checks its own.
type Sealer interface {
	Seal(payload []byte) (envelope []byte, err error)
	Open(envelope []byte) (payload []byte, err error) // verified as of now
}

// Config is what an archive works with. All fields are needed.
type Config struct {
	Dir    string // made when it is not there
	Name   string // the depot's name in receipts
	Check  Checker
	Seal   Sealer
	Now    func() time.Time
	Report func(error) // damage that was found, and mended where it could be
}

// Archive owns its folder until Close. Its methods are safe for concurrent use.
type Archive struct {
	Config
	lock  io.Closer
	index *os.File

	mu       sync.Mutex
	entries  []Entry // in order of arrival
	byDigest map[record.Hex]int
	byID     map[string]int
	busy     map[record.Hex]chan struct{} // closed when the Put of that paper ends
}

const intentDir = "intents"

// Open takes the folder for this process and brings the index up to what is there.
// A folder that is in use gives durable.ErrLocked.
func Open(c Config) (*Archive, error) {
	a := &Archive{Config: c, byDigest: map[record.Hex]int{}, byID: map[string]int{},
		busy: map[record.Hex]chan struct{}{}}
	if err := os.MkdirAll(filepath.Join(c.Dir, intentDir), 0o750); err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	var err error
	if a.lock, err = durable.Lock(c.Dir); err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	if err := a.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("open archive: %w", err), a.Close())
	}
	return a, nil
}

func (a *Archive) prepare() error {
	for _, dir := range []string{a.Dir, filepath.Join(a.Dir, intentDir)} {
		if err := durable.Sweep(dir); err != nil {
			return err
		}
		probe, err := durable.Stage(dir, []byte("writable?"))
		if err != nil {
			return err
		}
		probe.Discard()
	}
	entries, f, err := openIndex(a.Dir)
	if err != nil {
		return err
	}
	a.index = f
	for _, e := range entries {
		a.remember(e)
	}
	return a.recover()
}

// Close gives the folder up.
func (a *Archive) Close() error {
	var err error
	if a.index != nil {
		err = a.index.Close()
	}
	return errors.Join(err, a.lock.Close())
}

func (a *Archive) remember(e Entry) {
	a.byDigest[e.Digest] = len(a.entries)
	a.byID[e.ID] = len(a.entries)
	a.entries = append(a.entries, e)
}

// recover adds the line of a paper that was committed just before a crash. It has
// its receipt; a file without one was never taken in by a depot and is left alone.
func (a *Archive) recover() error {
	names, err := papers(a.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		id := strings.TrimSuffix(name, ".pdf")
		if _, known := a.byID[id]; known {
			continue
		}
		e, err := a.reread(id)
		if err != nil {
			a.Report(fmt.Errorf("%s is not in the index and stays out: %w", name, err))
			continue
		}
		if err := a.append(e); err != nil {
			return err
		}
		a.remember(e)
	}
	return nil
}

// reread makes the entry of a paper from the paper and its receipt.
func (a *Archive) reread(id string) (Entry, error) {
	pdf, err := os.ReadFile(filepath.Join(a.Dir, paperName(id)))
	if err != nil {
		return Entry{}, err
	}
	raw, err := os.ReadFile(filepath.Join(a.Dir, receiptName(id)))
	if err != nil {
		return Entry{}, fmt.Errorf("no receipt: %w", err)
	}
	r, err := bundle.ReadReceipt(raw)
	if err == nil {
		err = r.Covers(bundle.Bundle{PDF: pdf})
	}
	if err != nil {
		return Entry{}, err
	}
	f, err := a.Check.Check(pdf)
	if err != nil {
		return Entry{}, err
	}
	if f.ID != id {
		return Entry{}, fmt.Errorf("it is paper %s", f.ID)
	}
	return entryOf(f, pdf, r.Stored), nil
}
