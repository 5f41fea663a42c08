package wipe

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

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
