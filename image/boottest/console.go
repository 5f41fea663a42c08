package boottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
)

// ErrEnded is returned by Expect when the machine ended without printing what
// was expected.
var ErrEnded = errors.New("machine ended")

// Console keeps and hands on what the guest prints. It is safe for concurrent
// use.
type Console struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	pos    int // where the next Expect starts
	tee    io.Writer
	wake   chan struct{} // closed and replaced at each write
	closed bool
}

func newConsole(tee io.Writer) *Console {
	if tee == nil {
		tee = io.Discard
	}
	return &Console{tee: tee, wake: make(chan struct{})}
}

// Write never fails: a viewer that went away must not stop the machine.
func (c *Console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.tee.Write(b)
	c.buf.Write(b)
	c.notify()
	return len(b), nil
}

func (c *Console) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.notify()
}

func (c *Console) notify() {
	close(c.wake)
	c.wake = make(chan struct{})
}

// String returns all output so far.
func (c *Console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

// Expect waits until the output since the last match matches the regular
// expression and returns the match and its groups. On failure the error holds
// the last lines of output.
func (c *Console) Expect(ctx context.Context, pattern string) ([]string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("expect: %w", err)
	}
	for {
		m, closed, wake := c.match(re)
		if m != nil {
			return m, nil
		}
		if closed {
			return nil, fmt.Errorf("expect %q: %w; last output:\n%s", pattern, ErrEnded, c.tail())
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, fmt.Errorf("expect %q: %w; last output:\n%s", pattern, context.Cause(ctx), c.tail())
		}
	}
}

func (c *Console) match(re *regexp.Regexp) ([]string, bool, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := c.buf.Bytes()[c.pos:]
	loc := re.FindSubmatchIndex(rest)
	if loc == nil {
		return nil, c.closed, c.wake
	}
	var out []string
	for i := 0; i < len(loc); i += 2 {
		if loc[i] < 0 {
			out = append(out, "")
			continue
		}
		out = append(out, string(rest[loc[i]:loc[i+1]]))
	}
	c.pos += loc[1]
	return out, c.closed, c.wake
}

func (c *Console) tail() string {
	s := c.String()
	return s[max(0, len(s)-2000):]
}
