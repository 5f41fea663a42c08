package syslog

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.UTC)

func TestFormat(t *testing.T) {
	got := string(Format(Message{Warning, noon, " drive \n<0>1 forged\x1b[2J "}, "rack 1", "lethe"))
	want := "<132>1 2026-11-24T12:00:00.123456Z rack1 lethe - - - \ufeffdrive  <0>1 forged [2J"
	if got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	long := Format(Message{Info, noon, strings.Repeat("ä", 600)}, "", "")
	if !utf8.Valid(long) || len(long) > maxText+60 || !strings.Contains(string(long), "Z - - - - - ") {
		t.Errorf("%d bytes: %.80q", len(long), long)
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("text\n", "host")
	f.Fuzz(func(t *testing.T, text, host string) {
		b := Format(Message{Info, noon, text}, host, "lethe")
		if !utf8.Valid(b) || strings.ContainsAny(string(b), "\n\r\x00\x1b") {
			t.Fatalf("%q", b)
		}
	})
}

func start(t *testing.T, o Options) (*Sender, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	o.Host, o.App = "h", "lethe"
	s, err := New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, cancel
}

func TestUDP(t *testing.T) {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, _ := start(t, Options{Scheme: "udp", Address: c.LocalAddr().String()})
	s.Send(Message{Info, noon, "hello"})
	buf := make([]byte, 2048)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, _, err := c.ReadFromUDP(buf)
	if err != nil || !strings.HasSuffix(string(buf[:n]), "\ufeffhello") {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

// next reads one octet-counted message.
func next(r *bufio.Reader) (string, error) {
	var n int
	if _, err := fmt.Fscanf(r, "%d ", &n); err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return string(b), err
}

// The server is away at first: what was said meanwhile arrives, in order; and what
// waits when the machine ends still goes out.
func TestTCPLate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s, cancel := start(t, Options{Scheme: "tcp", Address: addr})
	s.Send(Message{Info, noon, "one"})
	s.Send(Message{Info, noon, "two"})
	time.Sleep(100 * time.Millisecond)
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for _, want := range []string{"one", "two"} {
		if got, err := next(r); err != nil || !strings.HasSuffix(got, want) {
			t.Fatalf("%q, %v; want %s", got, err, want)
		}
	}
	s.Send(Message{Info, noon, "end"})
	cancel()
	if got, err := next(r); err != nil || !strings.HasSuffix(got, "end") {
		t.Errorf("%q, %v", got, err)
	}
	<-s.Ended()
}

// A full queue loses lines; it does not stop who speaks.
func TestNeverBlocks(t *testing.T) {
	s, _ := start(t, Options{Scheme: "tcp", Address: "127.0.0.1:1"})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3 * queueLen {
			s.Send(Message{Info, noon, "x"})
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("Send blocks")
	}
	if s.lost.Load() == 0 {
		t.Error("nothing is counted as lost")
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "log"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// mutant: syslog.go: RootCAs: s.o.Roots, => InsecureSkipVerify: true,
func TestTLS(t *testing.T) {
	cert, roots := selfSigned(t)
	_, others := selfSigned(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if m, err := next(bufio.NewReader(c)); err == nil {
				got <- m
			}
			c.Close()
		}
	}()
	wrong, cancel := start(t, Options{Scheme: "tls", Address: l.Addr().String(), Roots: others})
	wrong.Send(Message{Info, noon, "secret"})
	time.Sleep(300 * time.Millisecond)
	cancel()
	<-wrong.Ended()
	right, _ := start(t, Options{Scheme: "tls", Address: l.Addr().String(), Roots: roots})
	right.Send(Message{Info, noon, "hello"})
	if m := <-got; !strings.HasSuffix(m, "hello") {
		t.Errorf("the wrong server was told %q", m)
	}
	if _, err := New(t.Context(), Options{Scheme: "tls", Address: "x:1"}); err == nil {
		t.Error("TLS without a root is taken")
	}
}
