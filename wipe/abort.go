package wipe

import (
	"errors"
	"fmt"
	"sync"

	"lethe/certs/record"
)

// ErrNoTask says that no such task is under way.
var ErrNoTask = errors.New("no such task is under way")

// Aborted says that a person has one task ended before its time.
type Aborted struct {
	Task record.Task
	By   string
}

func (Aborted) event() {}

// underWay are the tasks of an engine that have not ended.
type underWay struct {
	mu    sync.Mutex
	tasks map[string]*keeper
}

func (u *underWay) begin(k *keeper) (end func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.tasks == nil {
		u.tasks = map[string]*keeper{}
	}
	u.tasks[k.task] = k
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.tasks, k.task)
	}
}

// Abort ends one task, and no other, as a signal would end the whole run: its worker
// is asked to stop, then killed, and its transcript says in by's words who wanted it.
// The error is ErrNoTask, also when the task has ended. It waits for nothing. A task that ends in order
// before its worker hears of it was not aborted.
func (e *Engine) Abort(task, by string) error {
	e.running.mu.Lock()
	k := e.running.tasks[task]
	e.running.mu.Unlock()
	if k == nil {
		return fmt.Errorf("abort %s: %w", task, ErrNoTask)
	}
	if k.abort.ask(by) {
		e.tell(Aborted{Task: k.spec.Task, By: by})
	}
	return nil
}

// abort is a person's wish that a task ends.
type abort struct {
	once  sync.Once
	asked chan struct{} // closed when it was
	by    string        // set before
}

func newAbort() *abort { return &abort{asked: make(chan struct{})} }

// ask reports whether it is the first wish: the others change nothing.
func (a *abort) ask(by string) (first bool) {
	a.once.Do(func() {
		a.by, first = by, true
		close(a.asked)
	})
	return first
}

func (a *abort) isAsked() bool {
	select {
	case <-a.asked:
		return true
	default:
		return false
	}
}

// ended is the last line of an aborted task: the supervisor's, whatever its worker
// makes of being stopped.
func (a *abort) ended(detail string) record.Event {
	return record.Event{Stopped: &record.Stopped{By: bySupervisor, Reason: record.StopAbort,
		Detail: fmt.Sprintf("%s; %s", a.by, detail)}}
}
