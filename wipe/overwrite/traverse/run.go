package traverse

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// MaxRanges bounds the ranges of Report.Differ; what lies beyond is only counted.
const MaxRanges = 1024

// run is one traversal on its way.
type run struct {
	m     Medium
	o     Options
	route route
	step  Step

	ctx    context.Context
	stop   context.CancelCauseFunc
	next   atomic.Int64 // the number of the next buffer's place on the medium
	turn   *turnstile
	gate   *gate
	budget *budget
	done   chan *Transfer // one for each that ended
	left   chan struct{}  // closed when nobody listens to done any more

	account
}

func newRun(ctx context.Context, m Medium, o Options, s Step) *run {
	r := &run{m: m, o: o, route: newRoute(m.parts(o.First), o.Lanes, o.Buffer), step: s, turn: newTurnstile(), gate: newGate(o.InFlight),
		budget: newBudget(o), left: make(chan struct{})}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	// Room to go on while a callback writes to a journal.
	r.done = make(chan *Transfer, 64*o.InFlight)
	r.account = newAccount(m, o)
	return r
}

// drive runs one worker a buffer, or one for all where there is a queue, and keeps the
// account until all have ended, or until a stopped traversal's grace is over.
func (r *run) drive(bufs buffers, q Queued) Report {
	defer r.stop(nil)
	defer context.AfterFunc(r.ctx, r.turn.close)()
	var busy sync.WaitGroup
	var inFlight atomic.Int64
	if q != nil {
		busy.Go(func() { newConveyor(r, q, bufs, &inFlight).work() })
	} else {
		for i := range r.o.InFlight {
			busy.Go(func() { r.work(bufs.at(i), &inFlight) })
		}
	}
	ended := make(chan struct{})
	go func() { busy.Wait(); close(ended) }()
	stuck := r.collect(ended, &inFlight)
	close(r.left)
	return r.report(context.Cause(r.ctx), stuck)
}

// work moves one buffer from place to place.
func (r *run) work(buf []byte, inFlight *atomic.Int64) {
	fresh := true
	for {
		place := r.next.Add(1) - 1
		where, ok := r.route.at(place)
		if !ok || r.ctx.Err() != nil {
			return
		}
		p, off := buf[:where.Len()], where.First
		r.step.Prepare(p, off, fresh)
		fresh = false
		if !r.turn.take(place) {
			return
		}
		t := &Transfer{ctx: r.ctx, sector: r.m.Sector, tries: 1 + r.o.Retries, gate: r.gate, budget: r.budget}
		inFlight.Add(1)
		r.step.Do(t, p, off)
		inFlight.Add(-1)
		if t.fatal != nil {
			r.stop(t.fatal)
		}
		select {
		case r.done <- t:
		case <-r.left:
			return
		}
	}
}

// collect adds up what ends. It returns how many transfers are stuck, 0 when
// every worker has ended.
func (r *run) collect(ended <-chan struct{}, inFlight *atomic.Int64) int {
	stopped := r.ctx.Done()
	var grace <-chan time.Time
	for {
		select {
		case t := <-r.done:
			r.add(t)
		case <-stopped:
			stopped = nil
			grace = time.After(r.o.Grace)
		case <-ended:
			r.drain()
			return 0
		case <-grace:
			r.drain()
			return max(int(inFlight.Load()), 1)
		}
	}
}

func (r *run) drain() {
	for {
		select {
		case t := <-r.done:
			r.add(t)
		default:
			return
		}
	}
}
