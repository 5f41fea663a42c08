package wipe

import (
	"context"
	"strings"
	"sync"

	"lethe/certs/record"
)

// Queued says that a drive is not begun before another one behind the same host adapter
// has ended.
type Queued struct {
	Task    record.Task
	Adapter string // PCI address
	Most    int64  // drives at work behind it
}

func (Queued) event() {}

// adapters has at most so many drives at work behind one host adapter. There is no limit
// by itself: the drives share an adapter that is slower than all of them together in
// equal parts, and end no later than one after the other would. A limit lets the first
// ones end sooner, and spares a weak hub or power supply.
type adapters struct {
	most  int64
	mu    sync.Mutex
	slots map[string]chan struct{}
}

// adapterOf is the PCI function that a drive hangs on, "" where there is none: by the
// adapter path, whose port comes behind it. Behind one USB controller are all its ports.
func adapterOf(d record.Device) string {
	at, _, _ := strings.Cut(d.Path, "/")
	if strings.Count(at, ":") == 2 && strings.Contains(at, ".") {
		return at
	}
	return ""
}

// enter waits until the task may begin: a place is free behind its adapter, or the task
// is to end unbegun: ok is false. leave gives the place back, once.
func (a *adapters) enter(ctx context.Context, k *keeper) (leave func(), ok bool) {
	at := adapterOf(k.spec.Task.Device)
	if a.most <= 0 || at == "" {
		return func() {}, true
	}
	a.mu.Lock()
	if a.slots[at] == nil {
		a.slots[at] = make(chan struct{}, a.most)
	}
	slot := a.slots[at]
	a.mu.Unlock()
	leave = sync.OnceFunc(func() { <-slot })
	select {
	case slot <- struct{}{}:
		return leave, true
	default:
	}
	k.engine.tell(Queued{Task: k.spec.Task, Adapter: at, Most: a.most})
	select {
	case slot <- struct{}{}:
		return leave, true
	case <-ctx.Done():
	case <-k.abort.asked:
	}
	return func() {}, false
}
