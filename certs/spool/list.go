package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lethe/certs/bundle"
)

// receipt is the receipt that lies beside the paper, nil when none does. One that
// is for other content is an error, and the paper counts as pending.
func (s *Spool) receipt(b bundle.Bundle) (*bundle.Receipt, error) {
	raw, err := os.ReadFile(filepath.Join(s.dir, b.Name+receiptSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := bundle.ReadReceipt(raw)
	if err == nil {
		err = r.Covers(b)
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// List is every paper, by name. Files that are no papers are passed over.
func (s *Spool) List() ([]Entry, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	all := make([]Entry, 0, len(names))
	for _, n := range names {
		e, err := s.entry(n)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// Pending is the names of the papers without a receipt.
func (s *Spool) Pending() ([]string, error) {
	all, err := s.List()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range all {
		if e.Receipt == nil {
			names = append(names, e.Name)
		}
	}
	return names, nil
}

func (s *Spool) names() ([]string, error) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list spool: %w", err)
	}
	var names []string
	for _, f := range files {
		if f.Type().IsRegular() && bundle.ValidName(f.Name()) {
			names = append(names, f.Name())
		}
	}
	return names, nil
}

func (s *Spool) entry(name string) (Entry, error) {
	b, err := s.Get(name)
	if err != nil {
		return Entry{}, fmt.Errorf("list spool: %w", err)
	}
	// A receipt that cannot be read proves nothing: the paper is pending.
	r, _ := s.receipt(b)
	return Entry{Name: name, Receipt: r}, nil
}
