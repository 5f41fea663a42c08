package wipe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"lethe/certs/record"
)

// Processes starts each worker as a process of its own: the same executable,
// asked to be a worker. The worker reads its Spec and the acknowledgements from
// standard input and writes its messages to standard output. When the supervisor
// dies the worker's input ends, and it stops: nothing is erased off the record.
type Processes struct {
	Path   string    // executable
	Args   []string  // e.g. "worker"
	Stderr io.Writer // engineers' log; nil discards
}

// Start implements Spawner. The worker outlives ctx: only Stop and Kill end it.
func (p Processes) Start(ctx context.Context, s Spec) (Worker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Stderr = p.Stderr
	// A process group of its own: Ctrl-C at the terminal reaches the supervisor
	// only, which then stops the workers in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Not StdoutPipe: Wait would close it under the reader of the last lines.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = w
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start %s: %w", p.Path, err)
	}
	pr := &process{cmd: cmd, in: in, out: r, lines: bufio.NewReader(r)}
	if err := writeLine(in, s); err != nil {
		pr.Kill()
		return nil, errors.Join(fmt.Errorf("instruct worker: %w", err), pr.Wait())
	}
	return pr, nil
}

type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *os.File
	lines *bufio.Reader
	once  sync.Once
	err   error
}

// Next implements Worker.
func (p *process) Next() (*record.Event, *Progress, error) {
	var m message
	if err := readLine(p.lines, &m); err != nil {
		return nil, nil, err
	}
	if (m.Event == nil) == (m.Progress == nil) {
		return nil, nil, errors.New("neither an event nor progress")
	}
	return m.Event, m.Progress, nil
}

// Ack implements Worker.
func (p *process) Ack(veto error) error {
	var a ack
	if veto != nil {
		a.Error = veto.Error()
	}
	return writeLine(p.in, a)
}

// Stop implements Worker.
func (p *process) Stop() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// Kill implements Worker.
func (p *process) Kill() { _ = p.cmd.Process.Kill() }

// Wait implements Worker.
func (p *process) Wait() error {
	p.once.Do(func() {
		p.err = p.cmd.Wait()
		p.in.Close()
		p.out.Close()
	})
	return p.err
}

// ServeWorker is the body of a worker process: it reads its Spec from in, does
// the task, and reports on out. cancel is called when in ends early, since then
// nobody takes down what is done.
func ServeWorker(ctx context.Context, in io.Reader, out io.Writer, open Opener) error {
	r := bufio.NewReader(in)
	var s Spec
	if err := readLine(r, &s); err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	acks, feed := io.Pipe()
	go func() {
		_, err := io.Copy(feed, r)
		feed.CloseWithError(errors.Join(io.ErrUnexpectedEOF, err))
		cancel(errors.New("the supervisor is gone"))
	}()
	return Work(ctx, s, open, NewPipePort(acks, out))
}
