package server_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/spool"
	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/depottest"
	"lethe/cmd/lethe-depot/internal/identity"
	"lethe/cmd/lethe-depot/internal/server"
)

// depot is a real server over a real archive.
type depot struct {
	*httptest.Server
	kit     *depottest.Kit
	archive *archive.Archive
	mu      sync.Mutex
	log     []server.Access
}

func start(t *testing.T, k *depottest.Kit, dir string, change func(*server.Config)) *depot {
	t.Helper()
	d := &depot{kit: k, archive: k.Open(t, dir)}
	c := server.Config{Archive: d.archive, Name: "depot-1", Access: func(a server.Access) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.log = append(d.log, a)
	}}
	if change != nil {
		change(&c)
	}
	id, err := identity.New(k.Signer, k.Roots(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	d.Server = httptest.NewUnstartedServer(server.New(c))
	d.TLS = id.TLS()
	d.StartTLS()
	t.Cleanup(d.Close)
	return d
}

func (d *depot) client(t *testing.T) *deliver.HTTPS {
	t.Helper()
	h, err := deliver.NewHTTPS(d.URL, d.kit.Root.Pool(), d.kit.Root.Pool(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// do is a plain request of somebody who trusts the depot.
func (d *depot) do(t *testing.T, method, path string, body io.Reader) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.kit.Roots()}, DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func (d *depot) put(t *testing.T, pdf []byte) (*http.Response, string) {
	t.Helper()
	return d.do(t, http.MethodPut, "/v1/papers/"+record.Digest(pdf), bytes.NewReader(pdf))
}

// From a spool, through the client, into the archive, and back out.
func TestEndToEnd(t *testing.T) {
	k := depottest.New(t)
	d := start(t, k, t.TempDir(), nil)
	s, err := spool.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, n := k.Certificate(t, "S1"), k.Notice(t, "S2")
	sum := k.Summary(t, c, n)
	for _, b := range []bundle.Bundle{{Name: c.Name, PDF: c.PDF}, {Name: n.Name, PDF: n.PDF}, {Name: sum.Name, PDF: sum.PDF}, {Name: "broken.pdf", PDF: c.PDF[1:]}} {
		if err := s.Put(b); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		left, err := s.Drain(t.Context(), d.client(t), nil)
		var no *deliver.RefusedError
		if err != nil || len(left) != 1 || !errors.As(left[0].Err, &no) || no.Status != http.StatusUnprocessableEntity {
			t.Fatalf("Drain = %v, %v; want the broken one refused with 422", left, err)
		}
		t.Logf("refused: %s", no.Reason)
	}
	all, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Name != "broken.pdf" && e.Receipt == nil {
			t.Errorf("%s has no receipt", e.Name)
		}
	}
	resp, body := d.do(t, http.MethodGet, "/v1/papers", nil)
	var list []archive.Entry
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 3 || resp.StatusCode != http.StatusOK {
		t.Fatalf("list %s, %v", body, err)
	}
	resp, body = d.do(t, http.MethodGet, "/v1/papers/"+record.Digest(c.PDF), nil)
	if body != string(c.PDF) || resp.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("GET paper = %d, %d bytes", resp.StatusCode, len(body))
	}
	if _, body = d.do(t, http.MethodGet, "/v1/papers/"+record.Digest(c.PDF)+"/receipt", nil); body != string(receiptOf(t, all, c.Name)) {
		t.Error("GET receipt is not the receipt that was given")
	}
}

func receiptOf(t *testing.T, all []spool.Entry, name string) []byte {
	t.Helper()
	for _, e := range all {
		if e.Name == name {
			return e.Receipt.Raw
		}
	}
	t.Fatalf("%s is not in the spool", name)
	return nil
}

func TestIntentEndToEnd(t *testing.T) {
	dir := t.TempDir()
	d := start(t, depottest.New(t), dir, nil)
	intent := []byte(`{"plan":"00","tasks":["t1"]}`)
	raw, err := d.client(t).Acknowledge(t.Context(), intent)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "intents", record.Digest(intent)+".json")); err != nil || !bytes.Equal(b, intent) {
		t.Errorf("kept %q, %v", b, err)
	}
	if again, err := d.client(t).Acknowledge(t.Context(), intent); err != nil || !bytes.Equal(again, raw) {
		t.Errorf("again: %v; want the same receipt", err)
	}
	if resp, body := d.do(t, http.MethodPost, "/v1/intents", strings.NewReader(`{"b":1, "a":2}`)); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an intent that is not canonical: %d %s", resp.StatusCode, body)
	}
	if resp, _ := d.do(t, http.MethodPost, "/v1/intents", bytes.NewReader(make([]byte, bundle.MaxIntent+1))); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large intent: %d", resp.StatusCode)
	}
}

func TestAnswers(t *testing.T) {
	k := depottest.New(t)
	d := start(t, k, t.TempDir(), func(c *server.Config) { c.MaxPDF = 1 << 20 })
	pdf := k.Certificate(t, "S1").PDF
	flipped := bytes.Clone(pdf)
	flipped[len(pdf)/2] ^= 4
	if resp, _ := d.put(t, pdf); resp.StatusCode != http.StatusCreated {
		t.Fatalf("first PUT: %d", resp.StatusCode)
	}
	chunked := struct{ io.Reader }{bytes.NewReader(pdf)} // no length
	at := "/v1/papers/" + record.Digest(pdf)
	for name, c := range map[string]struct {
		method, path string
		body         io.Reader
		status       int
		says         string
	}{
		"same again":    {http.MethodPut, at, bytes.NewReader(pdf), 200, `"payload"`},
		"flipped bit":   {http.MethodPut, "/v1/papers/" + record.Digest(flipped), bytes.NewReader(flipped), 422, ": "},
		"other digest":  {http.MethodPut, at, bytes.NewReader(flipped), 400, "not that of the address"},
		"no digest":     {http.MethodPut, "/v1/papers/xyz", bytes.NewReader(pdf), 400, "not a lower-case SHA-256"},
		"other case":    {http.MethodPut, "/v1/papers/" + strings.ToUpper(record.Digest(pdf)), bytes.NewReader(pdf), 400, "not a lower-case"},
		"no length":     {http.MethodPut, at, chunked, 411, "length"},
		"too large":     {http.MethodPut, at, bytes.NewReader(make([]byte, 1<<20+1)), 413, "at most 1048576"},
		"second paper":  {http.MethodPut, "", bytes.NewReader(k.Reissued(t, "S1").PDF), 409, "another paper for the same record"},
		"unknown paper": {http.MethodGet, "/v1/papers/" + record.Digest(nil), nil, 404, "no such paper"},
		"unknown path":  {http.MethodGet, "/v2", nil, 404, ""},
		"other method":  {http.MethodDelete, at, nil, 405, ""},
		"health":        {http.MethodGet, "/healthz", nil, 200, "ok"},
	} {
		if c.path == "" {
			b, err := io.ReadAll(c.body)
			if err != nil {
				t.Fatal(err)
			}
			c.path, c.body = "/v1/papers/"+record.Digest(b), bytes.NewReader(b)
		}
		resp, body := d.do(t, c.method, c.path, c.body)
		if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %q; want %d that says %q", name, resp.StatusCode, body, c.status, c.says)
		}
		if resp.StatusCode >= 400 && strings.Count(strings.TrimSpace(body), "\n") > 0 {
			t.Errorf("%s: more than a line: %q", name, body)
		}
	}
	if n := len(d.archive.List()); n != 1 {
		t.Errorf("%d papers; want 1", n)
	}
}

// raw speaks to the depot by hand.
func (d *depot) raw(t *testing.T, head string) (*tls.Conn, *bufio.Reader) {
	t.Helper()
	c, err := tls.Dial("tcp", d.Listener.Addr().String(), &tls.Config{RootCAs: d.kit.Roots()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

// A body that ends early leaves nothing; one that trickles loses its turn. Turns
// red without the deadline in body.
//
// mutant (hangs): body.go: time.Now().Add(within)) => time.Now().Add(within+time.Hour))
func TestTruncatedAndSlowUpload(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	d := start(t, k, dir, func(c *server.Config) { c.BodyGrace = 200 * time.Millisecond; c.Uploads = 1 })
	pdf := k.Certificate(t, "S1").PDF
	head := fmt.Sprintf("PUT /v1/papers/%s HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n", record.Digest(pdf), 1000)
	c, _ := d.raw(t, head+"%PDF")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, r := d.raw(t, head+"%PDF")
	line, err := r.ReadString('\n')
	if err != nil || !strings.Contains(line, "408") {
		t.Errorf("a slow upload is answered %q, %v; want 408", line, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 { // index and intents
		t.Errorf("left behind: %v, %v", files, err)
	}
	if resp, body := d.put(t, pdf); resp.StatusCode != http.StatusCreated { // the one turn is free again
		t.Errorf("PUT after it: %d %s", resp.StatusCode, body)
	}
}

func TestBusy(t *testing.T) {
	k := depottest.New(t)
	d := start(t, k, t.TempDir(), func(c *server.Config) { c.Uploads = 1; c.SlotWait = 50 * time.Millisecond })
	pdf := k.Certificate(t, "S1").PDF
	for began := time.Now(); ; {
		// Whoever takes the one turn: on a busy machine it may come too late once.
		d.raw(t, fmt.Sprintf("PUT /v1/papers/%s HTTP/1.1\r\nHost: d\r\nContent-Length: 1000\r\n\r\n", record.Digest(pdf)))
		time.Sleep(100 * time.Millisecond)
		resp, _ := d.put(t, pdf)
		if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "" {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the second upload is answered %d; want 503 with Retry-After", resp.StatusCode)
		}
	}
}

func TestFiftyAtOnce(t *testing.T) {
	const n = 50
	k := depottest.New(t)
	c := k.Config(t, t.TempDir())
	c.Check = &depottest.Plain{}
	a, err := archive.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	d := start(t, k, t.TempDir(), func(s *server.Config) { s.Archive = a })
	var wg sync.WaitGroup
	for i := range n {
		for _, j := range []int{i, 0} { // different ones, and the same one
			h, pdf := d.client(t), depottest.PlainPaper(j)
			wg.Go(func() {
				if _, err := h.Deliver(t.Context(), bundle.Bundle{Name: "p.pdf", PDF: pdf}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if got := len(a.List()); got != n {
		t.Errorf("%d papers; want %d", got, n)
	}
}

// broken is a check that panics: a hostile file that found a hole.
type broken struct{}

func (broken) Check([]byte) (archive.Finding, error) { panic("hole") }

func TestPanicIsAnAnswer(t *testing.T) {
	k := depottest.New(t)
	c := k.Config(t, t.TempDir())
	c.Check = broken{}
	a, err := archive.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	d := start(t, k, t.TempDir(), func(s *server.Config) { s.Archive = a })
	if resp, body := d.put(t, []byte("x")); resp.StatusCode != http.StatusInternalServerError || strings.Contains(body, "hole") {
		t.Errorf("%d %q; want 500 without the cause", resp.StatusCode, body)
	}
	d.Close()
	if len(d.log) != 1 || !strings.Contains(d.log[0].Reason, "hole") || d.log[0].Status != 500 {
		t.Errorf("log %+v; want the cause", d.log)
	}
}

func TestPage(t *testing.T) {
	k := depottest.New(t)
	d := start(t, k, t.TempDir(), nil)
	if _, body := d.do(t, http.MethodGet, "/", nil); !strings.Contains(body, "No papers yet") {
		t.Errorf("empty page: %s", body)
	}
	c, n := k.Certificate(t, "S1"), k.Notice(t, "S2")
	for _, pdf := range [][]byte{c.PDF, n.PDF, k.Summary(t, c, n).PDF} {
		if resp, body := d.put(t, pdf); resp.StatusCode != http.StatusCreated {
			t.Fatal(body)
		}
	}
	resp, body := d.do(t, http.MethodGet, "/", nil)
	for _, want := range []string{"3 papers kept", "Cleared", "Not sanitised", "state " + string(n.Record.Verdict.State), "Summary",
		">S1<", `href="/v1/papers/` + record.Digest(c.PDF) + `"`, "method Clear"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "<script") || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the page runs script, or may: %v", resp.Header)
	}
	if resp, css := d.do(t, http.MethodGet, "/style.css", nil); resp.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(css, "@media print") {
		t.Errorf("style: %v", resp.Header)
	}
}

// A connection that says nothing is no reason to hold one that does.
func TestIdleConnection(t *testing.T) {
	d := start(t, depottest.New(t), t.TempDir(), nil)
	c, err := net.Dial("tcp", d.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if resp, _ := d.do(t, http.MethodGet, "/healthz", nil); resp.StatusCode != http.StatusOK {
		t.Errorf("health: %d", resp.StatusCode)
	}
}
