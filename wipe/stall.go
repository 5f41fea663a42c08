package wipe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lethe/certs/record"
)

// Patience is how long a drive may give no sign of life: nothing that was asked of
// it has come back, well or not. A command that takes long by the drive's own word
// (Progress.Allow) has that much time on top.
type Patience struct {
	Tell   time.Duration // then people are told; when zero, DefaultPatience.Tell or a third of GiveUp, the shorter
	GiveUp time.Duration // then its task is given up; DefaultPatience.GiveUp when zero
}

// DefaultPatience tells after the two minutes at which Linux itself calls a task
// blocked (kernel.hung_task_timeout_secs), and gives up when the kernel's own error
// handling must be through: a SCSI command has 30 s and five retries, each with an
// abort and up to three resets of 10 to 30 s; an NVMe command 30 s, an abort of as
// much, and a controller reset of up to 2 × 127.5 s (CAP.TO), with five retries. Both
// come to less than half an hour.
var DefaultPatience = Patience{Tell: 2 * time.Minute, GiveUp: 30 * time.Minute}

// MaxAllow bounds Progress.Allow: 65 534 minutes, the longest time that a drive can
// state (ACS-4, IDENTIFY DEVICE words 89 and 90). A worker that parses what a hostile
// drive says must not keep the summary back for ever.
const MaxAllow = 65534 * time.Minute

func (p Patience) orDefault() Patience {
	if p.GiveUp <= 0 {
		p.GiveUp = DefaultPatience.GiveUp
	}
	if p.Tell <= 0 {
		p.Tell = min(DefaultPatience.Tell, p.GiveUp/3)
	}
	return p
}

// Event is something of a run that people ought to know at once: Stalled, Resumed or
// GivenUp.
type Event interface{ event() }

// Stalled says that a drive gives no sign of life.
type Stalled struct {
	Task   record.Task
	Since  time.Time     // of the last sign
	Silent time.Duration // since then
	Left   time.Duration // until its task is given up
}

// Resumed says that a drive which stalled goes on.
type Resumed struct {
	Task   record.Task
	Silent time.Duration // how long it gave no sign
}

// GivenUp says that a task ended since its drive gave no sign of life.
type GivenUp struct {
	Task   record.Task
	Silent time.Duration
	Killed bool // the worker has ended; else it is stuck in the kernel
}

func (Stalled) event() {}
func (Resumed) event() {}
func (GivenUp) event() {}

// pulse is the signs of life of one worker. It is measured by the monotonic clock
// that time.Now carries, which no step of the wall clock moves.
type pulse struct {
	mu    sync.Mutex
	last  time.Time     // the last sign
	busy  bool          // the supervisor has the word: silence is its own
	allow time.Duration // what the command under way may take besides
}

func newPulse() *pulse { return &pulse{last: time.Now()} }

// beat takes a sign of life. allow is what the worker asks for from now on.
func (p *pulse) beat(allow time.Duration, busy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.busy, p.allow = time.Now(), busy, min(max(allow, 0), MaxAllow)
}

// word takes a line of the worker as a sign of life. What it asked for stands: a line may
// come between that and the command it was asked for.
func (p *pulse) word(busy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.busy = time.Now(), busy
}

// silent is how long there was no sign beyond what was allowed, and since when.
func (p *pulse) silent() (d time.Duration, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy {
		return 0, time.Now()
	}
	return time.Since(p.last) - p.allow, p.last
}

// errStuck says that a drive was waited for long enough.
type errStuck struct{ silent time.Duration }

func (e errStuck) Error() string {
	return fmt.Sprintf("the drive gave no sign of life for %s", e.silent.Round(time.Second))
}

// watch looks at the pulse of a task until ctx ends or the drive is to be given up.
// It tells people, and the transcript, of a stall and of its end.
func (e *Engine) watch(ctx context.Context, k *keeper, p Patience) error {
	every := min(max(p.Tell/10, 10*time.Millisecond), 5*time.Second)
	t := time.NewTicker(every)
	defer t.Stop()
	stalled, longest := false, time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		d, since := k.pulse.silent()
		switch {
		case d >= p.GiveUp:
			return errStuck{time.Since(since)}
		case d >= p.Tell:
			longest = time.Since(since)
			if !stalled {
				k.leave() // nobody waits for it
				k.stalled(longest, false)
				e.tell(Stalled{Task: k.spec.Task, Since: since, Silent: longest, Left: p.GiveUp - d})
			}
			stalled = true
		case stalled:
			stalled = false
			k.stalled(longest, true)
			e.tell(Resumed{Task: k.spec.Task, Silent: longest})
		}
	}
}

func (e *Engine) tell(ev Event) {
	if e.Tell != nil {
		e.Tell(ev)
	}
}

// stalled puts a stall, or its end, on the transcript.
func (k *keeper) stalled(d time.Duration, over bool) {
	// A line that is not kept stops the task at the next one.
	_ = k.keep(record.Event{Stalled: &record.Stalled{Nanos: d.Nanoseconds(), Over: over}})
}

// giveUp kills the worker and ends the task without waiting for it: a process that
// waits inside the kernel cannot be killed before the drive answers, if ever.
func (e *Engine) giveUp(k *keeper, w Worker, ended <-chan error, stuck errStuck) {
	w.Kill()
	how, killed := "its worker was killed; what it last asked of the drive may still be carried out", true
	select {
	case <-ended:
	case <-time.After(e.grace()):
		how, killed = "its worker is stuck in the kernel and cannot be killed: what it last asked of the drive may still be carried out", false
	}
	k.stop(record.StopStuck, fmt.Errorf("%w; %s", stuck, how))
	e.tell(GivenUp{Task: k.spec.Task, Silent: stuck.silent, Killed: killed})
}
