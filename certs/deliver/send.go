package deliver

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"lethe/certs/bundle"
)

// sending is one thing on its way, and what to make of the answer.
type sending struct {
	name, method, path, ctype string
	body                      []byte
	accept                    func(answer []byte) (bundle.Receipt, error)
	most                      int64 // bytes of an answer that nobody signs; 0 for a receipt
}

// passing is an error after which another try makes sense.
type passing struct {
	err   error
	after time.Duration // what the depot asked for; 0 when it asked nothing
}

func (p *passing) Error() string { return p.err.Error() }
func (p *passing) Unwrap() error { return p.err }

// send tries until the thing is accepted, refused for good, or ctx ends.
func (h *HTTPS) send(ctx context.Context, s sending) error {
	var last error // of a try that ctx did not cut off: that one tells something
	for n := 1; ; n++ {
		h.events(Attempt{Name: s.name, N: n})
		r, err := h.try(ctx, s)
		if err == nil {
			if s.most == 0 { // else it was fetched
				h.events(Delivered{Name: s.name, Tries: n, Receipt: r})
			}
			return nil
		}
		var p *passing
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if ctx.Err() == nil {
			if !errors.As(err, &p) && (!h.patient || !errors.Is(err, ErrUntrusted)) {
				h.events(Refused{Name: s.name, Err: err})
				return err
			}
			wait := h.wait(n, p)
			h.events(Waiting{Name: s.name, N: n, For: wait, Err: err})
			if sleep(ctx, wait) {
				continue
			}
		}
		return fmt.Errorf("given up after %d tries: %w (last: %w)", n, context.Cause(ctx), last)
	}
}

// wait is how long to wait after try n: doubling, with jitter over its upper half
// so that a rack of machines does not come back in step, and never less than the
// depot asked for within the limit.
func (h *HTTPS) wait(n int, p *passing) time.Duration {
	d := h.limits.Most
	if n < 30 && h.limits.First<<(n-1) < d && h.limits.First<<(n-1) > 0 {
		d = h.limits.First << (n - 1)
	}
	d = d/2 + rand.N(d/2+1)
	if p == nil {
		return d
	}
	return max(d, min(p.after, h.limits.Most))
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// try sends once.
func (h *HTTPS) try(ctx context.Context, s sending) (bundle.Receipt, error) {
	var none bundle.Receipt
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return none, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, h.limits.Try)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, s.method, h.address(s.path), bytes.NewReader(s.body))
	if err != nil {
		return none, err
	}
	req.Header.Set("Content-Type", s.ctype)
	resp, err := h.client.Do(req)
	if err != nil {
		return none, classify(err)
	}
	defer resp.Body.Close() // a failed close of an answer already read changes nothing
	most := cmp.Or(s.most, bundle.MaxReceipt)
	answer, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil {
		// Our hanging up can make a server end its answer early yet properly, and
		// that end can still arrive: no reason to call it a stranger.
		err = ctx.Err()
	}
	if err != nil {
		return none, &passing{err: fmt.Errorf("read answer: %w", err)}
	}
	if err := status(resp, answer); err != nil {
		return none, err
	}
	if int64(len(answer)) > most {
		return none, s.useless(resp, fmt.Errorf("answer of more than %d bytes", most))
	}
	r, err := s.accept(answer)
	if err != nil {
		return none, s.useless(resp, err)
	}
	return r, nil
}

// useless is an answer that cannot be used. A receipt that does not hold is somebody
// else's; a list that cannot be read is the depot's last word.
func (s sending) useless(resp *http.Response, err error) error {
	if s.most > 0 {
		return &RefusedError{Status: resp.StatusCode, Reason: oneLine([]byte(err.Error()))}
	}
	return fmt.Errorf("%w: %w", ErrUntrusted, err)
}

// classify tells a stranger's certificate from a connection that failed.
func classify(err error) error {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return &passing{err: err}
}

// status is nil for an answer that must be a receipt.
func status(resp *http.Response, answer []byte) error {
	c := resp.StatusCode
	no := &RefusedError{Status: c, Reason: oneLine(answer)}
	switch {
	case c == http.StatusOK || c == http.StatusCreated:
		return nil
	case c >= 300 && c < 400:
		no.Reason = "redirect not followed: " + oneLine([]byte(resp.Header.Get("Location")))
		return no
	case c == http.StatusRequestTimeout, c == http.StatusTooEarly, c == http.StatusTooManyRequests,
		c >= 500 && c != http.StatusNotImplemented && c != http.StatusHTTPVersionNotSupported:
		return &passing{err: fmt.Errorf("depot answers %d: %s", c, no.Reason), after: retryAfter(resp)}
	}
	return no
}

func retryAfter(resp *http.Response) time.Duration {
	s, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || s < 0 || s > 3600 {
		return 0
	}
	return time.Duration(s) * time.Second
}

// oneLine makes a reason safe to show: its first line, printable, at most 300 bytes.
func oneLine(b []byte) string {
	b, _, _ = bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	if len(b) > 300 {
		b = b[:300]
	}
	s := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(b), ""))
	if s == "" {
		return "no reason given"
	}
	return s
}
