// Package job is the sequence from a plan to its papers: run every task, and as
// each drive ends, judge it, issue its paper and hand it on, so that a finished
// drive never waits for a slow one (law 6). It does no I/O of its own: what
// touches drives, keys, disks and networks is given to it.
package job

import (
	"context"
	"errors"
	"fmt"

	"lethe/certs/issue"
	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// Job is one run on one machine.
type Job struct {
	Engine  *wipe.Engine
	Issuer  issue.Issuer
	Profile profile.Profile
	Order   []byte // the order's envelope; nil where a person confirmed
	// Context is asked at the time of issue, so that times are the papers' own.
	Context func() record.Context
	// Keep takes each paper as it is made. Its error is joined to Run's.
	Keep func(ctx context.Context, p issue.Paper) error
	// Done is told of each drive's paper, once it is kept. May be nil.
	Done func(p issue.Paper)
	// Lost is told of each drive's paper that could not be kept, and why. May be nil.
	Lost func(p issue.Paper, err error)
}

// Outcome is all that came of a run.
type Outcome struct {
	Papers  []issue.Paper // those that were kept, in the order their tasks ended
	Lost    []issue.Paper // those that were not: they prove nothing to anybody
	Summary issue.Paper
	State   record.Summary
}

// Run carries out the plan. The error speaks of papers that could not be made or
// kept; what became of the drives is in the outcome.
func (j *Job) Run(ctx context.Context, p *wipe.Plan) (Outcome, error) {
	var out Outcome
	var errs []error
	// Papers are made and kept even when the run is being cancelled: what was
	// done to a drive must be told.
	keepCtx := context.WithoutCancel(ctx)
	err := j.Engine.Run(ctx, p, func(r wipe.TaskReport) {
		paper, err := j.Issuer.Certificate(r.Transcript, j.Context(), j.Profile, j.Order)
		if err != nil {
			errs = append(errs, fmt.Errorf("task %s: %w", r.Task.ID, err))
			return
		}
		if err := j.Keep(keepCtx, paper); err != nil {
			errs = append(errs, fmt.Errorf("keep paper %s: %w", paper.ID, err))
			out.Lost = append(out.Lost, paper)
			if j.Lost != nil {
				j.Lost(paper, err)
			}
			return
		}
		out.Papers = append(out.Papers, paper)
		if j.Done != nil {
			j.Done(paper)
		}
	})
	if err != nil && !errors.Is(err, wipe.ErrNothingToDo) {
		return out, err
	}
	errs = append(errs, j.summarize(keepCtx, p, &out))
	return out, errors.Join(errs...)
}

func (j *Job) summarize(ctx context.Context, p *wipe.Plan, out *Outcome) error {
	c := j.Context()
	out.State = issue.Summarize(wipe.NewID(c.Issued.Time), c, p.Order(), p.Wanted(), out.Papers, p.Left(), p.Missing())
	paper, err := j.Issuer.Summary(out.State)
	if err != nil {
		return err
	}
	out.Summary = paper
	if err := j.Keep(ctx, paper); err != nil {
		return fmt.Errorf("keep summary %s: %w", paper.ID, err)
	}
	return nil
}

// Reached counts the papers that are certificates.
func (o Outcome) Reached() (n int) {
	for _, p := range o.Papers {
		if p.Record.Kind == record.KindCertificate {
			n++
		}
	}
	return n
}
