package erasescsi

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/scsi"
	"lethe/wipe"
)

// Progress is how far an erase is, by the drive's own word.
type Progress struct {
	Done  int64         // of 65536; -1 where the drive does not say
	Left  time.Duration // by the progress so far; -1 where nothing can be told
	Ended bool          // see the package comment
}

// Clock is the time an eraser lives in.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error // until d has passed, or ctx ends
}

// ErrVeto is wrapped by what is returned after Tell refused an exchange. Nothing was
// sent since.
var ErrVeto = errors.New("nobody takes down what the drive answers")

// voice is a channel to the drive that tells everything. The first command that gets no
// answer, or is not taken down, is the last one it sends.
type voice struct {
	conn scsi.Conn
	step string
	tell wipe.Tell
	err  error // why nothing more is sent
}

// Do sends one command and tells what came of it.
func (v *voice) Do(ctx context.Context, c *scsi.Command) (scsi.Response, error) {
	if v.err != nil {
		return scsi.Response{}, v.err
	}
	r, err := v.conn.Do(ctx, c)
	if err != nil {
		v.err = fmt.Errorf("%s: %w", c.Name, err)
	}
	if terr := v.tell(v.step, exchange(c, r, err)); terr != nil {
		v.err = fmt.Errorf("%w: %w", ErrVeto, terr)
	}
	return r, v.err
}

// exchange spells what was sent and what came back: the data, or sense data where there
// was none. What a READ returned is left out: it may be somebody's.
func exchange(c *scsi.Command, r scsi.Response, err error) record.Exchange {
	x := record.Exchange{Name: c.Name, Request: hex.EncodeToString(c.CDB), Status: "ok"}
	if c.Dir == scsi.ToDevice {
		x.Sent = base64.StdEncoding.EncodeToString(c.Data)
	}
	if err == nil {
		err = r.Err(c)
	}
	answer := r.Sense
	switch {
	case err != nil:
		x.Status = err.Error()
	case c.CDB[0] == opRead:
	case c.Dir == scsi.FromDevice && r.Received >= 0 && r.Received <= len(c.Data):
		answer = c.Data[:r.Received]
	}
	x.Response = base64.StdEncoding.EncodeToString(answer)
	return x
}

// opRead is READ(16).
const opRead = 0x88

// Wall is the clock of the machine.
type Wall struct{}

// Now is the time of day.
func (Wall) Now() time.Time { return time.Now() }

// Sleep waits.
func (Wall) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
