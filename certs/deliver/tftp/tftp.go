// Package tftp writes a file to a TFTP server: RFC 1350 with the options of RFC 2347,
// 2348 (block size), 2349 (transfer size) and 7440 (window). It cannot read.
//
// TFTP knows neither secrets nor checksums nor who answers: what goes out must be
// encrypted, and that it arrived is the server's word only.
package tftp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Opcodes of RFC 1350, section 5, and RFC 2347.
const (
	opWrite = 2
	opData  = 3
	opAck   = 4
	opError = 5
	opOAck  = 6
)

// Error codes of RFC 1350 and RFC 2347 that are sent.
const (
	codeTID    = 5
	codeOption = 8
)

// What is asked for; the server may answer less. A block fits an Ethernet frame
// with an IPv6 header.
const (
	blockSize = 1428
	window    = 16
	plain     = 512 // without options (RFC 1350)
)

// Error is the server's no.
type Error struct {
	Code int    // RFC 1350, section 5
	Text string // printable
}

func (e *Error) Error() string { return fmt.Sprintf("tftp server: error %d: %s", e.Code, e.Text) }

// ErrSilent says that the server does not answer (any more).
var ErrSilent = errors.New("tftp server does not answer")

// Client sends to one server.
type Client struct {
	Server string        // host[:port]; 69 without
	Wait   time.Duration // for an answer before something is sent again; 1 s where 0
	Tries  int           // without an answer in between; 6 where 0
}

// Put writes the file. It returns nil when the server acknowledged the last block.
func (c Client) Put(ctx context.Context, name string, data []byte) error {
	if err := c.put(ctx, name, data); err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	return nil
}

func (c Client) put(ctx context.Context, name string, data []byte) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("unsafe file name")
	}
	to, err := c.address(ctx)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	t := &transfer{conn: conn, to: to, data: data, size: plain, window: 1, wait: c.Wait, tries: c.Tries}
	if t.wait <= 0 {
		t.wait = time.Second
	}
	if t.tries <= 0 {
		t.tries = 6
	}
	if err = t.begin(name); err == nil {
		err = t.send()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (c Client) address(ctx context.Context) (*net.UDPAddr, error) {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		host, port = strings.Trim(c.Server, "[]"), "69"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port %q", port)
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	return &net.UDPAddr{IP: ips[0].IP, Zone: ips[0].Zone, Port: int(n)}, nil
}

// transfer is one file on its way.
type transfer struct {
	conn   *net.UDPConn
	to     *net.UDPAddr // the server; its port changes with the first answer
	known  bool         // to is the port of this transfer
	data   []byte
	size   int // of a block
	window int
	wait   time.Duration
	tries  int
}

// begin asks to write and takes the answer: options, or the start of a transfer
// without any.
func (t *transfer) begin(name string) error {
	ask := request(name, len(t.data))
	for range t.tries {
		if _, err := t.conn.WriteToUDP(ask, t.to); err != nil {
			return err
		}
		p, err := t.receive()
		if err != nil {
			return err
		}
		switch {
		case p == nil:
		case p.op == opOAck:
			return t.agree(p.options)
		case p.op == opAck && p.block == 0:
			return nil
		}
	}
	return ErrSilent
}

func request(name string, size int) []byte {
	b := binary.BigEndian.AppendUint16(nil, opWrite)
	for _, s := range []string{name, "octet", "tsize", strconv.Itoa(size),
		"blksize", strconv.Itoa(blockSize), "windowsize", strconv.Itoa(window)} {
		b = append(append(b, s...), 0)
	}
	return b
}

// agree takes the options that the server accepted: none may be more than was asked.
func (t *transfer) agree(options map[string]string) error {
	for name, v := range options {
		n, err := strconv.Atoi(v)
		bad := err != nil
		switch name {
		case "blksize":
			bad = bad || n < 8 || n > blockSize
			t.size = n
		case "windowsize":
			bad = bad || n < 1 || n > window
			t.window = n
		case "tsize":
		default:
			bad = true
		}
		if bad {
			t.refuse(t.to, codeOption)
			return fmt.Errorf("tftp server: option %s=%q was not asked for", name, v)
		}
	}
	return nil
}

// send sends the blocks, a window at a time. A block shorter than the others ends
// the file, an empty one where it must.
func (t *transfer) send() error {
	total := len(t.data)/t.size + 1
	silent := 0
	for done := 0; done < total; {
		last := min(done+t.window, total)
		for n := done + 1; n <= last; n++ {
			if _, err := t.conn.WriteToUDP(t.block(n), t.to); err != nil {
				return err
			}
		}
		n, err := t.acked(done, last)
		if err != nil {
			return err
		}
		if n > done {
			done, silent = n, 0
		} else if silent++; silent >= t.tries {
			return ErrSilent
		}
	}
	return nil
}

// block is the nth, from 1; its number on the wire has 16 bits and goes on with 0.
func (t *transfer) block(n int) []byte {
	b := binary.BigEndian.AppendUint16(nil, opData)
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	from := (n - 1) * t.size
	return append(b, t.data[from:min(from+t.size, len(t.data))]...)
}

// acked waits for a word on the blocks after done up to last, and returns the last
// one that arrived, done itself when nothing was heard in time. The acknowledgement
// of an earlier block is not answered (the Sorcerer's Apprentice, RFC 1123, 4.2.3.1).
func (t *transfer) acked(done, last int) (int, error) {
	for end := time.Now().Add(t.wait); time.Now().Before(end); {
		p, err := t.receive()
		if err != nil {
			return done, err
		}
		if p == nil {
			return done, nil
		}
		for n := done + 1; n <= last && p.op == opAck; n++ {
			if uint16(n) == p.block {
				return n, nil
			}
		}
	}
	return done, nil
}

// refuse tells a stranger, or a server that is out of order, off.
func (t *transfer) refuse(to *net.UDPAddr, code uint16) {
	b := binary.BigEndian.AppendUint16(nil, opError)
	b = binary.BigEndian.AppendUint16(b, code)
	_, _ = t.conn.WriteToUDP(append(b, 0), to) // it may get lost like any other
}

// receive waits for a packet of the server; nil is none in time.
func (t *transfer) receive() (*packet, error) {
	if err := t.conn.SetReadDeadline(time.Now().Add(t.wait)); err != nil {
		return nil, err
	}
	buf := make([]byte, 1024)
	for {
		k, from, err := t.conn.ReadFromUDP(buf)
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if !from.IP.Equal(t.to.IP) || t.known && from.Port != t.to.Port {
			t.refuse(from, codeTID)
			continue
		}
		p, ok := parse(buf[:k])
		if !ok {
			continue // what cannot be read is as good as lost
		}
		if !t.known {
			t.to, t.known = from, true
		}
		if p.op == opError {
			return nil, &Error{p.code, p.text}
		}
		return &p, nil
	}
}

// packet is what a server may send to one who writes.
type packet struct {
	op      uint16
	block   uint16            // opAck
	code    int               // opError
	text    string            // opError
	options map[string]string // opOAck, names in lower case
}

func parse(b []byte) (packet, bool) {
	if len(b) < 4 {
		if len(b) == 2 && binary.BigEndian.Uint16(b) == opOAck {
			return packet{op: opOAck}, true // it accepts no option
		}
		return packet{}, false
	}
	p := packet{op: binary.BigEndian.Uint16(b)}
	switch p.op {
	case opAck:
		p.block = binary.BigEndian.Uint16(b[2:])
		return p, len(b) == 4
	case opError:
		p.code = int(binary.BigEndian.Uint16(b[2:]))
		text, _, _ := strings.Cut(string(b[4:]), "\x00")
		p.text = printable(text)
		return p, true
	case opOAck:
		words := strings.Split(string(b[2:]), "\x00")
		if len(words)%2 != 1 || words[len(words)-1] != "" {
			return p, false
		}
		p.options = map[string]string{}
		for i := 0; i+1 < len(words); i += 2 {
			p.options[strings.ToLower(words[i])] = words[i+1]
		}
		return p, true
	}
	return p, false
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '.'
		}
		return r
	}, s)
}
