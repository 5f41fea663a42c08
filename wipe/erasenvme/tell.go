package erasenvme

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/nvme"
)

// Tell takes down one command and its raw answer. Its error vetoes every command that
// would follow.
type Tell func(record.Exchange) error

// ErrVetoed says that what was done could not be taken down, so that nothing more is.
var ErrVetoed = errors.New("nobody takes down what is done")

// teller is a Conn that tells. quiet keeps one answer back, see Poll.
type teller struct {
	conn   nvme.Conn
	tell   Tell
	vetoed error
	quiet  func(data []byte, r nvme.Response, err error) bool
}

// Do carries out one command and tells of it.
func (t *teller) Do(ctx context.Context, c *nvme.Command) (nvme.Response, error) {
	if t.vetoed != nil {
		return nvme.Response{}, t.vetoed
	}
	r, err := t.conn.Do(ctx, c)
	if t.quiet != nil && t.quiet(c.Data, r, err) {
		return r, err
	}
	x := record.Exchange{Name: "NVMe " + c.Name, Request: c.Text(), Status: "ok"}
	what := err
	if what == nil {
		what = r.Err(c)
	}
	switch {
	case what != nil:
		x.Status = what.Error()
	case c.Dir == nvme.FromDevice:
		x.Response = base64.StdEncoding.EncodeToString(c.Data)
	}
	if terr := t.tell(x); terr != nil {
		t.vetoed = fmt.Errorf("%w: %w", ErrVetoed, terr)
		return r, errors.Join(err, t.vetoed)
	}
	return r, err
}
