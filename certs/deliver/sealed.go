package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"

	"lethe/certs/bundle"
	"lethe/certs/deliver/tftp"
)

// Sealed sends copies of papers, encrypted to the site's public keys (age-encryption
// v1), to a TFTP server: the last resort where neither depot nor stick takes them.
// TFTP proves nothing, so that a copy gives no receipt: Sealed is no [Deliverer]
// and no [Acknowledger], and a paper of which there is a copy is still undelivered.
type Sealed struct {
	client tftp.Client
	to     []age.Recipient
}

// sealedLimit is how long one copy may take.
const sealedLimit = 5 * time.Minute

// NewSealed makes the sender for a server (host[:port]) and at least one recipient,
// an age public key.
func NewSealed(server string, recipients []string) (*Sealed, error) {
	if len(recipients) == 0 {
		return nil, errors.New("encrypted copies: no recipient")
	}
	s := &Sealed{client: tftp.Client{Server: server}}
	for _, r := range recipients {
		to, err := age.ParseRecipients(strings.NewReader(r))
		if err != nil {
			return nil, fmt.Errorf("encrypted copies: recipient %q: %w", r, err)
		}
		s.to = append(s.to, to...)
	}
	return s, nil
}

// Send encrypts the paper and sends it as NAME.age. nil says no more than that the
// server acknowledged the last block.
func (s *Sealed) Send(ctx context.Context, b bundle.Bundle) error {
	if err := b.Validate(); err != nil {
		return fmt.Errorf("send copy: %w", err)
	}
	sealed, err := s.seal(b.PDF)
	if err != nil {
		return fmt.Errorf("send copy of %s: %w", b.Name, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, sealedLimit, errors.New("it takes too long"))
	defer cancel()
	if err := s.client.Put(ctx, b.Name+".age", sealed); err != nil {
		return fmt.Errorf("send copy: %w", err)
	}
	return nil
}

func (s *Sealed) seal(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, s.to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
