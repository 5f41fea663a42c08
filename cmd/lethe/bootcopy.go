package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/spool"
)

// lastResort is how long depot and stick have for a paper before an encrypted copy
// of it goes out over TFTP.
const lastResort = 10 * time.Minute

// copier sends encrypted copies of papers that stay undelivered. A copy changes
// nothing else: the paper is pending as before, and the machine stays on.
type copier struct {
	send  func(context.Context, bundle.Bundle) error
	after time.Duration // how long a paper may be pending before
	every time.Duration // between looks
	info  func(format string, args ...any)
	warn  func(format string, args ...any)

	mu   sync.Mutex
	sent map[string]bool // papers of which there is a copy
}

// newCopier is nil where the site names no TFTP server.
func (b *boot) newCopier() (*copier, error) {
	t := b.state.Site.TFTP
	if t == nil {
		return nil, nil
	}
	s, err := deliver.NewSealed(t.Server, t.Recipients)
	if err != nil {
		return nil, err
	}
	c := &copier{send: s.Send, after: lastResort, every: time.Minute, info: b.log.Infof, warn: b.log.Warnf}
	if b.keeper() == nil {
		c.after, c.every = 0, 5*time.Second // there is nobody to wait for
	}
	return c, nil
}

// run works until ctx ends.
func (c *copier) run(ctx context.Context, s *spool.Spool) {
	since := map[string]time.Time{}
	told := ""
	for tick := time.NewTicker(c.every); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		names, err := s.Pending()
		for _, n := range names {
			if since[n].IsZero() {
				since[n] = time.Now()
			}
			if c.copied(n) || time.Since(since[n]) < c.after || err != nil {
				continue
			}
			var b bundle.Bundle
			if b, err = s.Get(n); err == nil {
				err = c.send(ctx, b)
			}
			if err == nil {
				c.mark(n)
				c.info("an encrypted copy of %s is on the TFTP server; that is no delivery: the paper still waits here", n)
			}
		}
		if err != nil && ctx.Err() == nil && told != err.Error() {
			told = err.Error()
			c.warn("no encrypted copy: %v; it is tried again", err)
		}
	}
}

// copied reports whether there is a copy of every one of the papers.
func (c *copier) copied(papers ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !slices.ContainsFunc(papers, func(n string) bool { return !c.sent[n] })
}

func (c *copier) mark(paper string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == nil {
		c.sent = map[string]bool{}
	}
	c.sent[paper] = true
}

// wait returns when there is a copy of all that is in s, or ctx ends.
func (c *copier) wait(ctx context.Context, s *spool.Spool) {
	for {
		if names, err := s.Pending(); err == nil && c.copied(names...) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.every):
		}
	}
}
