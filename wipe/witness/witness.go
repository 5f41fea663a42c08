// Package witness carries ATA commands to a drive and tells each, with the raw answer,
// before it sends the next. It decides nothing.
package witness

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/ata"
)

// ErrVeto is wrapped by every error after an exchange was not taken down. The command
// that was told of was carried out; none was sent since.
var ErrVeto = errors.New("nobody takes down what the drive answers")

// Tell takes an exchange down.
type Tell func(record.Exchange) error

// ATA is an ata.Conn that tells. It is used by one goroutine at a time.
type ATA struct {
	conn ata.Conn
	tell Tell
	veto error
}

// New makes one.
func New(conn ata.Conn, tell Tell) *ATA { return &ATA{conn: conn, tell: tell} }

// Do sends one command and tells of it. Where that fails the error wraps ErrVeto, and so
// does that of every later call, which sends nothing.
func (w *ATA) Do(ctx context.Context, c *ata.Command) (ata.Response, error) {
	if w.veto != nil {
		return ata.Response{}, w.veto
	}
	r, err := w.conn.Do(ctx, c)
	if terr := w.tell(Exchange(c, r, err)); terr != nil {
		w.veto = fmt.Errorf("%w: %w", ErrVeto, terr)
		return r, errors.Join(w.veto, err)
	}
	return r, err
}

// Vetoed is the veto, nil as long as all was taken down.
func (w *ATA) Vetoed() error { return w.veto }

// Exchange spells a command and what came of it: the command block of ATA
// PASS-THROUGH(16), the data that was sent, and the data that came back, or where there
// was none the sense data.
func Exchange(c *ata.Command, r ata.Response, err error) record.Exchange {
	x := record.Exchange{Name: c.Name, Request: hex.EncodeToString(ata.CDB(c)), Status: "ok"}
	if c.Protocol == ata.PIOOut {
		x.Sent = base64.StdEncoding.EncodeToString(c.Data)
	}
	answer := r.Sense
	switch {
	case err != nil:
		x.Status = err.Error()
	case c.Protocol == ata.PIOIn:
		answer = c.Data
	}
	x.Response = base64.StdEncoding.EncodeToString(answer)
	return x
}
