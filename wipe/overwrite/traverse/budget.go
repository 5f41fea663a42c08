package traverse

import (
	"fmt"
	"sync"
	"time"
)

// budget is what the errors of one traversal may cost. All its transfers share
// it.
type budget struct {
	mu      sync.Mutex
	sectors int           // that may still be given up on
	left    time.Duration // that may still be spent on errors
	counted time.Time     // up to here time is spent already
	over    error         // why the traversal must stop
	o       Options
}

func newBudget(o Options) *budget {
	return &budget{sectors: o.MaxErrors, left: o.ErrorTime, o: o}
}

// spent takes the time from began until now, in which something failed or was
// looked for. What overlaps with time that was taken before costs nothing more.
func (b *budget) spent(began time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if began.Before(b.counted) {
		began = b.counted
	}
	b.left -= max(now.Sub(began), 0)
	b.counted = now
	if b.left <= 0 && b.over == nil {
		b.over = fmt.Errorf("%w: more than %v", ErrErrorTime, b.o.ErrorTime)
	}
}

// now is the time that errors are measured by: it stands still while the device rests.
func (b *budget) now() time.Time {
	if b.o.Rested == nil {
		return time.Now()
	}
	return time.Now().Add(-b.o.Rested())
}

// giveUp takes one sector.
func (b *budget) giveUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sectors--; b.sectors < 0 && b.over == nil {
		b.over = fmt.Errorf("%w: more than %d", ErrTooMany, b.o.MaxErrors)
	}
}

// err is nil as long as there is something left of both.
func (b *budget) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over
}
