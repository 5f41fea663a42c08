package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/deliver"
	"lethe/certs/marker"
	"lethe/cmd/internal/handover"
)

// cannotGoOn is what a stick in trouble means for a task.
const cannotGoOn = "; until then a loss of power lets drives begin anew, the erase goes on"

// handovers is the folder on the mounted stick.
func (s *stick) handovers() handover.Folder {
	return handover.Folder{Dir: filepath.Join(s.mount.Dir(), marker.Handover)}
}

// leave keeps what the next boot can go on with. A task whose paper is on the stick
// needs nothing any more, however late somebody comes with it.
func (s *stick) leave(ctx context.Context, task string, b []byte) error {
	return s.with(ctx, cannotGoOn, func(deliver.Folder) error {
		if s.paper[task] {
			return nil
		}
		return s.handovers().Put(task, b)
	})
}

// papered takes away what a task could have gone on with that has its paper on the
// stick. Should that fail, the next boot finds the paper and does it. s.mu is held.
func (s *stick) papered(b bundle.Bundle) {
	task := strings.TrimSuffix(b.Name, ".pdf")
	s.conclude(task)
	_ = s.handovers().Drop(task)
}

// conclude remembers a task that needs nothing any more. s.mu is held.
func (s *stick) conclude(task string) {
	if s.paper == nil {
		s.paper = map[string]bool{}
	}
	s.paper[task] = true
}

// tidy takes away what a loss of power left half done, and what is of no use any more,
// as the stick is first written to. s.mu is held.
func (s *stick) tidy() error {
	f := s.handovers()
	errs := []error{durable.Sweep(f.Dir), durable.Sweep(filepath.Join(s.mount.Dir(), marker.Papers))}
	for task := range s.paper {
		errs = append(errs, f.Drop(task))
	}
	return errors.Join(errs...)
}

// found opens what an earlier boot has left on the stick, if the stick is there. Nothing
// is written. papers is the stick's folder of papers.
func (s *stick) found(key []byte, do func(papers string, notes []handover.Note, torn []string)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mount == nil || s.mount.Check() != nil {
		return nil
	}
	notes, torn, err := s.handovers().Read(key)
	if err == nil {
		do(filepath.Join(s.mount.Dir(), marker.Papers), notes, torn)
	}
	return err
}
