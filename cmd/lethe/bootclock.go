package main

import (
	"context"
	"time"

	"lethe/cmd/internal/job"
)

// ready waits for network and clock; from then on the run has its own time.
func (b *boot) ready(ctx context.Context) error {
	if err := b.state.Net.Ready(ctx); err != nil {
		return err
	}
	if b.time == nil {
		b.time = job.StartClock(job.SystemClock{})
	}
	return nil
}

// now is the time of the run: what sets the machine's clock later unsettles neither
// the order nor the stick's marker.
func (b *boot) now() time.Time {
	if b.time == nil {
		return time.Now()
	}
	return b.time.Wall()
}

// turns is how long the depot is held against one clock where there are two.
const turns = 20 * time.Second

// depotNow is the time that the depot's certificates are held against. Where the
// machine's clock was set during the run nobody knows which one is right: set by a
// time server after a wrong start, or spoiled by one. Both have their turns, so that
// papers are delivered either way.
func (b *boot) depotNow() time.Time {
	if b.time == nil || b.time.Stepped() == 0 || b.time.Mono()/int64(turns)%2 == 0 {
		return b.now()
	}
	return time.Now()
}
