package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// Limits are the longest times the client waits, each for one try. None may be
// zero: a depot that says nothing must not hold a finished machine for ever.
type Limits struct {
	Dial   time.Duration // TCP connection, name resolution included
	TLS    time.Duration // handshake
	Header time.Duration // from the end of the request to the first line of the answer
	Try    time.Duration // the whole try
	First  time.Duration // before the second try; doubles with each further one
	Most   time.Duration // the longest wait between tries
}

// DefaultLimits suit a link on which 32 MiB pass in five minutes.
var DefaultLimits = Limits{
	Dial: 10 * time.Second, TLS: 15 * time.Second, Header: time.Minute, Try: 5 * time.Minute,
	First: 500 * time.Millisecond, Most: 30 * time.Second,
}

// maxInFlight bounds the tries at one time, so that forty finished drives do not
// open forty connections. Waiting between tries does not count.
const maxInFlight = 4

// HTTPS delivers to a depot. Make one with NewHTTPS.
type HTTPS struct {
	base     *url.URL
	client   *http.Client
	receipts *x509.CertPool
	now      func() time.Time
	limits   Limits
	events   func(Event)
	slots    chan struct{}
	patient  bool
}

// Option changes an HTTPS client.
type Option func(*HTTPS, *http.Transport) error

// WithEvents has f called with every event.
func WithEvents(f func(Event)) Option {
	return func(h *HTTPS, _ *http.Transport) error { h.events = f; return nil }
}

// WithPatience tries again after ErrUntrusted, too: for a machine that nobody stands
// at, whose clock may yet be set and whose network may yet be its own.
func WithPatience() Option {
	return func(h *HTTPS, _ *http.Transport) error { h.patient = true; return nil }
}

// WithProxy goes through an HTTP proxy (CONNECT). The environment is never asked.
func WithProxy(proxy string) Option {
	return func(_ *HTTPS, t *http.Transport) error {
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" {
			return fmt.Errorf("proxy %q: want http://host:port", proxy)
		}
		t.Proxy = http.ProxyURL(u)
		return nil
	}
}

// WithLimits replaces DefaultLimits.
func WithLimits(l Limits) Option {
	return func(h *HTTPS, _ *http.Transport) error {
		for _, d := range []time.Duration{l.Dial, l.TLS, l.Header, l.Try, l.First, l.Most} {
			if d <= 0 {
				return errors.New("limits: none may be zero")
			}
		}
		h.limits = l
		return nil
	}
}

// NewHTTPS makes a client of the depot at base, an https URL. Its TLS certificate
// must lead to one of roots and its receipts to one of receiptRoots, at the time
// that now gives; the system's own roots are never used.
func NewHTTPS(base string, roots, receiptRoots *x509.CertPool, now func() time.Time, opts ...Option) (*HTTPS, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("depot address %q: want https://host[:port][/path]", base)
	}
	for _, p := range []*x509.CertPool{roots, receiptRoots} {
		// A nil pool means the system's roots to crypto/tls.
		if p == nil || p.Equal(x509.NewCertPool()) {
			return nil, fmt.Errorf("depot %s: %w", base, sign.ErrNoRoots)
		}
	}
	h := &HTTPS{base: u, receipts: receiptRoots, now: now, limits: DefaultLimits,
		events: func(Event) {}, slots: make(chan struct{}, maxInFlight)}
	t := &http.Transport{
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, Time: now},
		DisableCompression:     true, // a receipt's size on the wire is its size
		MaxResponseHeaderBytes: 32 << 10,
		MaxIdleConnsPerHost:    maxInFlight,
		IdleConnTimeout:        30 * time.Second,
	}
	for _, o := range opts {
		if err := o(h, t); err != nil {
			return nil, err
		}
	}
	t.DialContext = (&net.Dialer{Timeout: h.limits.Dial, KeepAlive: 15 * time.Second}).DialContext
	t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = h.limits.TLS, h.limits.Header
	h.client = &http.Client{Transport: t, CheckRedirect: noRedirect}
	return h, nil
}

// noRedirect hands the redirect itself back: a pinned depot has no other address.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Deliver puts the paper to {base}/v1/papers/{sha256} and checks the receipt.
func (h *HTTPS) Deliver(ctx context.Context, b bundle.Bundle) (bundle.Receipt, error) {
	if err := b.Validate(); err != nil {
		return bundle.Receipt{}, fmt.Errorf("deliver: %w", err)
	}
	var got bundle.Receipt
	s := sending{name: b.Name, method: http.MethodPut, path: "/v1/papers/" + b.Digest(),
		ctype: "application/pdf", body: b.PDF}
	s.accept = func(envelope []byte) (bundle.Receipt, error) {
		payload, err := h.open(envelope)
		if err != nil {
			return got, err
		}
		if got, err = bundle.DecodeReceipt(payload); err != nil {
			return got, err
		}
		got.Raw = envelope
		return got, got.Covers(b)
	}
	if err := h.send(ctx, s); err != nil {
		return bundle.Receipt{}, fmt.Errorf("deliver %s: %w", b.Name, err)
	}
	return got, nil
}

// Acknowledge posts the intent to {base}/v1/intents and checks the receipt.
func (h *HTTPS) Acknowledge(ctx context.Context, intent []byte) ([]byte, error) {
	if err := bundle.ValidIntent(intent); err != nil {
		return nil, fmt.Errorf("acknowledge: %w", err)
	}
	var got []byte
	s := sending{name: "intent", method: http.MethodPost, path: "/v1/intents",
		ctype: "application/json", body: intent}
	s.accept = func(envelope []byte) (bundle.Receipt, error) {
		payload, err := h.open(envelope)
		if err == nil {
			_, err = bundle.DecodeIntentReceipt(payload, intent)
		}
		got = envelope
		return bundle.Receipt{}, err
	}
	if err := h.send(ctx, s); err != nil {
		return nil, fmt.Errorf("acknowledge intent %s: %w", record.Digest(intent), err)
	}
	return got, nil
}

// open checks that a depot under a pinned root signed the envelope.
func (h *HTTPS) open(envelope []byte) ([]byte, error) {
	payload, _, err := sign.VerifyDSSE(envelope, sign.PayloadReceipt, h.receipts, sign.RoleDepot, h.now())
	return payload, err
}

func (h *HTTPS) address(path string) string { return strings.TrimSuffix(h.base.String(), "/") + path }
