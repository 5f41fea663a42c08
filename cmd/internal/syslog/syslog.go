// Package syslog sends the engineers' log to the site's log server: RFC 5424 over
// UDP (RFC 5426), TCP with octet counting (RFC 6587) or TLS (RFC 5425).
//
// It never holds anybody up: lines wait in a bounded queue, and what finds it full
// is lost and counted. It prints nothing.
package syslog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Severity of RFC 5424, 6.2.1.
type Severity int

// The severities that are used.
const (
	Critical Severity = 2
	Err      Severity = 3
	Warning  Severity = 4
	Info     Severity = 6
	Debug    Severity = 7
)

// facility is local0: the log of a program that is none of the system's own.
const facility = 16

// Message is one line.
type Message struct {
	Severity Severity
	At       time.Time
	Text     string
}

// maxText bounds a line in bytes; a UDP datagram must not be cut into fragments
// that a relay drops (RFC 5424, 6.1).
const maxText = 1024

// Format writes a message as of RFC 5424, 6, without framing. host and app lose what
// their fields do not take.
func Format(m Message, host, app string) []byte {
	// NILVALUE for process, message id and structured data; the byte order mark says
	// that the text is UTF-8.
	return fmt.Appendf(nil, "<%d>1 %s %s %s - - - \ufeff%s", facility*8+int(m.Severity),
		m.At.UTC().Format("2006-01-02T15:04:05.000000Z"), field(host, 255), field(app, 48), clean(m.Text))
}

// field keeps printable ASCII; "-" is none.
func field(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// clean makes one line of the text: what a drive calls itself must not write lines
// of its own into a log.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(s), "?"))
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// Options say where to.
type Options struct {
	Scheme  string         // udp, tcp or tls
	Address string         // host:port
	Roots   *x509.CertPool // of tls; the system's are never used
	Host    string         // of this machine
	App     string
}

// queueLen is how many lines wait; a boot says some hundred.
const queueLen = 1000

// Times of the sender.
const (
	dialLimit  = 10 * time.Second
	writeLimit = 10 * time.Second
	retryAfter = 5 * time.Second
	atEnd      = 2 * time.Second
)

// Sender sends in the background. Make one with New.
type Sender struct {
	o     Options
	queue chan Message
	lost  atomic.Int64
	conn  net.Conn
	ended chan struct{}
}

// New starts a sender; it works until ctx ends, and sends then what still waits,
// for two seconds at most.
func New(ctx context.Context, o Options) (*Sender, error) {
	switch o.Scheme {
	case "udp", "tcp":
	case "tls":
		if o.Roots == nil || o.Roots.Equal(x509.NewCertPool()) {
			return nil, errors.New("syslog over TLS: no root to check the server by")
		}
	default:
		return nil, fmt.Errorf("syslog: scheme %q", o.Scheme)
	}
	s := &Sender{o: o, queue: make(chan Message, queueLen), ended: make(chan struct{})}
	go s.run(ctx)
	return s, nil
}

// Send queues a line and returns at once.
func (s *Sender) Send(m Message) {
	select {
	case s.queue <- m:
	default:
		s.lost.Add(1)
	}
}

// Ended is closed when nothing more is sent.
func (s *Sender) Ended() <-chan struct{} { return s.ended }

func (s *Sender) run(ctx context.Context) {
	defer close(s.ended)
	defer s.drop()
	for {
		select {
		case <-ctx.Done():
			s.last()
			return
		case m := <-s.queue:
			for !s.write(context.WithoutCancel(ctx), m) {
				select {
				case <-ctx.Done():
					s.last()
					return
				case <-time.After(retryAfter):
				}
			}
			s.tellLost(ctx)
		}
	}
}

// last empties the queue once, without trying again.
func (s *Sender) last() {
	ctx, cancel := context.WithTimeout(context.Background(), atEnd)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case m := <-s.queue:
			if !s.write(ctx, m) {
				return
			}
		default:
			return
		}
	}
}

// tellLost says how many lines did not fit.
func (s *Sender) tellLost(ctx context.Context) {
	if n := s.lost.Swap(0); n > 0 {
		m := Message{Severity: Warning, At: time.Now(), Text: strconv.FormatInt(n, 10) + " lines were lost: the log server was away too long"}
		if !s.write(ctx, m) {
			s.lost.Add(n)
		}
	}
}

// write sends one line, dialling where need be. UDP never knows of a failure but
// for a missing network.
func (s *Sender) write(ctx context.Context, m Message) bool {
	if s.conn == nil {
		var err error
		if s.conn, err = s.dial(ctx); err != nil {
			s.conn = nil
			return false
		}
	}
	line := Format(m, s.o.Host, s.o.App)
	if s.o.Scheme != "udp" {
		line = append(fmt.Appendf(nil, "%d ", len(line)), line...) // octet counting
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	if err == nil {
		_, err = s.conn.Write(line)
	}
	if err != nil {
		s.drop()
	}
	return err == nil
}

func (s *Sender) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: dialLimit}
	if s.o.Scheme == "tls" {
		t := tls.Dialer{NetDialer: &d, Config: &tls.Config{RootCAs: s.o.Roots, MinVersion: tls.VersionTLS12}}
		ctx, cancel := context.WithTimeout(ctx, dialLimit)
		defer cancel()
		return t.DialContext(ctx, "tcp", s.o.Address)
	}
	c, err := d.DialContext(ctx, s.o.Scheme, s.o.Address)
	if err == nil && s.o.Scheme == "tcp" {
		go s.watch(c)
	}
	return c, err
}

// watch reads, so that a server that closed is noticed before lines vanish in the
// buffer of a dead connection.
func (s *Sender) watch(c net.Conn) {
	var b [64]byte
	for {
		if _, err := c.Read(b[:]); err != nil {
			c.Close()
			return
		}
	}
}

func (s *Sender) drop() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}
