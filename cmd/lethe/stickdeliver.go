package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/deliver"
	"lethe/certs/marker"
	"lethe/certs/record"
)

// Why the stick cannot take a paper now. Both pass when somebody acts.
var (
	errStickFull = errors.New("is full; take it out, make room, put it back")
	errStickGone = errors.New("is not there or does not answer; put it back")
)

// Deliver implements deliver.Deliverer: written, flushed, renamed, read back. A
// stick that was pulled or was full is looked for anew at each call.
func (s *stick) Deliver(ctx context.Context, b bundle.Bundle) (r bundle.Receipt, err error) {
	err = s.with(ctx, "", func(f deliver.Folder) (err error) {
		if r, err = f.Deliver(ctx, b); err == nil {
			s.papered(b)
		}
		return err
	})
	if err == nil {
		s.say(fmt.Sprintf("delivery stick: %s written and read back", b.Name))
	}
	return r, err
}

// Acknowledge implements deliver.Acknowledger. The receipt is kept beside the
// intent: the record has its digest.
func (s *stick) Acknowledge(ctx context.Context, intent []byte) (receipt []byte, err error) {
	err = s.with(ctx, "", func(f deliver.Folder) error {
		if receipt, err = f.Acknowledge(ctx, intent); err != nil {
			return err
		}
		name := "intent-" + record.Digest(intent) + ".receipt.json"
		err := durable.Write(f.Dir, name, receipt)
		if errors.Is(err, fs.ErrExist) { // the same intent was acknowledged before
			if receipt, err = os.ReadFile(filepath.Join(f.Dir, name)); err == nil {
				_, err = bundle.DecodeIntentReceipt(receipt, intent)
			}
		}
		if err != nil {
			return err
		}
		return durable.ReadBack(filepath.Join(f.Dir, name), receipt)
	})
	return receipt, err
}

// with does one thing in the stick's folder of papers. What goes wrong is told once,
// with what it means.
func (s *stick) with(ctx context.Context, means string, do func(deliver.Folder) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil { // it may have been unmounted for good
		return context.Cause(ctx)
	}
	err := s.find(ctx)
	if err == nil {
		err = s.judge(s.inFolder(do))
	}
	if err != nil {
		err = fmt.Errorf("delivery stick %s %w", s.serial, err)
		if s.told != err.Error() {
			s.told = err.Error()
			s.warn(s.told + means)
		}
		return err
	}
	s.told = ""
	return nil
}

// find has the stick mounted, and proved once more where it was away. A folder
// that is not the stick any more is in memory, and would take papers too.
func (s *stick) find(ctx context.Context) error {
	if s.mount != nil && s.mount.Check() == nil {
		return nil
	}
	s.mount = nil
	if err := s.take(s.look(ctx)); err != nil {
		return fmt.Errorf("%w (%w)", errStickGone, err)
	}
	return nil
}

func (s *stick) inFolder(do func(deliver.Folder) error) error {
	if !s.ready {
		if err := s.mount.Writable(); err != nil {
			return err
		}
		if err := makeFolders(s.mount.Dir()); err != nil {
			return err
		}
		if err := s.tidy(); err != nil {
			return err
		}
		s.ready = true
	}
	dir := filepath.Join(s.mount.Dir(), marker.Papers)
	return do(deliver.Folder{Dir: dir, Name: "stick " + s.serial, Now: s.now})
}

// judge turns what went wrong into what to do, and lets go of a stick that
// somebody has to take out.
func (s *stick) judge(err error) error {
	var no *deliver.RefusedError
	switch {
	case err == nil, errors.As(err, &no), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case durable.Full(err):
		err = errStickFull
	default:
		err = fmt.Errorf("%w (%w)", errStickGone, err)
	}
	s.release()
	return err
}

// release unmounts, in peace where that works.
func (s *stick) release() error {
	m := s.mount
	s.mount = nil
	if m == nil {
		return nil
	}
	err := m.Close()
	if err != nil {
		m.Drop()
	}
	return err
}

// finish unmounts the stick at the end and says whether it may be taken out.
func (s *stick) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mount == nil {
		return
	}
	if err := s.release(); err != nil {
		s.warn(fmt.Sprintf("delivery stick %s could not be unmounted (%v); what was read back is on it", s.serial, err))
		return
	}
	s.say(fmt.Sprintf("delivery stick %s is unmounted: the stick may be removed", s.serial))
}

// everywhere delivers to the depot, whose receipt counts, and at the same time to
// the stick: a depot that is away holds up no copy on the stick.
type everywhere struct{ depot, stick deliver.Deliverer }

// Deliver implements deliver.Deliverer.
func (e everywhere) Deliver(ctx context.Context, b bundle.Bundle) (bundle.Receipt, error) {
	copied := make(chan error, 1)
	go func() {
		_, err := e.stick.Deliver(ctx, b)
		copied <- err
	}()
	r, err := e.depot.Deliver(ctx, b)
	return r, errors.Join(err, <-copied)
}
