// Package depottest has what the depot's tests share: real papers, a real identity
// and an archive that judges by the real check.
package depottest

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/issue"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/identity"
)

// Serials are the drives of the order that all papers are issued under.
var Serials = []string{"S1", "S2", "S3"}

// Kit is the papers' side and the depot's side. They have a root each: the papers
// are of one fixed day, the depot is of today.
type Kit struct {
	Desk   *checktest.Desk
	Root   *sign.Authority // the depot's
	Signer sign.Signer     // the depot's, for 127.0.0.1 and localhost

	mu     sync.Mutex
	judged map[record.Hex]judgement
}

type judgement struct {
	finding archive.Finding
	err     error
}

// Check is the real check, made once for each content: it is a pure function, and
// costs a second under the race detector.
func (k *Kit) Check(pdf []byte) (archive.Finding, error) {
	d := record.Digest(pdf)
	k.mu.Lock()
	j, ok := k.judged[d]
	k.mu.Unlock()
	if !ok {
		j.finding, j.err = archive.Judge{Options: check.Options{Roots: k.Roots()}}.Check(pdf)
		k.mu.Lock()
		k.judged[d] = j
		k.mu.Unlock()
	}
	return j.finding, j.err
}

// New makes keys.
func New(t testing.TB, serials ...string) *Kit {
	t.Helper()
	if len(serials) == 0 {
		serials = Serials
	}
	k := &Kit{Desk: checktest.NewDesk(t, serials...), judged: map[record.Hex]judgement{}}
	var err error
	if k.Root, err = sign.NewAuthority("Depot Root", sign.Lasting(time.Now(), 48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	k.Signer = k.Leaf(t, sign.Lasting(time.Now(), 24*time.Hour))
	return k
}

// Leaf issues a depot key.
func (k *Kit) Leaf(t testing.TB, v sign.Validity) sign.Signer {
	t.Helper()
	s, err := k.Root.Leaf(sign.RoleDepot, "depot-1", v, "127.0.0.1", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Roots trusts both sides.
func (k *Kit) Roots() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(k.Desk.Root.Certificate())
	p.AddCert(k.Root.Certificate())
	return p
}

// Config is an archive in dir.
func (k *Kit) Config(t testing.TB, dir string) archive.Config {
	t.Helper()
	id, err := identity.New(k.Signer, k.Roots(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return archive.Config{Dir: dir, Name: "depot-1", Seal: id, Now: time.Now,
		Check:  k,
		Report: func(err error) { t.Logf("archive reports: %v", err) }}
}

// Open opens an archive and closes it after the test.
func (k *Kit) Open(t testing.TB, dir string) *archive.Archive {
	t.Helper()
	a, err := archive.Open(k.Config(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() }) // some tests have closed it
	return a
}

// Certificate issues the paper of a whole erase.
func (k *Kit) Certificate(t testing.TB, serial string) issue.Paper {
	t.Helper()
	return k.paper(t, serial, false, 0)
}

// Reissued is Certificate for the same record, issued again a minute later: just as
// authentic, and another file.
func (k *Kit) Reissued(t testing.TB, serial string) issue.Paper {
	t.Helper()
	return k.paper(t, serial, false, time.Minute)
}

// Notice issues the paper of an erase whose read-back never came to its end.
func (k *Kit) Notice(t testing.TB, serial string) issue.Paper {
	t.Helper()
	return k.paper(t, serial, true, 0)
}

func (k *Kit) paper(t testing.TB, serial string, broken bool, later time.Duration) issue.Paper {
	t.Helper()
	cut := func(e record.Event) *record.Event {
		if broken && (e.CheckEnd != nil || e.Reveal != nil) {
			return nil
		}
		return &e
	}
	run := checktest.Run(t, checktest.Task(checktest.Device(serial), k.Desk.Profile, k.Desk.Ref(t)), cut)
	c := checktest.Context(false)
	c.Issued = record.At(c.Issued.Add(later))
	return k.Desk.Paper(t, run, c)
}

// Summary issues the summary of papers.
func (k *Kit) Summary(t testing.TB, papers ...issue.Paper) issue.Paper {
	t.Helper()
	return k.Desk.Summary(t, "SUM-1", checktest.Context(false), papers...)
}

// Plain is a check that takes every file whose first line is an id. It serves tests
// of keeping many papers at once: the real check costs a tenth of a second each, ten
// times that under the race detector.
type Plain struct{ Checks atomic.Int64 }

// Check counts.
func (p *Plain) Check(pdf []byte) (archive.Finding, error) {
	p.Checks.Add(1)
	id, _, ok := bytes.Cut(pdf, []byte("\n"))
	if !ok {
		return archive.Finding{}, &archive.Refusal{Reason: "plain: no id"}
	}
	return archive.Finding{ID: string(id), Kind: record.KindCertificate, State: record.Cleared}, nil
}

// PlainPaper is what Plain takes.
func PlainPaper(i int) []byte { return fmt.Appendf(nil, "plain-%03d\nand a page", i) }

// Write puts keys and roots into dir: depot.pem, depot.key, root.pem.
func (k *Kit) Write(t testing.TB, dir string) {
	t.Helper()
	err := sign.WriteSigner(filepath.Join(dir, "depot.key"), filepath.Join(dir, "depot.pem"), k.Signer)
	if err != nil {
		t.Fatal(err)
	}
	roots := sign.EncodeCertificates(k.Desk.Root.Certificate(), k.Root.Certificate())
	if err := os.WriteFile(filepath.Join(dir, "root.pem"), roots, 0o644); err != nil {
		t.Fatal(err)
	}
}
