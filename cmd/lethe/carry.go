package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/handover"
)

// handoverUse is the use of the secret under which handovers are sealed.
const handoverUse = "handover"

// carryPatience is how long a key waits for its place on the stick. It is less than
// the engine waits for its journal: a stick that hangs stops no erase.
const carryPatience = 20 * time.Second

// errSlow says that the stick has not answered in time.
var errSlow = errors.New("the stick does not answer in time")

// carrier has what tasks can go on with kept on the delivery stick, while their
// journals are in memory. What goes wrong there vetoes nothing: the task cannot be
// resumed, that is all, and the stick says why.
type carrier struct {
	dir     string // folder of the journals
	machine record.Machine
	key     []byte
	leave   func(ctx context.Context, task string, b []byte) error
	patient time.Duration // how long now waits

	mu   sync.Mutex
	due  []string // tasks to copy, each once
	wait map[string][]chan error
	wake chan struct{}
}

func newCarrier(dir string, m record.Machine, s sign.Signer, leave func(context.Context, string, []byte) error) (*carrier, error) {
	key, err := sign.Secret(s, handoverUse)
	if err != nil {
		return nil, err
	}
	m.Neighbours = nil // where it stood is not who it is
	return &carrier{dir: dir, machine: m, key: key, leave: leave, patient: carryPatience, wait: map[string][]chan error{}, wake: make(chan struct{}, 1)}, nil
}

// later has the task's state kept soon. It waits for nothing.
func (c *carrier) later(task string) { c.add(task, nil) }

// now waits until the task's state is kept, but not for ever.
func (c *carrier) now(ctx context.Context, task string) error {
	kept := make(chan error, 1)
	c.add(task, kept)
	slow := time.NewTimer(c.patient)
	defer slow.Stop()
	select {
	case err := <-kept:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-slow.C:
		return errSlow
	}
}

func (c *carrier) add(task string, kept chan error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, is := c.wait[task]; !is {
		c.due = append(c.due, task)
		c.wait[task] = nil
	}
	if kept != nil {
		c.wait[task] = append(c.wait[task], kept)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run copies until ctx ends: one task at a time, each as it is by then.
func (c *carrier) run(ctx context.Context) {
	for ctx.Err() == nil {
		c.mu.Lock()
		task, kept := "", []chan error(nil)
		if len(c.due) > 0 {
			task, c.due = c.due[0], c.due[1:]
			kept = c.wait[task]
			delete(c.wait, task)
		}
		c.mu.Unlock()
		if task == "" {
			select {
			case <-ctx.Done():
				return
			case <-c.wake:
			}
			continue
		}
		err := c.carry(ctx, task)
		for _, k := range kept {
			k <- err
		}
	}
}

// carry copies the task's files. One that has its paper has none any more.
func (c *carrier) carry(ctx context.Context, task string) error {
	n, err := c.note(task)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := handover.Seal(c.key, n)
	if err != nil {
		return err
	}
	return c.leave(ctx, task, b)
}

// note gathers the files. The note to resume is read before the journal, which only
// grows: so the journal has all that the note vouches for.
func (c *carrier) note(task string) (handover.Note, error) {
	n := handover.Note{Format: handover.Format, Task: task, Machine: c.machine}
	add := func(name string, must bool) error {
		b, err := os.ReadFile(filepath.Join(c.dir, name))
		if errors.Is(err, fs.ErrNotExist) && !must {
			return nil
		}
		n.Files = append(n.Files, handover.File{Name: name, Data: b})
		return err
	}
	err := errors.Join(add(task+resumeSuffix, false), add(task+journalSuffix, true), add(task+sealSuffix, false))
	if err != nil {
		return n, err
	}
	t, err := journalIn(n.Files)
	if err != nil {
		return n, err
	}
	return n, add(filepath.Base(t.Lines[0].Event.Task.Plan)+runSuffix, true)
}

// journalIn reads the journal among the files as far as it can be followed.
func journalIn(files []handover.File) (*record.Transcript, error) {
	for _, f := range files {
		if filepath.Ext(f.Name) != journalSuffix {
			continue
		}
		t, _ := record.ParseTranscript(f.Data)
		if len(t.Lines) == 0 || t.Lines[0].Event.Task == nil {
			break
		}
		return t, nil
	}
	return nil, fmt.Errorf("there is no journal of a task")
}
