package spool

import (
	"cmp"
	"context"
	"slices"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
)

// Outcome is how the delivery of one paper ended.
type Outcome struct {
	Name    string
	Receipt bundle.Receipt // of a delivered paper
	Err     error          // nil when delivered and the receipt is kept
}

// Drain delivers everything pending, and what is put meanwhile, and returns what is
// still pending when nothing more can succeed. It is Run for one who puts no more.
func (s *Spool) Drain(ctx context.Context, d deliver.Deliverer, outcome func(Outcome)) ([]Outcome, error) {
	done := make(chan struct{})
	close(done)
	return s.Run(ctx, d, done, outcome)
}

// Run delivers each paper as soon as it is put, until done is closed and every
// paper has its outcome, or ctx ends. Each paper goes its own way: one that is
// refused or has to wait holds up no other. outcome may be nil; it is called on
// Run's goroutine, once a paper. What is returned is pending still, by name, and may
// be run again; an error says that the directory itself cannot be read.
func (s *Spool) Run(ctx context.Context, d deliver.Deliverer, done <-chan struct{}, outcome func(Outcome)) ([]Outcome, error) {
	r := run{spool: s, to: d, outcome: outcome, begun: map[string]bool{}, ended: make(chan Outcome)}
	for more := true; ; {
		err := r.begin(ctx)
		if r.running == 0 && (!more || err != nil) {
			slices.SortFunc(r.left, func(a, b Outcome) int { return cmp.Compare(a.Name, b.Name) })
			return r.left, err
		}
		stop := ctx.Done()
		if !more {
			stop = nil // known already; what is under way sees ctx itself and ends
		}
		select {
		case o := <-r.ended:
			r.running--
			r.settle(o)
		case <-s.wake:
		case <-done:
			more, done = false, nil
		case <-stop:
			more, done = false, nil
		}
	}
}

type run struct {
	spool   *Spool
	to      deliver.Deliverer
	outcome func(Outcome)
	begun   map[string]bool
	running int
	ended   chan Outcome
	left    []Outcome
}

// begin starts the papers that are pending and new to this run.
func (r *run) begin(ctx context.Context) error {
	names, err := r.spool.names()
	if err != nil {
		return err
	}
	for _, n := range names {
		if r.begun[n] {
			continue
		}
		r.begun[n] = true
		e, err := r.spool.entry(n)
		switch {
		case err == nil && e.Receipt != nil:
		case err == nil && ctx.Err() != nil:
			r.settle(Outcome{Name: n, Err: context.Cause(ctx)})
		case err != nil: // one unreadable paper holds up no other
			r.settle(Outcome{Name: n, Err: err})
		default:
			r.running++
			go func() { r.ended <- r.spool.deliver(ctx, r.to, n) }()
		}
	}
	return nil
}

func (r *run) settle(o Outcome) {
	if o.Err != nil {
		r.left = append(r.left, o)
	}
	if r.outcome != nil {
		r.outcome(o)
	}
}

func (s *Spool) deliver(ctx context.Context, d deliver.Deliverer, name string) Outcome {
	b, err := s.Get(name)
	if err != nil {
		return Outcome{Name: name, Err: err}
	}
	r, err := d.Deliver(ctx, b)
	if err == nil {
		err = s.MarkDelivered(name, r)
	}
	return Outcome{Name: name, Receipt: r, Err: err}
}
