package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/spool"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/image/site"
	"lethe/wipe"
)

// A site raises what an order asks and never lowers it.
//
// mutant: boot.go: least.Rank() > p.Least.Rank() => least != ""
// mutant: boot.go: p.Verify = st.Verify => _ = st.Verify
func TestSitePolicyRaises(t *testing.T) {
	for _, tt := range []struct {
		order record.Method
		site  string
		want  record.Method
	}{
		{record.MethodClear, "", record.MethodClear}, {record.MethodClear, "Purge", record.MethodPurge},
		{record.MethodPurge, "Clear", record.MethodPurge}, {record.MethodPurge, "", record.MethodPurge},
	} {
		if p := raise(wipe.Policy{Least: tt.order}, site.Policy{Least: tt.site}); p.Least != tt.want {
			t.Errorf("order %s, site %q: %s, want %s", tt.order, tt.site, p.Least, tt.want)
		}
	}
	if p := raise(wipe.Policy{Pattern: "stream"}, site.Policy{Pattern: "zero"}); p.Pattern != "stream" {
		t.Errorf("pattern %s: the order's word counts", p.Pattern)
	}
	if p := raise(wipe.Policy{Verify: "sampled"}, site.Policy{Verify: "full"}); p.Verify != "full" {
		t.Errorf("verification %q: the site asks for every byte", p.Verify)
	}
	if p := raise(wipe.Policy{}, site.Policy{PerAdapter: 3}); p.PerAdapter != 3 {
		t.Errorf("the site's limit per adapter does not count: %d", p.PerAdapter)
	}
	if p := raise(wipe.Policy{Verify: "sampled"}, site.Policy{}); p.Verify != "sampled" {
		t.Errorf("verification %q: the site says nothing", p.Verify)
	}
	if p := raise(wipe.Policy{}, site.Policy{Pattern: "zero"}); p.Pattern != "zero" {
		t.Errorf("pattern %q", p.Pattern)
	}
}

func TestAdvice(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		err  error
		up   bool
		want string
	}{
		{errors.New("dial tcp: connect: refused"), false, "plug in a cable"},
		{errors.New("dial tcp: connect: refused"), true, "check that the depot runs"},
		{fmt.Errorf("%w: x", deliver.ErrUntrusted), true, "2026-11-24 12:00 UTC"},
		{errors.New("depot answers 500: disk full"), true, "look at its log and its disk"},
		{&deliver.RefusedError{Status: 409}, true, "refuses"},
		{errors.New("dial tcp: lookup depot: no such host"), true, "DNS"},
	} {
		if got := advice(tt.err, now, tt.up); !strings.Contains(got, tt.want) {
			t.Errorf("%v: %q lacks %q", tt.err, got, tt.want)
		}
	}
}

// patience collects what the copier does.
type patience struct {
	mu   sync.Mutex
	sent []string
	said []string
	fail error
}

func (p *patience) send(_ context.Context, b bundle.Bundle) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.sent = append(p.sent, b.Name)
	return nil
}

func (p *patience) say(f string, a ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, fmt.Sprintf(f, a...))
}

// onePending is a spool with one paper that nobody has taken.
func onePending(t *testing.T) *spool.Spool {
	t.Helper()
	s, err := spool.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Put(bundle.Bundle{Name: "P-1.pdf", PDF: []byte("%PDF")}); err != nil {
		t.Fatal(err)
	}
	return s
}

// An encrypted copy goes out once, only for what nobody took in time, and leaves the
// paper pending: it is no delivery.
//
// mutant: bootcopy.go: time.Since(since[n]) < c.after => false
// mutant: bootcopy.go: if c.copied(n) || => if
func TestCopierIsLastResort(t *testing.T) {
	s := onePending(t)
	p := &patience{}
	c := &copier{send: p.send, after: 300 * time.Millisecond, every: 20 * time.Millisecond, info: p.say, warn: p.say}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	start := time.Now()
	go func() { defer close(done); c.run(ctx, s) }()
	count := func() int { p.mu.Lock(); defer p.mu.Unlock(); return len(p.sent) }
	for count() == 0 && time.Since(start) < 10*time.Second {
		time.Sleep(5 * time.Millisecond)
	}
	if took := time.Since(start); took < c.after {
		t.Errorf("copied after %v", took)
	}
	time.Sleep(200 * time.Millisecond)
	cancel()
	<-done
	if count() != 1 || len(p.said) != 1 || !strings.Contains(p.said[0], "no delivery") {
		t.Errorf("sent %v, said %v", p.sent, p.said)
	}
	if left, err := s.Pending(); err != nil || len(left) != 1 {
		t.Errorf("pending %v, %v: a copy must not count as a delivery", left, err)
	}
}

// A TFTP server that is away is told once and asked again.
func TestCopierTriesAgain(t *testing.T) {
	s := onePending(t)
	p := &patience{fail: errors.New("no answer")}
	c := &copier{send: p.send, every: 5 * time.Millisecond, info: p.say, warn: p.say}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.run(ctx, s) }()
	time.Sleep(100 * time.Millisecond)
	short, end := context.WithTimeout(ctx, 20*time.Millisecond)
	defer end()
	c.wait(short, s)
	p.mu.Lock()
	if len(p.said) != 1 || len(p.sent) != 0 {
		t.Errorf("said %v, sent %v", p.said, p.sent)
	}
	p.fail = nil
	p.mu.Unlock()
	c.wait(ctx, s)
	cancel()
	<-done
	if len(p.sent) != 1 {
		t.Errorf("sent %v", p.sent)
	}
}

func quietBoot(st site.Site) (*boot, *bytes.Buffer) {
	var out bytes.Buffer
	b := &boot{log: logrus.New(), env: cli.Env{Stdout: &out, Stderr: &out}, state: sysinit.State{Site: st, Net: &sysinit.Net{}}}
	b.log.SetOutput(&out)
	return b, &out
}

// An order comes from a pinned server only; a page that is too large, or a no, ends it.
//
// mutant: bootorder.go: RootCAs: roots, => InsecureSkipVerify: true,
func TestFetchOrderOverHTTPS(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/order":
			io.WriteString(w, "the order")
		case "/gone":
			w.WriteHeader(http.StatusForbidden)
		case "/elsewhere":
			http.Redirect(w, r, "/order", http.StatusFound)
		}
	}
	srv := httptest.NewTLSServer(http.HandlerFunc(answer))
	defer srv.Close()
	srv.Config.ErrorLog = nil
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	b, out := quietBoot(site.Site{})
	raw, err := b.fetchOrder(t.Context(), srv.URL+"/order", roots)
	if err != nil || string(raw) != "the order" {
		t.Errorf("%q, %v", raw, err)
	}
	for _, p := range []string{"/gone", "/elsewhere"} {
		if raw, err := b.fetchOrder(t.Context(), srv.URL+p, roots); cli.Status(err) != cli.ExitRefused {
			t.Errorf("%s: %q, %v", p, raw, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	stranger := x509.NewCertPool()
	if raw, err := b.fetchOrder(ctx, srv.URL+"/order", stranger); err == nil {
		t.Errorf("a stranger's order is taken: %q", raw)
	}
	if !strings.Contains(out.String(), "nothing is touched meanwhile") {
		t.Errorf("said %s", out)
	}
}

// The log goes to all consoles; transcripts have no way into it.
func TestOnAllConsoles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "tty")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	b, out := quietBoot(site.Site{})
	b.env.Width = 132
	b.onAllConsoles([]*os.File{f})
	b.log.SetOutput(b.env.Stdout)
	b.log.Info("to all")
	if b.env.Width != 80 {
		t.Errorf("width %d: a serial line has 80", b.env.Width)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got, _ := os.ReadFile(name)
		if strings.Contains(string(got), "to all") && strings.Contains(out.String(), "to all") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("other console %q, first %q", got, out)
		}
	}
}
