package wipe_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
)

// pulled is a drive that fails every transfer from a place on, as one does whose
// removal the kernel has not noticed yet.
type pulled struct {
	wipe.Drive
	from   int64
	leaves bool // the kernel notices after a while

	mu     sync.Mutex
	since  time.Time
	closed bool
}

func (p *pulled) WriteAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) <= p.from {
		return p.Drive.WriteAt(b, off)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = time.Now()
	}
	return 0, syscall.EIO
}

func (p *pulled) State(ctx context.Context) (record.Opened, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leaves && !p.since.IsZero() {
		return record.Opened{}, syscall.EIO
	}
	return p.Drive.State(ctx)
}

func (p *pulled) Gone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaves && !p.closed && !p.since.IsZero() && time.Since(p.since) > 300*time.Millisecond
}

// Close ends what the drive can say of itself.
func (p *pulled) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return p.Drive.Close()
}

// What fails while a drive goes is no bad sector: it is Incomplete. One that stays
// and fails has Failed.
//
// mutant: gone.go: if p.Gone() { => if p.Gone() && false {
// mutant: worker.go: stop.Reason = record.StopGone => stop.Reason = record.StopError
// mutant: judge/judge.go: if s.stopped.Reason == record.StopGone { => if false {
func TestPulledDrive(t *testing.T) {
	for leaves, want := range map[bool]record.State{true: record.Incomplete, false: record.Failed} {
		b := newBench(t)
		b.serve(func(ctx context.Context, in io.Reader, out io.Writer, open wipe.Opener) error {
			return wipe.ServeWorker(ctx, in, out, func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
				d, err := open(ctx, s)
				return &pulled{Drive: d, from: 32 << 10, leaves: leaves}, err
			})
		})
		f := b.erase(t)
		s := lastStop(f)
		if f.Verdict.State != want || (s.Reason == record.StopGone) != leaves {
			t.Errorf("leaves %t: %s, want %s; ended by %+v", leaves, f.Verdict.State, want, s)
		}
		if leaves && !strings.Contains(strings.Join(f.Verdict.Reasons, "\n"), "could not be written") {
			t.Errorf("what failed is not told: %q", f.Verdict.Reasons)
		}
	}
}
