package simscsi

import (
	"context"
	"math/rand/v2"
	"time"
)

// process is an erase under way.
type process struct {
	Action       byte          `json:"action,omitempty"` // of SANITIZE
	Format       bool          `json:"format,omitempty"`
	Secure       bool          `json:"secure,omitempty"` // SI: reassigned blocks, too
	Keep         bool          `json:"keep,omitempty"`   // FFMT: the blocks keep their data
	Unrestricted bool          `json:"unrestricted,omitempty"`
	Pattern      []byte        `json:"pattern,omitempty"`
	Elapsed      time.Duration `json:"elapsed"` // time at work up to Since
	Since        time.Time     `json:"since"`
	Blocks       uint64        `json:"blocks"` // to erase, each of Length bytes
	Length       uint32        `json:"length"`
	After        layout        `json:"after"`  // the drive's blocks, once it has ended
	Erased       uint64        `json:"erased"` // blocks so far
	Key          int           `json:"key"`
}

// begin starts an erase, or a drive that ignores it does not.
func (d *Drive) begin(p process) {
	f := d.s.Config.Faults
	d.s.Begun, d.s.Busy = true, f.Busy
	if f.NewSerial != "" {
		d.s.Config.Serial = f.NewSerial
	}
	if f.Ignore {
		return
	}
	d.s.Erases++
	clear(d.cache)
	p.Since, p.Key = d.clock.Now(), d.s.Erases
	d.s.Running, d.s.Failed, d.s.Cut, d.s.Reset = &p, nil, false, false
	d.s.Unwritten = nil
}

// done is how much of the erase is behind, up to 1.
func (p *process) done(takes time.Duration) float64 {
	if takes <= 0 || p.Elapsed >= takes {
		return 1
	}
	return float64(p.Elapsed) / float64(takes)
}

// advance brings the drive to the present. Its error is ErrGone, or the store's.
func (d *Drive) advance() error {
	if d.s.Gone {
		return ErrGone
	}
	p := d.s.Running
	if p == nil {
		return nil
	}
	now := d.clock.Now()
	p.Elapsed, p.Since = p.Elapsed+max(now.Sub(p.Since), 0), now
	f, at := d.s.Config.Faults, p.done(d.s.Config.Takes)
	passes := func(when float64) bool { return when > 0 && at >= when }
	if passes(f.StuckAt) {
		at = f.StuckAt
	}
	// What ends an erase early ends it there: what lies behind is not erased.
	end := at
	for _, when := range []float64{f.FailAt, f.VanishAt} {
		if passes(when) {
			end = min(end, when)
		}
	}
	cut := passes(f.CutAt) && !d.s.Cut && f.CutAt <= end
	if cut && p.Format {
		end = min(end, f.CutAt)
	}
	if err := d.erase(p, uint64(float64(p.Blocks)*end)); err != nil {
		return err
	}
	if cut {
		d.s.Cut = true
		d.powerCycle()
		if p.Format {
			return nil
		}
	}
	if passes(f.ResetAt) && !d.s.Reset {
		d.s.Reset = true
		d.attend(wasReset)
	}
	switch {
	case passes(f.VanishAt) && f.VanishAt <= end:
		d.s.Gone = true
		return ErrGone
	case passes(f.FailAt) && f.FailAt <= end:
		d.s.Running, d.s.Failed = nil, &failure{Format: p.Format, Unrestricted: p.Unrestricted}
	case end >= 1:
		return d.finish(p)
	}
	return nil
}

// finish ends an erase well.
func (d *Drive) finish(p *process) error {
	if err := d.erase(p, p.Blocks); err != nil {
		return err
	}
	if err := d.tail(p); err != nil {
		return err
	}
	d.s.Running, d.s.Corrupt, d.s.Pending = nil, false, nil
	if l := p.After; d.s.Length != l.Length || d.s.Blocks != l.Blocks {
		d.s.Length, d.s.Blocks = l.Length, l.Blocks
		d.attend(capacityChanged)
	}
	f := d.s.Config.Faults
	if !f.Hollow && !f.SpareSurvives && !p.Keep && (!p.Format || p.Secure) {
		for i := range d.s.Spare {
			d.s.Spare[i] = d.s.Config.Erased
		}
	}
	d.unreadable(p.Action)
	return nil
}

// rest is how long the erase under way has still to go.
func (d *Drive) rest() time.Duration {
	if d.s.Running == nil {
		return 0
	}
	return max(d.s.Config.Takes-d.s.Running.Elapsed, time.Millisecond)
}

// await holds a command until the erase has ended (IMMED 0).
func (d *Drive) await(ctx context.Context) error {
	for d.s.Running != nil {
		rest := d.rest()
		d.mu.Unlock()
		err := d.clock.Sleep(ctx, rest)
		d.mu.Lock()
		if err != nil {
			return err
		}
		if err := d.advance(); err != nil {
			return err
		}
	}
	return nil
}

// indication is the progress as sense data has it, -1 where the drive tells none.
func (d *Drive) indication() int {
	if d.s.Config.Faults.NoProgress {
		return -1
	}
	at := d.s.Running.done(d.s.Config.Takes)
	if s := d.s.Config.Faults.StuckAt; s > 0 {
		at = min(at, s)
	}
	return min(int(at*65536), 65535)
}

// Sleep waits.
func (Wall) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// scramble is what a block reads as once the key it was written under is gone.
func scramble(b []byte, key int, lba uint64) {
	r := rand.New(rand.NewPCG(uint64(key), lba))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}
