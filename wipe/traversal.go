package wipe

import (
	"context"
	"errors"

	"lethe/certs/record"
	"lethe/wipe/overwrite"
	"lethe/wipe/verify"
)

// traversal turns the callbacks of one pass over the medium into lines and
// progress. A line that is not taken cancels the traversal.
type traversal struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	work   *work
	phase  string
	pass   int64
	failed error
}

func (w *work) traversal(ctx context.Context, phase string, pass int64) *traversal {
	t := &traversal{work: w, phase: phase, pass: pass}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	t.progress(0)
	return t
}

func (t *traversal) progress(done int64) {
	t.work.port.Progress(Progress{Phase: t.phase, Pass: t.pass,
		Of: int64(len(t.work.spec.Task.Passes)), Done: done, Total: t.work.drive.Size(), Part: t.work.places.Bytes})
}

func (t *traversal) stretch(from, to int64) {
	if t.failed != nil {
		return
	}
	t.failed = t.work.tell(record.Event{Stretch: &record.Stretch{Pass: t.pass, Check: t.phase == "check",
		Range: record.Range{First: record.Size(from), End: record.Size(to)}}})
	if t.failed != nil {
		t.cancel(t.failed)
	}
}

// done ends the traversal. A line that was not taken outweighs its result; an
// outcome that is told on the transcript is no error here.
func (t *traversal) done(err error, told ...error) error {
	t.cancel(nil)
	if t.failed != nil {
		return t.failed
	}
	for _, e := range told {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

// passEnd tells what a pass reached before it ended or ctx did.
func passEnd(ctx context.Context, n int64, r overwrite.Result) *record.PassEnd {
	e := &record.PassEnd{Pass: n, Written: record.Size(r.Written), Failed: ranges(r.Failed),
		FirstError: r.FirstError, Flushed: r.Flushed, Stopped: r.Stopped, Nanos: r.Elapsed.Nanoseconds()}
	switch {
	case r.FlushErr == nil:
	case errors.Is(r.FlushErr, ctx.Err()), errors.Is(r.FlushErr, context.Cause(ctx)):
		if e.Stopped == "" {
			e.Stopped = r.FlushErr.Error() // we did not wait: that is not the drive's failure
		}
	default:
		e.FlushError = r.FlushErr.Error()
	}
	return e
}

func checkEnd(n int64, r verify.Result) *record.CheckEnd {
	return &record.CheckEnd{Pass: n, Compared: record.Size(r.Compared), Places: r.Places,
		Mismatches: ranges(r.Mismatches), MismatchBytes: record.Size(r.Mismatched),
		Unreadable: ranges(r.Unreadable), FirstError: r.FirstError,
		Stopped: r.Stopped, Nanos: r.Elapsed.Nanoseconds()}
}

func ranges(in []overwrite.Range) []record.Range {
	var out []record.Range
	for _, r := range in {
		out = append(out, record.Range{First: record.Size(r.First), End: record.Size(r.End)})
	}
	return out
}
