package wipe_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// shelf is drives behind two adapters, and how many of each adapter are open at once.
type shelf struct {
	mu        sync.Mutex
	open, top map[string]int
	frozen    map[string]chan struct{} // node: what its first write waits for
	begun     []string                 // nodes
	hung      bool                     // a write waits
	drives    map[string]*wipetest.Drive
	found     []wipe.Candidate
}

func newShelf(paths ...string) *shelf {
	s := &shelf{open: map[string]int{}, top: map[string]int{}, frozen: map[string]chan struct{}{}, drives: map[string]*wipetest.Drive{}}
	for i, p := range paths {
		d := wipetest.Device(i, 2<<20, 512)
		d.Path = p
		node := "/dev/" + d.Node
		s.drives[node] = wipetest.NewDrive(d, uint64(i))
		s.found = append(s.found, wipe.Candidate{Device: d, Node: node})
	}
	return s
}

// shelved is one of them, open.
type shelved struct {
	wipe.Drive
	shelf   *shelf
	adapter string
	waits   chan struct{}
}

func (s *shelf) opener(ctx context.Context, spec wipe.Spec) (wipe.Drive, error) {
	d, err := s.drives[spec.Node].Opener()(ctx, spec)
	if err != nil {
		return nil, err
	}
	at, _, _ := strings.Cut(spec.Task.Device.Path, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = append(s.begun, spec.Node)
	s.open[at]++
	s.top[at] = max(s.top[at], s.open[at])
	return &shelved{d, s, at, s.frozen[spec.Node]}, nil
}

func (d *shelved) WriteAt(p []byte, off int64) (int, error) {
	if d.waits != nil {
		d.shelf.mu.Lock()
		d.shelf.hung = true
		d.shelf.mu.Unlock()
		<-d.waits
	}
	time.Sleep(10 * time.Millisecond)
	return d.Drive.WriteAt(p, off)
}

func (d *shelved) Close() error {
	d.shelf.mu.Lock()
	d.shelf.open[d.adapter]--
	d.shelf.mu.Unlock()
	return d.Drive.Close()
}

func (s *shelf) engine(t *testing.T, most int64, patience time.Duration, tell func(wipe.Event)) (*wipe.Engine, *wipe.Plan) {
	t.Helper()
	pol := wipetest.Clear(t)
	pol.PerAdapter = most
	pol.Patience = wipe.Patience{Tell: patience, GiveUp: time.Minute}
	return &wipe.Engine{Spawn: wipetest.InProcess{Open: s.opener}, Journal: &wipetest.Journal{}, Clock: wipetest.NewClock(), Tell: tell},
		wipetest.Plan(t, pol, s.found...)
}

const (
	hba = "0000:03:00.0/sas-500000000000000"
	usb = "0000:00:14.0/usb-1."
)

// No more drives than the policy says are at work behind one adapter, whatever their
// ports; those behind another do not count, nor does a drive behind none. Without a
// limit all are at work at once.
//
// mutant: adapter.go: a.slots[at] = make(chan struct{}, a.most) => a.slots[at] = make(chan struct{}, a.most+1)
// mutant: adapter.go: at, _, _ := strings.Cut(d.Path, "/") => at := d.Path
// mutant: plan.go: perAdapter: r.Policy.PerAdapter, =>
func TestPerAdapter(t *testing.T) {
	for most, want := range map[int64]map[string]int{
		2: {"0000:03:00.0": 2, "0000:00:14.0": 2, "loop1": 1, "loop2": 1},
		0: {"0000:03:00.0": 4, "0000:00:14.0": 3, "loop1": 1, "loop2": 1},
	} {
		s := newShelf(hba+"1", hba+"2", hba+"3", hba+"4", usb+"1", usb+"2", usb+"3", "loop1", "loop2")
		e, plan := s.engine(t, most, 30*time.Second, nil)
		for _, f := range wipetest.Erase(t, t.Context(), e, plan) {
			if f.Verdict.State != record.Cleared {
				t.Errorf("%s %q", f.Verdict.State, f.Verdict.Reasons)
			}
		}
		for at, n := range want {
			if s.top[at] != n {
				t.Errorf("limit %d: %d drives at work behind %s, want %d", most, s.top[at], at, n)
			}
		}
	}
}

// A drive that gives no sign of life holds no other one back, though it keeps its worker.
//
// mutant: stall.go: k.leave() // nobody waits for it =>
func TestSilentDriveLeavesItsPlace(t *testing.T) {
	s := newShelf(hba+"1", hba+"2", hba+"3")
	stuck := make(chan struct{})
	for _, c := range s.found {
		s.frozen[c.Node] = stuck
	}
	queued := 0
	e, plan := s.engine(t, 1, 200*time.Millisecond, func(ev wipe.Event) {
		if q, ok := ev.(wipe.Queued); ok && q.Adapter == "0000:03:00.0" && q.Most == 1 {
			s.mu.Lock()
			queued++
			s.mu.Unlock()
		}
	})
	all := make(chan bool, 1)
	go func() {
		defer close(stuck)
		for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			s.mu.Lock()
			n := len(s.begun)
			s.mu.Unlock()
			if n == len(s.found) {
				all <- true
				return
			}
		}
		all <- false
	}()
	fs := wipetest.Erase(t, t.Context(), e, plan)
	if !<-all {
		t.Errorf("%d of %d drives wait for those that give no sign of life", len(s.found)-len(s.begun), len(s.found))
	}
	for _, f := range fs {
		if f.Verdict.State != record.Cleared {
			t.Errorf("%s %q", f.Verdict.State, f.Verdict.Reasons)
		}
	}
	if queued != 2 {
		t.Errorf("%d drives were said to wait, want 2", queued)
	}
}

// Who waits for its adapter can be aborted, and ends with the run: with a transcript that
// says that nothing was done.
//
// mutant: adapter.go: case <-k.abort.asked: => case <-make(chan int):
// mutant: adapter.go: case <-ctx.Done(): => case <-make(chan int):
func TestWaitingEnds(t *testing.T) {
	for _, how := range []string{"abort", "signal"} {
		s := newShelf(usb+"1", usb+"2")
		stuck := make(chan struct{})
		for _, c := range s.found {
			s.frozen[c.Node] = stuck
		}
		ctx, cancel := context.WithCancel(t.Context())
		var e *wipe.Engine
		e, plan := s.engine(t, 1, 30*time.Second, func(ev wipe.Event) {
			q, ok := ev.(wipe.Queued)
			switch {
			case !ok:
			default:
				go func() {
					for hung := false; !hung; time.Sleep(time.Millisecond) { // the other one is at work
						s.mu.Lock()
						hung = s.hung
						s.mu.Unlock()
					}
					if how == "signal" {
						cancel()
					} else if err := e.Abort(q.Task.ID, "A. Person"); err != nil {
						t.Error(err)
					}
				}()
			}
		})
		e.Grace = 10 * time.Second // who is at work keeps its place until then
		late := false
		e.Journal = &wipetest.Journal{Fail: func(_ context.Context, _ string, l record.Line) error {
			if l.Event.Stopped != nil && l.Event.Stopped.By == "supervisor" {
				select {
				case <-stuck:
					late = true
				default:
				}
			}
			return nil
		}}
		time.AfterFunc(3*time.Second, func() { close(stuck) })
		unbegun := 0
		for _, f := range wipetest.Erase(t, ctx, e, plan) {
			last := f.Transcript.Lines[len(f.Transcript.Lines)-1].Event.Stopped
			if len(f.Transcript.Lines) != 2 || last == nil || f.Verdict.State != record.Incomplete {
				continue
			}
			unbegun++
			if want := map[string]string{"abort": record.StopAbort, "signal": record.StopSignal}[how]; last.Reason != want {
				t.Errorf("%s: stopped by %s (%s): %s", how, last.By, last.Reason, last.Detail)
			}
		}
		cancel()
		if late {
			t.Errorf("%s: who waits is heard only when its turn has come", how)
		}
		if unbegun != 1 || len(s.begun) != 1 {
			t.Errorf("%s: %d tasks ended unbegun, %d drives were opened", how, unbegun, len(s.begun))
		}
	}
}
