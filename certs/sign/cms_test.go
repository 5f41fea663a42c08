package sign_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"lethe/certs/sign"
)

func digest(b []byte) []byte { d := sha256.Sum256(b); return d[:] }

func TestCMSRoundTrip(t *testing.T) {
	a := authority(t, "root")
	s := leaf(t, a, sign.RoleRecord)
	doc := []byte("a document")
	cms, err := sign.SignCMS(digest(doc), s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sign.VerifyCMS(cms, digest(doc), a.Pool(), sign.RoleRecord, now)
	if err != nil || !got.Equal(s.Chain()[0]) {
		t.Fatalf("VerifyCMS() = %v, %v; want the leaf", got, err)
	}
	again, err := sign.SignCMS(digest(doc), s)
	if err != nil || !bytes.Equal(again, cms) {
		t.Errorf("SignCMS() twice gave different bytes (%v)", err)
	}
	t.Logf("CMS is %d bytes", len(cms))
}

// TestCMSAgainstOthers lets two independent verifiers judge what we write.
func TestCMSAgainstOthers(t *testing.T) {
	a := authority(t, "root")
	doc := []byte("a document\n")
	cms, err := sign.SignCMS(digest(doc), leaf(t, a, sign.RoleRecord))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pkcs7.Parse(cms)
	if err != nil {
		t.Fatal(err)
	}
	p.Content = doc
	if err := p.VerifyWithChainAtTime(a.Pool(), now); err != nil {
		t.Errorf("pkcs7: %v", err)
	}
	p.Content = []byte("another")
	if err := p.VerifyWithChainAtTime(a.Pool(), now); err == nil {
		t.Error("pkcs7 accepted another document")
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{
		"doc": doc, "cms": cms, "other": []byte("another"), "root": sign.EncodeCertificates(a.Certificate()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(content string) error {
		c := exec.Command("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "cms",
			"-content", content, "-CAfile", "root", "-attime", "1795510800", "-out", "/dev/null")
		c.Dir = dir
		out, err := c.CombinedOutput()
		t.Logf("openssl: %s", bytes.TrimSpace(out))
		return err
	}
	if now.Unix() != 1795510800 {
		t.Fatalf("now = %d", now.Unix())
	}
	if err := verify("doc"); err != nil {
		t.Errorf("openssl refused our CMS: %v", err)
	}
	if err := verify("other"); err == nil {
		t.Error("openssl accepted another document")
	}
}

// TestCMSEveryBit goes red when VerifyCMS no longer compares the whole encoding.
//
// mutant: cmsverify.go: if !bytes.Equal(encodeCMS(chain, digest, sig), cms) { => if false {
func TestCMSEveryBit(t *testing.T) {
	a := authority(t, "root")
	d := digest([]byte("a document"))
	cms, err := sign.SignCMS(d, leaf(t, a, sign.RoleRecord))
	if err != nil {
		t.Fatal(err)
	}
	pool := a.Pool()
	var next, accepted atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			b := bytes.Clone(cms)
			for i := next.Add(1) - 1; i < int64(8*len(b)); i = next.Add(1) - 1 {
				b[i/8] ^= 1 << (i % 8)
				if _, err := sign.VerifyCMS(b, d, pool, sign.RoleRecord, now); err == nil {
					accepted.Add(1)
				}
				b[i/8] ^= 1 << (i % 8)
			}
		})
	}
	wg.Wait()
	if n := accepted.Load(); n != 0 {
		t.Errorf("%d of %d flips of one bit accepted", n, 8*len(cms))
	}
	t.Logf("%d flips of one bit, all of a %d-byte CMS, refused", 8*len(cms), len(cms))
}

func TestCMSRefuses(t *testing.T) {
	a, b := authority(t, "root"), authority(t, "root")
	s := leaf(t, a, sign.RoleRecord)
	d := digest([]byte("a document"))
	cms, err := sign.SignCMS(d, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sign.SignCMS(d, leaf(t, a, sign.RoleOrder)); !errors.Is(err, sign.ErrRole) {
		t.Errorf("SignCMS() by an approver = %v; want ErrRole", err)
	}
	for _, c := range []struct {
		name string
		err  error
		run  func() error
	}{
		{"another document", sign.ErrSignature, func() error {
			_, err := sign.VerifyCMS(cms, digest([]byte("x")), a.Pool(), sign.RoleRecord, now)
			return err
		}},
		{"another root", sign.ErrUntrusted, func() error {
			_, err := sign.VerifyCMS(cms, d, b.Pool(), sign.RoleRecord, now)
			return err
		}},
		{"another role", sign.ErrRole, func() error {
			_, err := sign.VerifyCMS(cms, d, a.Pool(), sign.RoleOrder, now)
			return err
		}},
		{"after the leaf's end", sign.ErrUntrusted, func() error {
			_, err := sign.VerifyCMS(cms, d, a.Pool(), sign.RoleRecord, now.Add(2*time.Hour))
			return err
		}},
		{"no roots", sign.ErrNoRoots, func() error {
			_, err := sign.VerifyCMS(cms, d, nil, sign.RoleRecord, now)
			return err
		}},
		{"no time", sign.ErrNoTime, func() error {
			_, err := sign.VerifyCMS(cms, d, a.Pool(), sign.RoleRecord, time.Time{})
			return err
		}},
		{"bytes after", sign.ErrMalformed, func() error {
			_, err := sign.VerifyCMS(append(bytes.Clone(cms), 0), d, a.Pool(), sign.RoleRecord, now)
			return err
		}},
	} {
		if err := c.run(); !errors.Is(err, c.err) {
			t.Errorf("%s: VerifyCMS() = %v; want %v", c.name, err, c.err)
		}
	}
}

func FuzzVerifyCMS(f *testing.F) {
	a := authority(f, "root")
	d := digest([]byte("a document"))
	cms, err := sign.SignCMS(d, leaf(f, a, sign.RoleRecord))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cms)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := sign.VerifyCMS(b, d, a.Pool(), sign.RoleRecord, now); err == nil && !bytes.Equal(b, cms) {
			t.Error("a CMS that was never signed is accepted")
		}
	})
}
