package wipe

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

// WorkerProcs is the most processors that a worker's Go code may use at once. One
// fills or compares faster than a drive moves bytes; a second and third take what the
// transfers leave waiting. Every further one costs memory in each worker of a large
// machine: with 64 of them 2 MiB and a dozen threads. The least is two, on any machine:
// the thread that waits for a drive's queue keeps one.
const WorkerProcs = 4

// ServeWorker is the body of a worker process: it reads its Spec from in, does
// the task, and reports on out. When in ends, the supervisor is gone: the task
// is cancelled at once, since nobody takes down what is done.
func ServeWorker(ctx context.Context, in io.Reader, out io.Writer, open Opener) error {
	r := bufio.NewReader(in)
	var s Spec
	if err := readLine(r, &s); err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	port := newPipePort(r, out, func(err error) {
		cancel(fmt.Errorf("the supervisor is gone: %w", err))
	})
	return Work(ctx, s, open, port)
}
