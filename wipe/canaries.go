package wipe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/record"
	"lethe/wipe/pattern"
	"lethe/wipe/verify/canary"
)

// mostListed bounds the ranges of one line.
const mostListed = 64

// canaries are the known bytes of one act.
type canaries struct {
	w      *work
	act    record.Act
	places []int64
	bad    map[int64]bool              // bear none: they could not be written, or not read back
	former map[int64][sha256.Size]byte // what they held before, where that can be told from an erased sector
	stream pattern.Stream
	sector int
	buf    []byte // one sector, aligned for O_DIRECT
	want   []byte
	now    time.Time
}

func newCanaries(w *work, round int, act record.Act) (*canaries, error) {
	sector := w.drive.LogicalSector()
	places, err := canary.Places(w.drive.Size(), int64(sector), w.spec.Task.Canaries, round, w.seed)
	if err != nil {
		return nil, err
	}
	key := canary.Key(round, w.seed)
	s, err := pattern.New(pattern.Spec{Kind: record.PatternStream, Key: key[:], IV: make([]byte, pattern.KeySize)})
	if err != nil {
		return nil, err
	}
	buf, err := unix.Mmap(-1, 0, sector, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("allocate a sector: %w", err)
	}
	return &canaries{w: w, act: act, places: places, bad: map[int64]bool{}, former: map[int64][sha256.Size]byte{}, stream: s, sector: sector, buf: buf, want: make([]byte, sector)}, nil
}

func (c *canaries) free() { _ = unix.Munmap(c.buf) }

// each goes through the places in ascending order, until ctx ends. f may not keep the
// buffer.
func (c *canaries) each(ctx context.Context, phase string, f func(off int64) error) error {
	c.now = time.Now()
	for i, off := range c.places {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i%64 == 0 {
			c.w.port.Progress(Progress{Phase: phase, Act: c.act, Pass: 1, Of: int64(len(c.w.spec.Task.Acts)),
				Done: int64(i) * int64(c.sector), Total: int64(len(c.places)) * int64(c.sector)})
		}
		if err := f(off); err != nil {
			return err
		}
	}
	return nil
}

// read reads one sector past the cache, twice where the first time fails. The buffer is
// spoilt before: a read that claims success and moves nothing finds no canary and no
// zeros.
func (c *canaries) read(off int64) error {
	var err error
	for range 2 {
		for i := range c.buf {
			c.buf[i] = 0x5a ^ byte(i)
		}
		if _, err = c.w.drive.ReadAt(c.buf, off); err == nil {
			return nil
		}
	}
	return err
}

// plant writes the canaries, flushes, and reads them back: only what lay on the medium
// can be seen to have gone.
func (c *canaries) plant(ctx context.Context) error {
	p := record.Planted{Act: c.act, Places: int64(len(c.places))}
	began := time.Now()
	spoilt := func(off int64, err error) {
		c.bad[off] = true
		if p.FirstError == "" && err != nil {
			p.FirstError = err.Error()
		}
		if len(p.Bad) < mostListed {
			p.Bad = append(p.Bad, record.Range{First: record.Size(off), End: record.Size(off + int64(c.sector))})
		}
	}
	err := c.remember(ctx)
	if err != nil {
		return fmt.Errorf("read the places of the canaries: %w", err)
	}
	err = c.each(ctx, "plant", func(off int64) error {
		c.stream.Fill(c.buf, off)
		if _, err := c.w.drive.WriteAt(c.buf, off); err != nil {
			spoilt(off, err)
			return nil
		}
		p.Written++
		return nil
	})
	if err != nil {
		return fmt.Errorf("write canaries: %w", err)
	}
	if err := c.w.drive.Flush(ctx); err != nil {
		return fmt.Errorf("flush canaries: %w", err)
	}
	p.Flushed = true
	err = c.each(ctx, "plant", func(off int64) error {
		if c.bad[off] {
			return nil
		}
		c.stream.Fill(c.want, off)
		if err := c.read(off); err != nil {
			spoilt(off, err)
		} else if !bytes.Equal(c.buf, c.want) {
			spoilt(off, nil)
		} else {
			p.Present++
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read canaries back: %w", err)
	}
	p.Nanos = time.Since(began).Nanoseconds()
	if err := c.w.tell(record.Event{Planted: &p}); err != nil {
		return err
	}
	if p.Present < p.Places-p.Places/100 { // the judge's own limit: it could only be Unknown
		return fmt.Errorf("%d of %d canaries can be read back: nothing could be shown, and the command was not given", p.Present, p.Places)
	}
	return nil
}

// remember reads what the places hold now. A drive that loses the canaries, for it never
// flushed them, shows that again if it erased nothing.
func (c *canaries) remember(ctx context.Context) error {
	return c.each(ctx, "plant", func(off int64) error {
		if c.read(off) == nil && !uniform(c.buf, c.buf[0]) {
			c.former[off] = sha256.Sum256(c.buf)
		}
		return nil
	})
}

// look reads every place that bore a canary again.
func (c *canaries) look(ctx context.Context) error {
	o, err := c.w.drive.State(ctx)
	if err != nil {
		return fmt.Errorf("identify drive before the canaries are looked for: %w", err)
	}
	l := record.Looked{Act: c.act, Direct: o.Direct}
	began := time.Now()
	list := func(rs *[]record.Range, off int64) {
		if len(*rs) < mostListed {
			*rs = append(*rs, record.Range{First: record.Size(off), End: record.Size(off + int64(c.sector))})
		}
	}
	err = c.each(ctx, "look", func(off int64) error {
		if c.bad[off] {
			return nil
		}
		if err := c.read(off); err != nil {
			if l.FirstError == "" {
				l.FirstError = err.Error()
			}
			list(&l.Unreadable, off)
			return nil
		}
		l.Places++
		c.stream.Fill(c.want, off)
		was, known := c.former[off]
		switch {
		case known && sha256.Sum256(c.buf) == was:
			l.Former++
			list(&l.Found, off)
		case uniform(c.buf, 0x00):
			l.Zeros++
		case uniform(c.buf, 0xff):
			l.Ones++
		case shares(c.buf, c.want):
			l.Present++
			list(&l.Found, off)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for the canaries: %w", err)
	}
	l.Nanos = time.Since(began).Nanoseconds()
	return c.w.tell(record.Event{Looked: &l})
}

func uniform(p []byte, b byte) bool {
	return len(p) > 0 && p[0] == b && bytes.Equal(p[1:], p[:len(p)-1])
}

// shares reports whether a sector has 16 bytes of its canary where they were. Of random
// bytes one sector in 2^123 has.
func shares(got, want []byte) bool {
	for i := 0; i+16 <= len(got); i += 16 {
		if bytes.Equal(got[i:i+16], want[i:i+16]) {
			return true
		}
	}
	return false
}
