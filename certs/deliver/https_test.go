package deliver_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/sign"
)

func day(from time.Time) sign.Validity { return sign.Lasting(from, 24*time.Hour) }

func TestDeliver(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	var path, method string
	d := depot(t, s, s, func(d *fakeDepot, n int, w http.ResponseWriter, r *http.Request) {
		path, method = r.URL.Path, r.Method
		d.receipt(w, r, nil)
	})
	var seen events
	h := client(t, d.URL+"/base/", root.Pool(), root.Pool(), deliver.WithEvents(seen.add))
	r, err := h.Deliver(t.Context(), paper)
	if err != nil {
		t.Fatal(err)
	}
	if r.Digest != paper.Digest() || r.State != record.Cleared || len(r.Raw) == 0 {
		t.Errorf("receipt %+v", r)
	}
	if want := "/base/v1/papers/" + paper.Digest(); path != want || method != http.MethodPut {
		t.Errorf("%s %s; want PUT %s", method, path, want)
	}
	if want := []string{"attempt 1", "delivered 1"}; !slices.Equal(seen.all, want) {
		t.Errorf("events %v; want %v", seen.all, want)
	}
}

// A stranger at the other end of the wire never becomes a receipt, and one try is
// enough to know. Each case turns red when the check it is named for is taken out
// of open, DecodeReceipt, Covers or the TLS configuration.
//
// mutant: https.go: return got, got.Covers(b) => return got, nil
// mutant: https.go: RootCAs: roots, => RootCAs: roots, InsecureSkipVerify: true,
func TestStrangers(t *testing.T) {
	root, other := authority(t, "root"), authority(t, "other root")
	now := time.Now()
	good := leaf(t, root, sign.RoleDepot, day(now))
	wrongRole := leaf(t, root, sign.RoleRecord, day(now))
	ended := leaf(t, root, sign.RoleDepot, day(now.Add(-72*time.Hour)))
	spoil := func(f func(*bundle.Receipt)) func(*fakeDepot, int, http.ResponseWriter, *http.Request) {
		return func(d *fakeDepot, _ int, w http.ResponseWriter, r *http.Request) { d.receipt(w, r, f) }
	}
	otherName, err := root.Leaf(sign.RoleDepot, "depot-2", day(now), "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		endpoint, signer sign.Signer
		answer           func(*fakeDepot, int, http.ResponseWriter, *http.Request)
		says             string
	}{
		"TLS certificate of another root": {endpoint: leaf(t, other, sign.RoleDepot, day(now)), signer: good, says: "unknown authority"},
		"TLS certificate ended":           {endpoint: ended, signer: good, says: "expired"},
		"TLS certificate of another host": {endpoint: otherName, signer: good, says: "192.0.2.1"},
		"receipt of another root":         {endpoint: good, signer: leaf(t, other, sign.RoleDepot, day(now)), says: "not trusted"},
		"receipt by an ended certificate": {endpoint: good, signer: ended, says: "expired"},
		"receipt for another digest":      {endpoint: good, signer: good, answer: spoil(func(r *bundle.Receipt) { r.Digest = record.Digest(nil) }), says: "it is for"},
		"receipt for another size":        {endpoint: good, signer: good, answer: spoil(func(r *bundle.Receipt) { r.Size++ }), says: "it is for"},
		"receipt of an intent": {endpoint: good, signer: good, says: "bad receipt", answer: func(d *fakeDepot, _ int, w http.ResponseWriter, _ *http.Request) {
			d.sign(w, bundle.IntentReceipt{Format: bundle.IntentReceiptFormat, Digest: paper.Digest(), Size: 1, Stored: record.At(now), Depot: "d"})
		}},
		"receipt by another role": {endpoint: good, signer: wrongRole, says: "role", answer: func(d *fakeDepot, _ int, w http.ResponseWriter, r *http.Request) {
			payload, err := record.Marshal(bundle.Receipt{Format: bundle.ReceiptFormat, Digest: paper.Digest(), Size: record.Size(len(paper.PDF)), Stored: record.At(now), Depot: "d"})
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(forge(t, payload, d.signer))
		}},
		"receipt unsigned": {endpoint: good, signer: good, says: "unsigned", answer: func(_ *fakeDepot, _ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"format":"lethe.receipt/v1"}`))
		}},
		"receipt too large": {endpoint: good, signer: good, says: "more than", answer: func(_ *fakeDepot, _ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.answer == nil {
				c.answer = honest
			}
			d := depot(t, c.endpoint, c.signer, c.answer)
			var seen events
			h := client(t, d.URL, root.Pool(), root.Pool(), deliver.WithEvents(seen.add))
			_, err := h.Deliver(t.Context(), paper)
			if !errors.Is(err, deliver.ErrUntrusted) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Deliver = %v; want ErrUntrusted that says %q", err, c.says)
			}
			if want := []string{"attempt 1", "refused"}; !slices.Equal(seen.all, want) {
				t.Errorf("events %v; want %v", seen.all, want)
			}
		})
	}
}

func TestRefusedForGood(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	for status, says := range map[int]string{
		http.StatusUnprocessableEntity: "seal is broken", http.StatusConflict: "seal is broken",
		http.StatusNotFound: "seal is broken", http.StatusMovedPermanently: "redirect not followed: https://elsewhere.test/",
		http.StatusTemporaryRedirect: "redirect not followed", http.StatusNoContent: "no reason given",
	} {
		d := depot(t, s, s, func(_ *fakeDepot, _ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.test/")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("seal is \x1b[31mbroken\nand more"))
		})
		_, err := client(t, d.URL, root.Pool(), root.Pool()).Deliver(t.Context(), paper)
		var no *deliver.RefusedError
		if !errors.As(err, &no) || no.Status != status || !strings.Contains(no.Reason, strings.Replace(says, "is broken", "is [31mbroken", 1)) {
			t.Errorf("%d: Deliver = %v; want a refusal that says %q", status, err, says)
		}
		if d.hits.Load() != 1 {
			t.Errorf("%d: %d tries; want 1", status, d.hits.Load())
		}
		if strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%d: the reason is not safe to show: %q", status, err)
		}
	}
}

func TestTriesAgain(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	d := depot(t, s, s, func(d *fakeDepot, n int, w http.ResponseWriter, r *http.Request) {
		switch n {
		case 1:
			http.Error(w, "starting", http.StatusServiceUnavailable)
		case 2:
			http.Error(w, "full", http.StatusInsufficientStorage)
		case 3: // the connection ends in the middle of the answer
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("{"))
			panic(http.ErrAbortHandler)
		case 4:
			http.Error(w, "slow down", http.StatusTooManyRequests)
		default:
			d.receipt(w, r, nil)
		}
	})
	var seen events
	h := client(t, d.URL, root.Pool(), root.Pool(), deliver.WithEvents(seen.add))
	if _, err := h.Deliver(t.Context(), paper); err != nil {
		t.Fatal(err)
	}
	want := []string{"attempt 1", "waiting 1", "attempt 2", "waiting 2", "attempt 3", "waiting 3",
		"attempt 4", "waiting 4", "attempt 5", "delivered 5"}
	if !slices.Equal(seen.all, want) {
		t.Errorf("events %v; want %v", seen.all, want)
	}
}

// With patience a stranger is waited for until the depot itself answers; a no stays
// a no.
func TestPatience(t *testing.T) {
	root, other := authority(t, "root"), authority(t, "other root")
	s, stranger := leaf(t, root, sign.RoleDepot, day(time.Now())), leaf(t, other, sign.RoleDepot, day(time.Now()))
	d := depot(t, s, s, func(d *fakeDepot, n int, w http.ResponseWriter, r *http.Request) {
		switch n {
		case 1:
			(&fakeDepot{signer: stranger}).receipt(w, r, nil)
		case 2:
			d.receipt(w, r, nil)
		default:
			http.Error(w, "no", http.StatusUnprocessableEntity)
		}
	})
	var seen events
	h := client(t, d.URL, root.Pool(), root.Pool(), deliver.WithEvents(seen.add), deliver.WithPatience())
	if _, err := h.Deliver(t.Context(), paper); err != nil {
		t.Fatal(err)
	}
	var no *deliver.RefusedError
	if _, err := h.Deliver(t.Context(), paper); !errors.As(err, &no) {
		t.Errorf("Deliver = %v; want a refusal", err)
	}
	if want := []string{"attempt 1", "waiting 1", "attempt 2", "delivered 2", "attempt 1", "refused"}; !slices.Equal(seen.all, want) {
		t.Errorf("events %v; want %v", seen.all, want)
	}
	h = client(t, depot(t, stranger, s, honest).URL, root.Pool(), root.Pool(), deliver.WithPatience())
	if _, err := h.Deliver(shortly(t), paper); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, deliver.ErrUntrusted) {
		t.Errorf("Deliver = %v; want the deadline, and why", err)
	}
}

func TestGivesUpWithTheContext(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	d := depot(t, s, s, func(_ *fakeDepot, _ int, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of order", http.StatusInternalServerError)
	})
	_, err := client(t, d.URL, root.Pool(), root.Pool()).Deliver(shortly(t), paper)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("Deliver = %v; want the deadline and the last reason", err)
	}
	if d.hits.Load() < 2 {
		t.Errorf("%d tries; want several", d.hits.Load())
	}
	d.Close() // now nobody listens
	if _, err := client(t, d.URL, root.Pool(), root.Pool()).Deliver(shortly(t), paper); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Deliver to nobody = %v; want the deadline", err)
	}
}

// A server that trickles holds a try for Limits.Try, not for ever.
func TestSlowLoris(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	d := depot(t, s, s, func(_ *fakeDepot, n int, w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	l := quick
	l.Try = 100 * time.Millisecond
	var seen events
	h, err := deliver.NewHTTPS(d.URL, root.Pool(), root.Pool(), time.Now, deliver.WithLimits(l), deliver.WithEvents(seen.add))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := h.Deliver(ctx, paper); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Deliver = %v; want the deadline", err)
	}
	if n := len(seen.all); n < 4 {
		t.Errorf("events %v; want several tries", seen.all)
	}
}

// A listener that accepts and says nothing is a try that failed, too.
func TestSilentListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	root := authority(t, "root")
	lim := quick
	lim.TLS = 50 * time.Millisecond
	h, err := deliver.NewHTTPS("https://"+l.Addr().String(), root.Pool(), root.Pool(), time.Now, deliver.WithLimits(lim))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Deliver(shortly(t), paper); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "TLS handshake timeout") {
		t.Errorf("Deliver = %v; want a handshake time-out, then the deadline", err)
	}
}

// mutant: https.go: tls.VersionTLS12, Time: now} => tls.VersionTLS12}
func TestClockIsTheCallers(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	d := depot(t, s, s, honest)
	for ahead, ok := range map[time.Duration]bool{0: true, 48 * time.Hour: false, -48 * time.Hour: false} {
		h, err := deliver.NewHTTPS(d.URL, root.Pool(), root.Pool(), func() time.Time { return time.Now().Add(ahead) }, deliver.WithLimits(quick))
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.Deliver(t.Context(), paper)
		if ok != (err == nil) || !ok && !errors.Is(err, deliver.ErrUntrusted) {
			t.Errorf("clock %v ahead: Deliver = %v; want ok %v", ahead, err, ok)
		}
		// Turns red when the TLS configuration has no Time: the receipt, which is
		// checked later, would be what is refused.
		var cert *tls.CertificateVerificationError
		if !ok && !errors.As(err, &cert) {
			t.Errorf("clock %v ahead: Deliver = %v; want the TLS certificate refused", ahead, err)
		}
	}
}

func TestNewHTTPSRefuses(t *testing.T) {
	pool := authority(t, "root").Pool()
	for _, url := range []string{"http://depot", "depot:8443", "https://", "https://u:p@depot", "https://depot?x", "https://depot#x", "ftp://depot", "%"} {
		if _, err := deliver.NewHTTPS(url, pool, pool, time.Now); err == nil {
			t.Errorf("NewHTTPS(%q) is taken", url)
		}
	}
	// mutant: https.go: if p == nil || p.Equal(x509.NewCertPool()) { => if p != nil && false {
	// Turns red without the check: a nil pool is the system's roots.
	for _, p := range [][2]*x509.CertPool{{nil, pool}, {pool, nil}, {x509.NewCertPool(), pool}, {pool, x509.NewCertPool()}} {
		if _, err := deliver.NewHTTPS("https://depot", p[0], p[1], time.Now); !errors.Is(err, sign.ErrNoRoots) {
			t.Errorf("NewHTTPS without roots = %v; want ErrNoRoots", err)
		}
	}
	if _, err := deliver.NewHTTPS("https://depot", pool, pool, time.Now, deliver.WithLimits(deliver.Limits{})); err == nil {
		t.Error("limits of zero are taken")
	}
}

// The environment's proxy is not asked; a configured one is, and sees only bytes.
func TestProxy(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	d := depot(t, s, s, honest)
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	if _, err := client(t, d.URL, root.Pool(), root.Pool()).Deliver(t.Context(), paper); err != nil {
		t.Errorf("Deliver with a proxy in the environment = %v", err)
	}
	used := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		used++
		tunnel(t, w, r)
	}))
	t.Cleanup(proxy.Close)
	h := client(t, d.URL, root.Pool(), root.Pool(), deliver.WithProxy(proxy.URL))
	if _, err := h.Deliver(t.Context(), paper); err != nil || used != 1 {
		t.Errorf("Deliver through a proxy = %v, used %d times", err, used)
	}
	if _, err := deliver.NewHTTPS(d.URL, root.Pool(), root.Pool(), time.Now, deliver.WithProxy("nonsense")); err == nil {
		t.Error("a proxy without a host is taken")
	}
}

func tunnel(t *testing.T, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		t.Errorf("proxy sees %s", r.Method)
		return
	}
	up, err := net.Dial("tcp", r.Host)
	if err != nil {
		t.Error(err)
		return
	}
	down, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = rw.WriteString("HTTP/1.1 200 OK\r\n\r\n")
	_ = rw.Flush()
	go func() { _, _ = bufio.NewReader(up).WriteTo(down) }()
	go func() { _, _ = rw.WriteTo(up) }()
}

func TestAcknowledge(t *testing.T) {
	root := authority(t, "root")
	s := leaf(t, root, sign.RoleDepot, day(time.Now()))
	intent := []byte(`{"plan":"00","tasks":[]}`)
	d := depot(t, s, s, func(d *fakeDepot, n int, w http.ResponseWriter, r *http.Request) {
		rec := bundle.IntentReceipt{Format: bundle.IntentReceiptFormat, Digest: record.Digest(intent),
			Size: record.Size(len(intent)), Stored: record.At(time.Now()), Depot: "depot-1"}
		if r.URL.Path != "/v1/intents" || r.Method != http.MethodPost {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		if n == 2 {
			rec.Digest = record.Digest(nil)
		}
		d.sign(w, rec)
	})
	h := client(t, d.URL, root.Pool(), root.Pool())
	raw, err := h.Acknowledge(t.Context(), intent)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := sign.VerifyDSSE(raw, sign.PayloadReceipt, root.Pool(), sign.RoleDepot, time.Now()); err != nil {
		t.Errorf("the receipt kept does not verify: %v", err)
	}
	if _, err := h.Acknowledge(t.Context(), intent); !errors.Is(err, deliver.ErrUntrusted) {
		t.Errorf("a receipt for another intent = %v; want ErrUntrusted", err)
	}
	if _, err := h.Acknowledge(t.Context(), []byte(`{"b":1, "a":2}`)); err == nil || d.hits.Load() != 2 {
		t.Errorf("an intent that is not canonical = %v, %d requests", err, d.hits.Load())
	}
}
