package wipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lethe/wipe/confine"
)

// Processes starts each worker as a process of its own: the same executable,
// asked to be a worker. The worker reads its Spec and the acknowledgements from
// standard input and writes its messages to standard output. When the supervisor
// dies the worker's input ends, and it stops: nothing is erased off the record.
// It starts with little more rights than it needs, see [confine.Start], and is to
// call [confine.Enter] when it has its drive.
type Processes struct {
	Path   string    // executable
	Args   []string  // e.g. "worker"
	Stderr io.Writer // engineers' log; nil discards
	// CPUs are the processors that a worker is to run on, such as those next to its
	// drive's host adapter; nil, or none of them ours, is any. Its buffers come to lie in
	// the memory beside them, since it is the first to touch them.
	CPUs func(s Spec) []int
}

// instructWithin is how long a new worker may take to read its task.
const instructWithin = 30 * time.Second

// Start implements Spawner. The worker outlives ctx: only Stop and Kill end it.
func (p Processes) Start(ctx context.Context, s Spec) (Worker, error) {
	var cpus []int
	if p.CPUs != nil {
		cpus = p.CPUs(s)
	}
	return p.start(ctx, s, cpus)
}

// StartLook implements LookSpawner, as Start does Spawner.
func (p Processes) StartLook(ctx context.Context, s LookSpec) (Worker, error) {
	return p.start(ctx, s, nil)
}

// start starts a process on these processors, any where there are none, and tells it what
// it is to do.
func (p Processes) start(ctx context.Context, spec any, cpus []int) (Worker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Our own pipes, not StdoutPipe: Wait would close it under the reader of the
	// last lines. All ends are O_CLOEXEC: a worker that held another one's pipe
	// would keep that one from hearing the supervisor die.
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Stdin, cmd.Stdout = theirIn, theirOut
	if p.Stderr != nil {
		cmd.Stderr = relay{p.Stderr}
	}
	// A process group of its own: Ctrl-C at the terminal reaches the supervisor
	// only, which then stops the workers in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = confine.Start(cmd.SysProcAttr, func() error {
		stay(cpus)
		return cmd.Start()
	})
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", p.Path, err), in.Close(), out.Close())
	}
	pr := &process{Link: NewLink(in, out), cmd: cmd, in: in, out: out}
	if err := pr.instruct(spec); err != nil {
		pr.Kill()
		return nil, errors.Join(fmt.Errorf("instruct worker: %w", err), pr.Wait())
	}
	return pr, nil
}

// stay binds this thread, and what it starts, to those of the processors that it may
// run on. It costs speed only where it cannot.
func stay(cpus []int) {
	var have, want unix.CPUSet
	if len(cpus) == 0 || unix.SchedGetaffinity(0, &have) != nil {
		return
	}
	for _, c := range cpus {
		if have.IsSet(c) {
			want.Set(c)
		}
	}
	if want.Count() > 0 {
		_ = unix.SchedSetaffinity(0, &want)
	}
}

// relay hides that a writer is a file: the worker gets a pipe to us instead. One that
// is stuck in the kernel would else keep our terminal or log open after our end, and
// whoever reads that would wait for it.
type relay struct{ io.Writer }

type process struct {
	*Link
	cmd     *exec.Cmd
	in, out *os.File
	once    sync.Once
	err     error
}

// instruct waits no longer than it must for a worker that does not read.
func (p *process) instruct(spec any) error {
	if err := p.in.SetWriteDeadline(time.Now().Add(instructWithin)); err != nil {
		return err
	}
	return errors.Join(p.tell(spec), p.in.SetWriteDeadline(time.Time{}))
}

// Stop implements Worker.
func (p *process) Stop() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// Kill implements Worker.
func (p *process) Kill() { _ = p.cmd.Process.Kill() }

// Wait implements Worker.
func (p *process) Wait() error {
	p.once.Do(func() {
		p.err = forbidden(p.cmd.Wait())
		p.in.Close()
		p.out.Close()
	})
	return p.err
}

// forbidden says what SIGSYS means, the kernel's end of a confined process that
// made a call it may not make. The kernel's log has the call's number.
func forbidden(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGSYS {
			return fmt.Errorf("%w: %w", errForbidden, err)
		}
	}
	return err
}
