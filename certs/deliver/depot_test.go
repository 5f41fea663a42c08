package deliver_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// quick makes the client's waits fit a test.
var quick = deliver.Limits{Dial: 2 * time.Second, TLS: 2 * time.Second, Header: 2 * time.Second,
	Try: 3 * time.Second, First: time.Millisecond, Most: 5 * time.Millisecond}

func authority(t *testing.T, name string) *sign.Authority {
	t.Helper()
	a, err := sign.NewAuthority(name, sign.Lasting(time.Now(), 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func leaf(t *testing.T, a *sign.Authority, r sign.Role, v sign.Validity) sign.Signer {
	t.Helper()
	var hosts []string
	if r == sign.RoleDepot {
		hosts = []string{"127.0.0.1"}
	}
	s, err := a.Leaf(r, "depot-1", v, hosts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fakeDepot answers as told and counts.
type fakeDepot struct {
	*httptest.Server
	signer sign.Signer
	hits   atomic.Int64
}

// depot starts a TLS server whose certificate is of tlsBy and whose receipts are
// signed by signer. answer decides on the nth request, 1-based.
func depot(t *testing.T, endpoint, signer sign.Signer, answer func(d *fakeDepot, n int, w http.ResponseWriter, r *http.Request)) *fakeDepot {
	t.Helper()
	d := &fakeDepot{signer: signer}
	d.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(d, int(d.hits.Add(1)), w, r)
	}))
	d.TLS = &tls.Config{Certificates: []tls.Certificate{{PrivateKey: endpoint,
		Certificate: [][]byte{endpoint.Chain()[0].Raw}}}}
	d.Config.ErrorLog = nil
	d.StartTLS()
	t.Cleanup(d.Close)
	return d
}

// receipt is an honest answer, which change may spoil before it is signed.
func (d *fakeDepot) receipt(w http.ResponseWriter, r *http.Request, change func(*bundle.Receipt)) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	rec := bundle.Receipt{Format: bundle.ReceiptFormat, Digest: record.Digest(body), Size: record.Size(len(body)),
		Stored: record.At(time.Now()), Depot: "depot-1", ID: "r1", Kind: record.KindCertificate, State: record.Cleared}
	if change != nil {
		change(&rec)
	}
	d.sign(w, rec)
}

func (d *fakeDepot) sign(w http.ResponseWriter, v any) {
	payload, err := record.Marshal(v)
	if err == nil {
		payload, err = sign.SignDSSE(sign.PayloadReceipt, payload, d.signer)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(payload) // the client reports what it misses
}

func honest(d *fakeDepot, _ int, w http.ResponseWriter, r *http.Request) { d.receipt(w, r, nil) }

func client(t *testing.T, url string, roots, receipts *x509.CertPool, opts ...deliver.Option) *deliver.HTTPS {
	t.Helper()
	h, err := deliver.NewHTTPS(url, roots, receipts, time.Now, append([]deliver.Option{deliver.WithLimits(quick)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var paper = bundle.Bundle{Name: "r1.pdf", PDF: []byte("%PDF-1.7 a paper")}

// events collects.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) add(v deliver.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch v := v.(type) {
	case deliver.Attempt:
		e.all = append(e.all, fmt.Sprint("attempt ", v.N))
	case deliver.Waiting:
		e.all = append(e.all, fmt.Sprint("waiting ", v.N))
	case deliver.Refused:
		e.all = append(e.all, "refused")
	case deliver.Delivered:
		e.all = append(e.all, fmt.Sprint("delivered ", v.Tries))
	}
}

func shortly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
