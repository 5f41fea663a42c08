package tftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"
)

// server is a small TFTP server that takes one file, written after the RFCs and
// apart from the client.
type server struct {
	main    *net.UDPConn
	options string // of its OACK; "" answers without options
	size    int
	lose    func(n int) bool // whether the nth packet, in or out, gets lost
	got     chan []byte
	asked   chan string
}

func newServer(t *testing.T) *server {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &server{main: c, size: 512, lose: func(int) bool { return false },
		got: make(chan []byte, 1), asked: make(chan string, 100)}
}

func (s *server) serve(t *testing.T) {
	buf := make([]byte, 2048)
	n, from, err := s.main.ReadFromUDP(buf)
	if err != nil {
		return
	}
	s.asked <- string(buf[:n])
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	answer := []byte{0, opAck, 0, 0}
	if s.options != "" {
		answer = append([]byte{0, opOAck}, s.options...)
	}
	count := 0
	send := func(b []byte) {
		if count++; !s.lose(count) {
			_, _ = c.WriteToUDP(b, from)
		}
	}
	send(answer)
	var file []byte
	want, inWindow := uint16(1), 0
	window := 1
	if strings.Contains(s.options, "windowsize") {
		window = 4
	}
	for {
		_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
		n, _, err := c.ReadFromUDP(buf)
		if err != nil {
			return
		}
		if count++; s.lose(count) || binary.BigEndian.Uint16(buf) != opData {
			continue
		}
		ack := func(n uint16) { send(binary.BigEndian.AppendUint16([]byte{0, opAck}, n)) }
		if binary.BigEndian.Uint16(buf[2:]) != want {
			ack(want - 1)
			inWindow = 0
			continue
		}
		file = append(file, buf[4:n]...)
		want++
		inWindow++
		if n-4 < s.size {
			s.lose = func(int) bool { return false }
			ack(want - 1)
			s.got <- file
			return
		}
		if inWindow == window {
			inWindow = 0
			ack(want - 1)
		}
	}
}

func (s *server) client() Client {
	return Client{Server: s.main.LocalAddr().String(), Wait: 50 * time.Millisecond, Tries: 40}
}

func content(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestPut(t *testing.T) {
	all := "tsize\x000\x00blksize\x001024\x00windowsize\x004\x00"
	for name, tt := range map[string]struct {
		options string
		size    int
		bytes   int
		lose    int // one packet in so many
	}{
		"plain":             {"", 512, 5000, 0},
		"empty":             {"", 512, 0, 0},
		"last block empty":  {"", 512, 1024, 0},
		"options":           {all, 1024, 100_000, 0},
		"no option taken":   {"tsize\x005\x00", 512, 5000, 0},
		"more than 65535":   {"blksize\x008\x00windowsize\x004\x00", 8, 66_000 * 8, 0},
		"lossy":             {"", 512, 20_000, 7},
		"lossy with window": {all, 1024, 100_000, 7},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.options, s.size = tt.options, tt.size
			if tt.lose > 0 {
				r := rand.New(rand.NewPCG(2, 3))
				s.lose = func(int) bool { return r.IntN(tt.lose) == 0 }
			}
			go s.serve(t)
			data := content(tt.bytes)
			if err := s.client().Put(t.Context(), "a.age", data); err != nil {
				t.Fatal(err)
			}
			if got := <-s.got; !bytes.Equal(got, data) {
				t.Errorf("%d bytes arrived, not the %d that were sent", len(got), len(data))
			}
			if asked := <-s.asked; !strings.HasPrefix(asked, "\x00\x02a.age\x00octet\x00tsize\x00") {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

func TestPutFails(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		s := newServer(t)
		go func() {
			buf := make([]byte, 2048)
			if _, from, err := s.main.ReadFromUDP(buf); err == nil {
				_, _ = s.main.WriteToUDP([]byte("\x00\x05\x00\x02no \x1b[2Jroom\x00"), from)
			}
		}()
		var e *Error
		if err := s.client().Put(t.Context(), "a", nil); !errors.As(err, &e) || e.Code != 2 || e.Text != "no .[2Jroom" {
			t.Errorf("%v", err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		c := newServer(t).client()
		c.Tries = 2
		if err := c.Put(t.Context(), "a", nil); !errors.Is(err, ErrSilent) {
			t.Errorf("%v", err)
		}
	})
	t.Run("falls silent", func(t *testing.T) {
		s := newServer(t)
		s.lose = func(n int) bool { return n > 5 }
		go s.serve(t)
		c := s.client()
		c.Tries = 3
		if err := c.Put(t.Context(), "a", content(5000)); !errors.Is(err, ErrSilent) {
			t.Errorf("%v", err)
		}
	})
	t.Run("greedy option", func(t *testing.T) {
		s := newServer(t)
		s.options = "blksize\x009000\x00"
		go s.serve(t)
		if err := s.client().Put(t.Context(), "a", nil); err == nil || !strings.Contains(err.Error(), "not asked for") {
			t.Errorf("%v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Millisecond, errors.New("enough"))
		defer cancel()
		if err := newServer(t).client().Put(ctx, "a", nil); err == nil || !strings.Contains(err.Error(), "enough") {
			t.Errorf("%v", err)
		}
	})
	for _, name := range []string{"", "a\x00b", "a b", "ä"} {
		if err := (Client{Server: "127.0.0.1"}).Put(t.Context(), name, nil); err == nil {
			t.Errorf("name %q is taken", name)
		}
	}
}

// Who is not the server of this transfer is told so, and changes nothing.
func TestStranger(t *testing.T) {
	s := newServer(t)
	stranger, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	told := make(chan []byte, 1)
	s.lose = func(n int) bool { return false }
	go func() {
		buf := make([]byte, 2048)
		_, from, err := s.main.ReadFromUDP(buf)
		if err != nil {
			return
		}
		_, _ = s.main.WriteToUDP([]byte{0, opAck, 0, 0}, from)
		_, _ = stranger.WriteToUDP([]byte{0, opError, 0, 0, 0}, from)
		k, _, err := stranger.ReadFromUDP(buf)
		if err == nil {
			told <- bytes.Clone(buf[:k])
		}
		for {
			if _, _, err := s.main.ReadFromUDP(buf); err != nil {
				return
			}
			if buf[1] == opData {
				_, _ = s.main.WriteToUDP([]byte{0, opAck, 0, 1}, from)
				return
			}
		}
	}()
	if err := s.client().Put(t.Context(), "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if b := <-told; len(b) < 4 || b[1] != opError || b[3] != codeTID {
		t.Errorf("stranger was told %v", b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\x00\x06blksize\x001024\x00"))
	f.Add([]byte{0, opAck, 0, 1})
	f.Add([]byte("\x00\x05\x00\x02no room\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := parse(b)
		if ok && p.op != opAck && p.op != opError && p.op != opOAck {
			t.Fatalf("%+v", p)
		}
	})
}
