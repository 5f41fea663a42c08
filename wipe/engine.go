package wipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"time"

	"lethe/certs/record"
)

// Journal takes the lines of all tasks as they come, those of one task one at a
// time, those of several at once. Append returns when the line is kept; its error
// vetoes what the worker would do next.
type Journal interface {
	Append(ctx context.Context, task string, l record.Line) error
}

// Spawner starts one worker for one task.
type Spawner interface {
	Start(ctx context.Context, s Spec) (Worker, error)
}

// Worker is the supervisor's view of a worker.
type Worker interface {
	// Next waits for the next message; io.EOF when the worker has ended in order.
	Next() (Said, error)
	// Ack answers the event, or the key, that Next returned last. A non-nil veto stops the worker.
	Ack(veto error) error
	// Stop asks the worker to end; Kill makes it end, as far as the kernel can.
	Stop()
	Kill()
	// Wait reaps the worker and says how it ended.
	Wait() error
}

// Clock gives the times of a line.
type Clock interface {
	Mono() int64 // nanoseconds since boot
	Wall() time.Time
}

// TaskReport is a finished task: its transcript says how it went.
type TaskReport struct {
	Task       record.Task
	Transcript *record.Transcript
}

// Observer is told how tasks go. It must be safe for concurrent use and quick.
type Observer func(task string, p Progress)

// Who writes a last line.
const (
	byWorker     = "worker"
	bySupervisor = "supervisor"
)

// Engine runs plans. Spawn, Journal and Clock are required.
type Engine struct {
	Spawn   Spawner
	Journal Journal
	Clock   Clock
	Observe Observer
	// Tell is told what people ought to know at once. It must be safe for concurrent
	// use and quick. May be nil.
	Tell func(Event)
	// Grace is how long a worker may take to end after it was asked to, before
	// it is killed, and then again before it is left behind. 10 s when zero.
	Grace time.Duration
	// Patience is how long the journal may take for one line before that counts
	// as its error. 30 s when zero.
	Patience time.Duration
	// Keys keeps what a task can be resumed with; nil where none can.
	Keys KeyStore
	// KeepEvery is how often a pass makes sure of how far it has come, at least.
	// DefaultKeepEvery when zero.
	KeepEvery time.Duration
	// Restarts is how often a task goes on with a new worker when its own has ended
	// without a word. Each time must have come further.
	Restarts int

	running underWay
}

// KeyStore keeps the keys of a task's passes where they outlive the machine, beside its
// journal, until the task has its paper.
type KeyStore interface {
	Keep(ctx context.Context, task string, k Key) error
}

// Run carries out every task of the plan at once and calls done as each ends,
// one call at a time. It returns when every task has ended or was left behind.
// The error joins nothing of the drives' fates: those are in the transcripts.
func (e *Engine) Run(ctx context.Context, p *Plan, done func(TaskReport)) error {
	if len(p.specs) == 0 {
		return ErrNothingToDo
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	behind := &adapters{most: p.perAdapter, slots: map[string]chan struct{}{}}
	for _, s := range p.specs {
		wg.Go(func() {
			r := e.task(ctx, p, s, behind)
			mu.Lock()
			defer mu.Unlock()
			done(r)
		})
	}
	wg.Wait()
	return nil
}

// task runs one task to its end. Whatever happens, its transcript has an end.
func (e *Engine) task(ctx context.Context, p *Plan, s Spec, behind *adapters) TaskReport {
	if e.Keys != nil {
		s.KeepEvery = cmp.Or(e.KeepEvery, DefaultKeepEvery)
	}
	u := p.unfinished[s.Task.ID]
	k := e.keeper(s)
	defer e.running.begin(k)()
	var begins bool
	k.leave, begins = behind.enter(ctx, k)
	defer k.leave()
	if u != nil {
		k.transcript, k.keys = u.Transcript, slices.Clone(u.Keys)
	}
	r := TaskReport{Task: s.Task, Transcript: k.transcript}
	if u == nil {
		if err := k.keep(record.Event{Task: &s.Task}); err != nil {
			k.stop(record.StopRefused, err)
			return r
		}
	}
	if err := p.grant.starts(s.Task.Device.Identity, e.Clock.Wall()); err != nil {
		k.stop(record.StopRefused, err)
		return r
	}
	if err := ctx.Err(); err != nil {
		k.stop(record.StopSignal, context.Cause(ctx))
		return r
	}
	if !begins && k.abort.isAsked() {
		k.stop(record.StopAbort, fmt.Errorf("%s; before it had begun", k.abort.by))
		return r
	}
	if u != nil {
		if err := k.goOn(p, record.ResumeRestart, u.Detail); err != nil {
			k.stop(record.StopError, fmt.Errorf("resume: %w", err))
			return r
		}
	}
	for left := e.Restarts; ; left-- {
		w, err := e.Spawn.Start(ctx, k.spec)
		if err != nil {
			k.stop(record.StopError, fmt.Errorf("start worker: %w", err))
			return r
		}
		lost := e.attend(ctx, k, w, p.patient)
		if k.isClosed() || left > 0 && e.again(ctx, k, p, lost) == nil {
			if k.isClosed() {
				return r
			}
			continue
		}
		k.close(ctx, lost)
		return r
	}
}

// attend takes the worker's messages until it has ended or is left behind. A
// worker that is not heard any more has its grace to end, then it is killed: a
// drive that does not let go of it keeps nobody's papers back. Nor does one that
// answers nothing: it is given up. The error is the end of a worker that ended by
// itself.
func (e *Engine) attend(ctx context.Context, k *keeper, w Worker, p Patience) error {
	ended := make(chan error, 1)
	go func() { ended <- hear(k, w) }()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	stuck := make(chan error, 1)
	go func() { stuck <- e.watch(watching, k, p) }()
	acts := []func(){w.Stop, w.Kill}
	select {
	case err := <-ended:
		return err
	case <-k.over:
		acts[0] = func() {}
	case err := <-stuck:
		var s errStuck
		if errors.As(err, &s) {
			e.giveUp(k, w, ended, s)
			return nil
		}
	case <-k.abort.asked:
	case <-ctx.Done():
	}
	stop()
	for _, act := range acts {
		act()
		select {
		case err := <-ended:
			k.close(ctx, err)
			return nil
		case <-time.After(e.grace()):
		}
	}
	k.close(ctx, errors.New("the worker does not end, even when killed"))
	return nil
}

// hear listens until the worker has ended, and reaps it.
func hear(k *keeper, w Worker) error {
	err := k.listen(w)
	if err != nil {
		w.Kill()
	}
	werr := w.Wait()
	if died := err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE); died && werr != nil && !errors.Is(werr, errForbidden) {
		return errDied{werr}
	}
	if err == nil || errors.Is(werr, errForbidden) { // why it ended, rather than how that was heard
		err = werr
	}
	return err
}

// errForbidden is the end of a confined worker that was not itself any more.
var errForbidden = errors.New("the worker made a system call that no honest worker makes (SIGSYS)")

func (e *Engine) grace() time.Duration {
	if e.Grace > 0 {
		return e.Grace
	}
	return 10 * time.Second
}

func (e *Engine) patience() time.Duration {
	if e.Patience > 0 {
		return e.Patience
	}
	return 30 * time.Second
}
