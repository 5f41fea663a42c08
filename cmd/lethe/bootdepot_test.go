package main

import (
	"bytes"
	"context"
	"encoding/pem"
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

	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/image/site"
)

// buffer is a console that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A depot in trouble, or a stranger in its place, takes no paper: it stays in the
// spool, tries go on, and the screen says what to do.
//
// mutant: bootadvice.go: if n < 3 || => if n < 30 ||
func TestDepotTroubleKeepsPapers(t *testing.T) {
	depot := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, "no space left on device")
	}))
	defer depot.Close()
	depot.Config.ErrorLog = nil
	trust := func(raw []byte) string {
		name := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	root := testRoot(t)
	for name, tt := range map[string]struct{ ca, want string }{
		"depot answers 500": {trust(depot.Certificate().Raw), "no space left on device"},
		"wrong certificate": {root, "depot is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			out := &buffer{}
			b := &boot{log: logrus.New(), env: cli.Env{Stdout: out, Stderr: out},
				state: sysinit.State{Net: &sysinit.Net{}, Site: site.Site{Depot: depot.URL, DepotCA: tt.ca, Trust: []string{root}}}}
			b.log.SetOutput(out)
			roots, err := b.roots()
			if err != nil {
				t.Fatal(err)
			}
			if err := b.connect(roots); err != nil {
				t.Fatal(err)
			}
			s := onePending(t)
			ctx, cancel := context.WithCancel(t.Context())
			made := make(chan struct{})
			close(made)
			ended := make(chan error, 1)
			go func() { ended <- b.deliverAll(ctx, s, made) }()
			for end := time.Now().Add(20 * time.Second); !strings.Contains(out.String(), "WHAT TO DO"); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("no advice; said:\n%s", out)
				}
			}
			cancel()
			if err := <-ended; err == nil {
				t.Error("delivered?")
			}
			if left, err := s.Pending(); err != nil || len(left) != 1 {
				t.Errorf("pending %v, %v", left, err)
			}
			if !strings.Contains(out.String(), tt.want) {
				t.Errorf("said nothing of %q:\n%s", tt.want, out)
			}
		})
	}
}

// testRoot is a root that nothing here leads to.
func testRoot(t *testing.T) string {
	t.Helper()
	a, err := sign.NewAuthority("Root", sign.Lasting(time.Now(), time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(name, sign.EncodeCertificates(a.Certificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Advice is given at the third try, then seldom, but at once when the trouble is
// another.
//
// mutant: bootadvice.go: && text == a.last { => && a.last != "" {
func TestAdviser(t *testing.T) {
	var a adviser
	for _, s := range []struct {
		n    int
		text string
		want bool
	}{{1, "x", false}, {2, "x", false}, {3, "x", true}, {4, "x", false}, {5, "y", true}, {6, "y", false}, {1, "x", false}, {19, "y", false}, {20, "y", true}} {
		if got := a.due(s.n, s.text); got != s.want {
			t.Errorf("try %d, %s: %t", s.n, s.text, got)
		}
	}
}
