package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"lethe/certs/check/checktest"
	"lethe/certs/deliver"
	"lethe/certs/issue"
	"lethe/certs/marker"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/inventory"
)

// shelf is a depot that has these papers and lists them as kind says.
func shelf(t *testing.T, kind string, papers ...issue.Paper) (d *deliver.HTTPS) {
	t.Helper()
	var list []map[string]any
	byDigest := map[string][]byte{}
	for _, p := range papers {
		list = append(list, map[string]any{"digest": record.Digest(p.PDF), "id": p.ID, "kind": kind,
			"serial": p.Record.Device.Identity.Serial, "size": len(p.PDF), "more": "than we ask"})
		byDigest["/v1/papers/"+record.Digest(p.PDF)] = p.PDF
	}
	root, err := sign.NewAuthority("depot root", sign.Lasting(time.Now(), time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Leaf(sign.RoleDepot, "depot", sign.Lasting(time.Now(), time.Hour), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch pdf := byDigest[r.URL.Path]; {
		case r.Method == http.MethodGet && pdf != nil:
			_, _ = w.Write(pdf)
		case r.Method == http.MethodGet && r.URL.Path == "/v1/papers" && kind != "":
			_ = json.NewEncoder(w).Encode(list)
		default:
			http.NotFound(w, r)
		}
	}))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{PrivateKey: leaf, Certificate: [][]byte{leaf.Chain()[0].Raw}}}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	if d, err = deliver.NewHTTPS(srv.URL, root.Pool(), root.Pool(), time.Now, deliver.WithPatience()); err != nil {
		t.Fatal(err)
	}
	return d
}

// The booted agent finds what its order has led to before in the depot and on the
// stick, and believes only certificates of this very order that hold.
//
// mutant: bootreplay.go: if d, ok := replay.Paper(p.PDF, ref, roots); ok { => if d, ok := replay.Paper(p.PDF, ref, roots); !ok {
// mutant: bootreplay.go: return l.Kind == record.KindCertificate && => return l.Kind == "" &&
// mutant: bootreplay.go: if b.stick != nil { => if false {
func TestBootEarlier(t *testing.T) {
	desk, other := checktest.NewDesk(t, "S1", "S2", "S3"), checktest.NewDesk(t, "S1", "S2", "S3")
	paper := func(d *checktest.Desk, serial string, spoil ...func(record.Event) *record.Event) issue.Paper {
		return d.Paper(t, checktest.Run(t, checktest.Task(checktest.Device(serial), d.Profile, d.Ref(t)), spoil...), checktest.Context(false))
	}
	failed := func(e record.Event) *record.Event {
		if e.PassEnd != nil {
			e.PassEnd.Failed = []record.Range{{First: 512, End: 1024}}
		}
		return &e
	}
	s1 := paper(desk, "S1")
	look := func(depot *deliver.HTTPS, s *stick, roots *x509.CertPool) (found []string) {
		t.Helper()
		b := &boot{log: logrus.New(), depot: depot, stick: s}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		done, err := b.earlier(ctx, desk.Order, *desk.Ref(t), roots)
		if err != nil {
			t.Error(err)
		}
		for _, d := range done {
			found = append(found, d.Identity.Serial)
		}
		return found
	}
	want := func(what string, got []string, want ...string) {
		t.Helper()
		if len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("%s: found %q, want %q", what, got, want)
		}
	}
	roots := desk.Root.Pool()
	want("depot", look(shelf(t, "certificate", s1), nil, roots), "S1")
	want("a lying depot", look(shelf(t, "certificate", paper(desk, "S2", failed), paper(other, "S1")), nil, roots))
	want("notices are not asked for", look(shelf(t, "notice", s1), nil, roots))
	want("strangers", look(shelf(t, "certificate", s1), nil, other.Root.Pool()))
	want("no list", look(shelf(t, ""), nil, roots))
	want("nowhere", look(nil, nil, roots))

	k := newSigners(t)
	p := plug(t, "S-1", 8<<20)
	p.put(marker.Path, k.marker(t, "S-1", time.Now().Add(time.Hour)))
	p.put(filepath.Join(marker.Papers, s1.Name), s1.PDF)
	s := newStick(t, k, p.dev)
	if err := s.take([]inventory.Device{p.dev}); err != nil {
		t.Fatal(err)
	}
	want("stick", look(nil, s, roots), "S1")
	want("both, once", look(shelf(t, "certificate", s1), s, roots), "S1")
}
