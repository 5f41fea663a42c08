package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"lethe/certs/record"
)

// journal keeps every task's lines in a file of its own as they come, each
// flushed to stable storage before the worker goes on.
type journal struct {
	dir string

	mu    sync.Mutex
	files map[string]*os.File
}

func openJournal(dir string) (*journal, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &journal{dir: dir, files: map[string]*os.File{}}, nil
}

// Append implements wipe.Journal.
func (j *journal) Append(_ context.Context, task string, l record.Line) error {
	b, err := record.Marshal(l)
	if err != nil {
		return err
	}
	f, err := j.file(task)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("flush journal: %w", err)
	}
	return nil
}

// file is the task's own file; a task's lines come one at a time.
func (j *journal) file(task string) (*os.File, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if f := j.files[task]; f != nil {
		return f, nil
	}
	name := filepath.Join(j.dir, task+".jsonl")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j.files[task] = f
	return f, nil
}

// Close closes all files; every line was flushed already.
func (j *journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for _, f := range j.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
