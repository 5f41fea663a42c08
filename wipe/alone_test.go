package wipe_test

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// A worker whose supervisor is gone, or out of step, stops writing at once.
//
// mutant: port.go: if !p.waiting.CompareAndSwap(true, false) { => if false {
func TestWorkerAlone(t *testing.T) {
	for _, how := range []string{"gone", "out of step"} {
		t.Run(how, func(t *testing.T) {
			b := newBench(t)
			d := wipetest.NewDrive(wipetest.Device(1, 32<<20, 512), 1)
			var writes atomic.Int64
			d.Faults.Write = func(_ int64, n int) (int, error) {
				writes.Add(1)
				time.Sleep(20 * time.Millisecond)
				return n, nil
			}
			b.drive = d
			spec := wipe.Spec{Node: "x", Task: b.plan.Tasks()[0]}
			spec.Task.Device = d.Device()
			theirIn, in := io.Pipe()
			out, theirOut := io.Pipe()
			done := make(chan error, 1)
			go func() {
				err := wipe.ServeWorker(context.Background(), theirIn, theirOut, d.Opener())
				theirOut.Close()
				done <- err
			}()
			l := wipe.NewLink(in, out)
			if err := l.Instruct(spec); err != nil {
				t.Fatal(err)
			}
			for writes.Load() == 0 {
				said, err := l.Next()
				if err != nil {
					t.Fatal(err)
				}
				if said.Event != nil {
					if err := l.Ack(nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			go io.Copy(io.Discard, out)
			began := time.Now()
			if how == "gone" {
				in.Close()
			} else if err := l.Ack(nil); err != nil {
				t.Fatal(err)
			}
			var err error
			select {
			case err = <-done:
			case <-time.After(2 * time.Second):
			}
			took, n := time.Since(began), writes.Load()
			if err == nil || took > time.Second {
				t.Errorf("ended after %v with %v, want an error within a second", took, err)
			}
			if n >= 32 {
				t.Errorf("%d writes: it wrote to the end", n)
			}
			time.Sleep(50 * time.Millisecond)
			if again := writes.Load(); again != n {
				t.Errorf("%d writes after its end", again-n)
			}
			in.Close()
		})
	}
}

// The supervisor's end is heard whatever the worker is waiting for.
//
// mutant: serve.go: cancel(fmt.Errorf("the supervisor is gone: %w", err)) => _ = err
func TestWorkerAloneAtOpen(t *testing.T) {
	b := newBench(t)
	theirIn, in := io.Pipe()
	done := make(chan error, 1)
	opening := make(chan struct{})
	go func() {
		done <- wipe.ServeWorker(context.Background(), theirIn, io.Discard, func(ctx context.Context, _ wipe.Spec) (wipe.Drive, error) {
			close(opening)
			<-ctx.Done()
			return nil, ctx.Err()
		})
	}()
	if err := wipe.NewLink(in, nil).Instruct(wipe.Spec{Node: "x", Task: b.plan.Tasks()[0]}); err != nil {
		t.Fatal(err)
	}
	<-opening
	in.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("ended without an error")
		}
	case <-time.After(time.Second):
		t.Error("still waits for the drive")
	}
}

// A task that is stopped while the flush of its pass is due has not failed.
//
// mutant: traversal.go: e.Stopped = r.FlushErr.Error() => e.FlushError = r.FlushErr.Error()
func TestStoppedAtTheFlush(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var once sync.Once
	b.drive.Faults.Write = func(off int64, n int) (int, error) {
		if off+int64(n) == simSize {
			once.Do(cancel)
			time.Sleep(50 * time.Millisecond)
		}
		return n, nil
	}
	b.engine.Grace = 10 * time.Second
	f := wipetest.Erase(t, ctx, b.engine, b.plan)[0]
	if f.Verdict.State != record.Incomplete {
		t.Errorf("%s, want Incomplete: %q", f.Verdict.State, f.Verdict.Reasons)
	}
}
