package wipe

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"lethe/certs/record"
	"lethe/wipe/overwrite/traverse"
)

// beatEvery is how often a worker says that its drive answers.
const beatEvery = time.Second

// beat is a drive and a port that say how the drive lives: as long as anything that
// is asked of it comes back, well or not, the last progress is repeated. A drive on
// bad sectors gets nowhere for hours and is not stuck.
type beat struct {
	Drive
	Port
	answers atomic.Int64
	quit    chan struct{}
	gone    sync.WaitGroup

	mu   sync.Mutex
	last Progress
}

func newBeat(d Drive, p Port) *beat {
	b := &beat{Drive: d, Port: p, quit: make(chan struct{})}
	b.gone.Go(b.run)
	return b
}

func (b *beat) run() {
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	told := int64(0)
	for {
		select {
		case <-b.quit:
			return
		case <-t.C:
		}
		n := b.answers.Load()
		if n == told {
			continue
		}
		told = n
		b.mu.Lock()
		p := b.last
		b.mu.Unlock()
		b.Port.Progress(p)
	}
}

// stop ends the beat; afterwards nothing more is said.
func (b *beat) stop() {
	close(b.quit)
	b.gone.Wait()
}

// Progress implements Port.
func (b *beat) Progress(p Progress) {
	b.mu.Lock()
	b.last = p
	b.mu.Unlock()
	b.Port.Progress(p)
}

// ReadAt implements Drive.
func (b *beat) ReadAt(p []byte, off int64) (int, error) {
	defer b.answers.Add(1)
	return b.Drive.ReadAt(p, off)
}

// WriteAt implements Drive.
func (b *beat) WriteAt(p []byte, off int64) (int, error) {
	defer b.answers.Add(1)
	return b.Drive.WriteAt(p, off)
}

// Most implements traverse.Queue.
func (b *beat) Most() int {
	if q, ok := b.Drive.(traverse.Queue); ok {
		return q.Most()
	}
	return 0
}

// Start implements traverse.Queue.
func (b *beat) Start(write bool, p []byte, off int64, id int) error {
	return b.Drive.(traverse.Queue).Start(write, p, off, id)
}

// Await implements traverse.Queue.
func (b *beat) Await(limit time.Duration, ended func(id, n int, err error)) error {
	return b.Drive.(traverse.Queue).Await(limit, func(id, n int, err error) {
		b.answers.Add(1)
		ended(id, n, err)
	})
}

// Flush implements Drive.
func (b *beat) Flush(ctx context.Context) error {
	defer b.answers.Add(1)
	return b.Drive.Flush(ctx)
}

// State implements Drive.
func (b *beat) State(ctx context.Context) (record.Opened, error) {
	defer b.answers.Add(1)
	return b.Drive.State(ctx)
}
