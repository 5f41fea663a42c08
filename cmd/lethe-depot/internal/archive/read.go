package archive

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"lethe/certs/record"
)

// List is every paper, in order of arrival.
func (a *Archive) List() []Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.entries)
}

// Paper reads a paper and checks it against its digest.
func (a *Archive) Paper(digest record.Hex) ([]byte, Entry, error) {
	e, ok := a.find(digest)
	if !ok {
		return nil, Entry{}, ErrNotFound
	}
	pdf, err := os.ReadFile(filepath.Join(a.Dir, paperName(e.ID)))
	if err != nil {
		return nil, e, fmt.Errorf("read paper: %w", err)
	}
	if record.Digest(pdf) != digest {
		return nil, e, fmt.Errorf("read paper %s: %w", e.ID, ErrDamaged)
	}
	return pdf, e, nil
}

// Receipt reads the signed receipt of a paper.
func (a *Archive) Receipt(digest record.Hex) ([]byte, error) {
	e, ok := a.find(digest)
	if !ok {
		return nil, ErrNotFound
	}
	raw, err := os.ReadFile(filepath.Join(a.Dir, receiptName(e.ID)))
	if err != nil {
		return nil, fmt.Errorf("read receipt: %w", err)
	}
	return raw, nil
}

func (a *Archive) find(digest record.Hex) (Entry, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.byDigest[digest]
	if !ok {
		return Entry{}, false
	}
	return a.entries[i], true
}
