package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/record"
)

// Put checks a paper, judges it again and keeps it. When it returns without an
// error the paper, its receipt and its line in the index are on stable storage; on
// an error none of them is. A paper that is kept already gives its receipt again,
// and fresh is false.
func (a *Archive) Put(pdf []byte) (receipt []byte, fresh bool, err error) {
	digest := record.Digest(pdf)
	defer a.turn(digest)()
	if e, ok := a.find(digest); ok {
		receipt, err = a.again(e, pdf)
		return receipt, false, err
	}
	f, err := a.Check.Check(pdf)
	if err != nil {
		return nil, false, err
	}
	if !bundle.ValidID(f.ID) {
		return nil, false, &Refusal{fmt.Sprintf("its id %q cannot be a file name", f.ID)}
	}
	// Staged before the lock: the slow part of one paper is nobody else's wait.
	staged, err := durable.Stage(a.Dir, pdf)
	if err != nil {
		return nil, false, fmt.Errorf("keep %s: %w", f.ID, err)
	}
	defer staged.Discard()
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.byID[f.ID]; ok {
		return nil, false, fmt.Errorf("keep %s: %w", f.ID, ErrConflict)
	}
	e := entryOf(f, pdf, record.At(a.Now()))
	if receipt, err = a.commit(staged, e); err != nil {
		return nil, false, fmt.Errorf("keep %s: %w", f.ID, err)
	}
	a.remember(e)
	return receipt, true, nil
}

// turn waits until no other Put of the same paper is under way and returns what
// ends this one's: a paper that comes many times at once is checked once.
func (a *Archive) turn(digest record.Hex) (end func()) {
	for {
		a.mu.Lock()
		other, busy := a.busy[digest]
		if !busy {
			mine := make(chan struct{})
			a.busy[digest] = mine
			a.mu.Unlock()
			return func() {
				a.mu.Lock()
				delete(a.busy, digest)
				a.mu.Unlock()
				close(mine)
			}
		}
		a.mu.Unlock()
		<-other
	}
}

// commit names the receipt, then the paper, then writes the line.
func (a *Archive) commit(staged *durable.Staged, e Entry) ([]byte, error) {
	// A file of that name that is not in the index came in by another way: it is
	// reported at Open, and never replaced.
	if _, err := os.Lstat(filepath.Join(a.Dir, paperName(e.ID))); err == nil {
		return nil, fmt.Errorf("%w, outside the index", ErrConflict)
	}
	receipt, err := a.writeReceipt(e)
	if err != nil {
		return nil, err
	}
	if err = staged.Commit(paperName(e.ID)); err == nil {
		err = a.append(e)
	}
	if err != nil {
		return nil, errors.Join(err, a.undo(e.ID))
	}
	return receipt, nil
}

func (a *Archive) undo(id string) error {
	var errs []error
	for _, n := range []string{paperName(id), receiptName(id)} {
		if err := os.Remove(filepath.Join(a.Dir, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, durable.SyncDir(a.Dir))...)
}

// writeReceipt signs and keeps the receipt. It replaces one that a killed depot
// left without its paper: nobody was ever given that one.
func (a *Archive) writeReceipt(e Entry) ([]byte, error) {
	payload, err := record.Marshal(e.receipt(a.Name))
	if err != nil {
		return nil, err
	}
	return a.seal(a.Dir, receiptName(e.ID), payload)
}

func (a *Archive) seal(dir, name string, payload []byte) ([]byte, error) {
	envelope, err := a.Seal.Seal(payload)
	if err != nil {
		return nil, fmt.Errorf("sign receipt: %w", err)
	}
	s, err := durable.Stage(dir, envelope)
	if err != nil {
		return nil, err
	}
	defer s.Discard()
	return envelope, s.Replace(name)
}

func (a *Archive) again(e Entry, pdf []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.mend(e, pdf)
}

// mend gives the receipt of a paper that came again. A receipt vouches for the copy
// kept, so the copy is read; one that was lost or has rotted is replaced by the
// paper in hand, whose digest is the same.
func (a *Archive) mend(e Entry, pdf []byte) ([]byte, error) {
	kept, err := os.ReadFile(filepath.Join(a.Dir, paperName(e.ID)))
	if err != nil || !bytes.Equal(kept, pdf) {
		a.Report(fmt.Errorf("%s: %w: replaced by the same paper, delivered again", paperName(e.ID), ErrDamaged))
		s, err := durable.Stage(a.Dir, pdf)
		if err != nil {
			return nil, err
		}
		defer s.Discard()
		if err := s.Replace(paperName(e.ID)); err != nil {
			return nil, err
		}
	}
	raw, err := os.ReadFile(filepath.Join(a.Dir, receiptName(e.ID)))
	if err == nil {
		if err = a.stands(raw, pdf); err == nil {
			return raw, nil
		}
	}
	// Lost, damaged, or signed by a certificate that has ended since: the same
	// statement is signed anew.
	a.Report(fmt.Errorf("%s is signed anew: %w", receiptName(e.ID), err))
	return a.writeReceipt(e)
}

// stands is nil when the envelope is a receipt for this paper that holds now.
func (a *Archive) stands(envelope, pdf []byte) error {
	payload, err := a.Seal.Open(envelope)
	if err != nil {
		return err
	}
	r, err := bundle.DecodeReceipt(payload)
	if err != nil {
		return err
	}
	return r.Covers(bundle.Bundle{PDF: pdf})
}
