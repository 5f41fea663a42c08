package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/cmd/internal/job"
)

// A drive whose paper could not be kept is not shown as erased, nor counted: neither
// by the run nor by its summary.
//
// mutant: job.go: if err := j.Keep(keepCtx, paper); err != nil { => if err := j.Keep(keepCtx, paper); err != nil && false {
// mutant: job.go: j.Lost(paper, err) => _ = paper
func TestRunPaperNotKept(t *testing.T) {
	desk := checktest.NewDesk(t, "WT-0001", "WT-0002")
	full := errors.New("no space left")
	var done, lost []string
	out, err := erasing(t, desk, job.StartClock(&machineClock{began: time.Now()}), nil, func(j *job.Job) {
		j.Keep = func(_ context.Context, p issue.Paper) error {
			if p.Record.Device.Identity.Serial == "WT-0001" {
				return full
			}
			return nil
		}
		j.Done = func(p issue.Paper) { done = append(done, p.Record.Device.Identity.Serial) }
		j.Lost = func(p issue.Paper, err error) {
			if !errors.Is(err, full) {
				t.Error(err)
			}
			lost = append(lost, p.Record.Device.Identity.Serial)
		}
	})
	if !errors.Is(err, full) {
		t.Errorf("Run = %v; want what went wrong", err)
	}
	if len(done) != 1 || done[0] != "WT-0002" || len(lost) != 1 || lost[0] != "WT-0001" {
		t.Errorf("done %q, lost %q", done, lost)
	}
	if out.Reached() != 1 || len(out.Papers) != 1 || len(out.Lost) != 1 {
		t.Errorf("%d reached, %d papers, %d lost", out.Reached(), len(out.Papers), len(out.Lost))
	}
	if r := check.Check(out.Summary.PDF, check.Options{Roots: desk.Root.Pool()}); r.Outcome() != check.Notice {
		t.Errorf("the summary is %s (%s); want a notice", r.Outcome(), r.Failed())
	}
}
