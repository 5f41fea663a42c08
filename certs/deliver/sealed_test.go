package deliver

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"filippo.io/age"

	"lethe/certs/bundle"
)

// takeOne is a TFTP server without options that takes one file.
func takeOne(t *testing.T) (addr string, got chan []byte, name chan string) {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	got, name = make(chan []byte, 1), make(chan string, 1)
	go func() {
		buf := make([]byte, 2048)
		var file []byte
		for {
			n, from, err := c.ReadFromUDP(buf)
			if err != nil {
				return
			}
			block := []byte{0, 0}
			if buf[1] == 2 {
				asked, _, _ := strings.Cut(string(buf[2:n]), "\x00")
				name <- asked
			} else {
				copy(block, buf[2:4])
				if int(binary.BigEndian.Uint16(block)) == len(file)/512+1 {
					file = append(file, buf[4:n]...)
				}
			}
			_, _ = c.WriteToUDP(append([]byte{0, 4}, block...), from)
			if buf[1] == 3 && n < 516 {
				got <- file
				return
			}
		}
	}()
	return c.LocalAddr().String(), got, name
}

// What leaves the machine can be read by the site only, and is the paper.
//
// mutant: sealed.go: sealed, err := s.seal(b.PDF) => sealed, err := b.PDF, error(nil)
func TestSealedCopy(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	addr, got, name := takeOne(t)
	s, err := NewSealed(addr, []string{id.Recipient().String()})
	if err != nil {
		t.Fatal(err)
	}
	b := bundle.Bundle{Name: "LETHE-1.pdf", PDF: bytes.Repeat([]byte("%PDF secret serial number "), 100)}
	if err := s.Send(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if n := <-name; n != "LETHE-1.pdf.age" {
		t.Errorf("name %q", n)
	}
	sent := <-got
	if bytes.Contains(sent, []byte("secret")) {
		t.Error("it went out in the clear")
	}
	r, err := age.Decrypt(bytes.NewReader(sent), id)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(plain, b.PDF) {
		t.Errorf("decrypted to %d bytes, %v", len(plain), err)
	}
}

// A copy must never be taken for a delivery or an acknowledgement.
func TestSealedIsNoDelivery(t *testing.T) {
	var s any = &Sealed{}
	if _, ok := s.(Deliverer); ok {
		t.Error("it is a Deliverer")
	}
	if _, ok := s.(Acknowledger); ok {
		t.Error("it is an Acknowledger")
	}
}

func TestNewSealedRefuses(t *testing.T) {
	for _, to := range [][]string{nil, {""}, {"age1xyz"}, {"ssh-ed25519 AAAA"}} {
		if _, err := NewSealed("h", to); err == nil {
			t.Errorf("recipients %q are taken", to)
		}
	}
}
