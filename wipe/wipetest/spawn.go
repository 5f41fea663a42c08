package wipetest

import (
	"context"
	"errors"
	"io"
	"sync"

	"lethe/wipe"
)

// InProcess runs each worker as a goroutine that speaks over pipes, as a process
// would.
type InProcess struct {
	Open wipe.Opener
	// Serve is the worker's body, wipe.ServeWorker when nil.
	Serve func(ctx context.Context, in io.Reader, out io.Writer, open wipe.Opener) error
	// Look opens the drive of a second look.
	Look wipe.LookOpener
}

type inProcess struct {
	*wipe.Link
	in     *io.PipeReader // the worker's ends
	out    *io.PipeWriter
	close  func() // of the supervisor's ends
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// ErrKilled is what Wait returns for a worker that was killed.
var ErrKilled = errors.New("killed")

// Start implements wipe.Spawner.
func (p InProcess) Start(_ context.Context, s wipe.Spec) (wipe.Worker, error) {
	serve := p.Serve
	if serve == nil {
		serve = wipe.ServeWorker
	}
	return start(func(ctx context.Context, in io.Reader, out io.Writer) error { return serve(ctx, in, out, p.Open) },
		func(l *wipe.Link) error { return l.Instruct(s) })
}

// StartLook implements wipe.LookSpawner.
func (p InProcess) StartLook(_ context.Context, s wipe.LookSpec) (wipe.Worker, error) {
	return start(func(ctx context.Context, in io.Reader, out io.Writer) error {
		return wipe.ServeLook(ctx, in, out, p.Look)
	},
		func(l *wipe.Link) error { return l.InstructLook(s) })
}

func start(serve func(context.Context, io.Reader, io.Writer) error, instruct func(*wipe.Link) error) (wipe.Worker, error) {
	theirIn, in := io.Pipe()
	out, theirOut := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	w := &inProcess{Link: wipe.NewLink(in, out), in: theirIn, out: theirOut, cancel: cancel,
		done: make(chan struct{}), close: sync.OnceFunc(func() { in.Close(); out.Close() })}
	go func() {
		defer close(w.done)
		err := serve(ctx, theirIn, theirOut)
		if w.err == nil {
			w.err = err
		}
		theirOut.Close()
		theirIn.Close()
	}()
	if err := instruct(w.Link); err != nil {
		w.Kill()
		return nil, errors.Join(err, w.Wait())
	}
	return w, nil
}

// Stop implements wipe.Worker.
func (w *inProcess) Stop() { w.cancel() }

// Kill implements wipe.Worker: nobody hears the worker any more, nor it anybody.
func (w *inProcess) Kill() {
	w.cancel()
	w.in.CloseWithError(ErrKilled)
	w.out.CloseWithError(io.EOF)
}

// Wait implements wipe.Worker.
func (w *inProcess) Wait() error {
	<-w.done
	w.close()
	return w.err
}
