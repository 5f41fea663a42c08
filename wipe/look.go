package wipe

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"lethe/certs/record"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
	"lethe/wipe/verify/sample"
)

// Reader is the exclusive handle of a second look. It has no way to write.
type Reader interface {
	ReadAt(p []byte, off int64) (int, error)
	Size() int64
	LogicalSector() int
	// State reads identity and size on this very handle.
	State(ctx context.Context) (record.Opened, error)
	// Confine takes from the process all that only finding and identifying the drive
	// needs, and says what holds it. State is not asked afterwards.
	Confine() (string, error)
	Close() error
}

// LookOpener opens the drive of a second look for reading only, or says why not.
type LookOpener func(ctx context.Context, s LookSpec) (Reader, error)

// LookSpec is all that the process of a second look is told.
type LookSpec struct {
	Look   record.Looking `json:"look"`
	Node   string         `json:"node"`
	Errors ErrorBudget    `json:"errors"`
	// After asks only who the drive is, once more, on a fresh handle: whoever has read
	// what is on it cannot command it any more.
	After bool `json:"after,omitempty"`
}

// ServeLook is the body of the process of a second look, as ServeWorker is of an
// erase.
func ServeLook(ctx context.Context, in io.Reader, out io.Writer, open LookOpener) error {
	r := bufio.NewReader(in)
	var s LookSpec
	if err := readLine(r, &s); err != nil {
		return fmt.Errorf("read look: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	port := newPipePort(r, out, func(err error) {
		cancel(fmt.Errorf("the supervisor is gone: %w", err))
	})
	return LookAgain(ctx, s, open, port)
}

// LookAgain reads a drive and compares it with what a certificate says it holds. It
// reports every observation, and writes nothing. An error means that the end could
// not be reported.
func LookAgain(ctx context.Context, s LookSpec, open LookOpener, port Port) error {
	err := (&looker{spec: s, port: port}).run(ctx, open)
	switch {
	case err == nil && !s.After:
		return nil // the one that asks the drive again has the last word
	case err == nil:
		return port.Event(record.Event{Ended: &record.Ended{}})
	case errors.Is(err, errSilent):
		return err
	}
	stop := record.Stopped{By: byWorker, Reason: record.StopError, Detail: err.Error()}
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		stop.Reason = record.StopRefused
	case ctx.Err() != nil:
		stop.Reason = record.StopSignal
	}
	return port.Event(record.Event{Stopped: &stop})
}

type looker struct {
	spec  LookSpec
	port  Port
	drive Reader
	seed  []byte
	at    sample.Sample
}

func (l *looker) tell(e record.Event) error {
	if err := l.port.Event(e); err != nil {
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return nil
}

func (l *looker) run(ctx context.Context, open LookOpener) (err error) {
	d, err := open(ctx, l.spec)
	if err != nil {
		return refused(ctx, "open drive", err)
	}
	defer func() {
		if cerr := d.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("close drive: %w", cerr)
		}
	}()
	l.drive = d
	o, err := d.State(ctx)
	if err != nil {
		return refused(ctx, "identify drive", err)
	}
	if l.spec.After {
		return l.tell(record.Event{Closing: &o})
	}
	held, err := d.Confine()
	if err != nil {
		return refused(ctx, "confine reader", err)
	}
	o.Evidence = append(o.Evidence, record.Exchange{Name: "reader's confinement",
		Response: base64.StdEncoding.EncodeToString([]byte(held)), Status: "ok"})
	if err := l.tell(record.Event{Opened: &o}); err != nil {
		return err
	}
	if err := l.admit(o); err != nil {
		return err
	}
	return l.read(ctx, o.Direct)
}

// admit compares the drive on the handle with the certificate's (law 4), and draws
// the places of a sample.
func (l *looker) admit(o record.Opened) error {
	of := l.spec.Look.Of
	switch {
	case !o.Identity.Same(of.Identity):
		return &RefusedError{Why: fmt.Sprintf("the drive is %s, the certificate's is %s", o.Identity, of.Identity)}
	case o.Size != of.Size || o.LogicalSector != of.LogicalSector:
		return &RefusedError{Why: fmt.Sprintf("the drive has %d bytes in sectors of %d, the certificate's %d in sectors of %d", o.Size, o.LogicalSector, of.Size, of.LogicalSector)}
	case l.drive.Size() != int64(o.Size) || int64(l.drive.LogicalSector()) != o.LogicalSector:
		return &RefusedError{Why: fmt.Sprintf("the drive was opened with %d bytes, it now has %d", l.drive.Size(), o.Size)}
	case !o.Exclusive || !o.Direct:
		return &RefusedError{Why: "the drive could not be held exclusively, past the page cache"}
	}
	if l.spec.Look.Check == record.CheckFull {
		return nil
	}
	seed, err := pattern.NewKey() // as many random bytes as a seed has
	if err != nil {
		return err
	}
	percent, _ := record.CheckShare(l.spec.Look.Check)
	if l.at, err = sample.Draw(l.drive.Size(), int64(l.drive.LogicalSector()), percent, seed[:]); err != nil {
		return &RefusedError{Why: "draw the places of the sample: " + err.Error()}
	}
	l.seed = seed[:]
	return l.tell(record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(l.seed)}})
}

// read compares the drive, or the sample of it, with the certificate's last pass.
func (l *looker) read(ctx context.Context, direct bool) error {
	s, err := LookStream(l.spec.Look.Of)
	if err != nil {
		return &RefusedError{Why: err.Error()}
	}
	pass := l.spec.Look.Of.Pass.Pass
	if err := l.tell(record.Event{CheckBegin: &record.CheckBegin{Pass: pass, Method: l.spec.Look.Check,
		Direct: direct, Places: int64(len(l.at.Drawn))}}); err != nil {
		return err
	}
	alive := newBeat(onlyReads{l.drive}, l.port)
	defer alive.stop()
	// A task of no passes: the reading is all of the way.
	w := &work{spec: Spec{Errors: l.spec.Errors}, port: alive, drive: alive, places: l.at}
	tr := w.traversal(ctx, "check", pass)
	var res verify.Result
	if l.seed == nil {
		res, err = verify.Full(tr.ctx, alive, s, w.options(tr))
	} else {
		res, err = verify.Sample(tr.ctx, alive, s, l.at, w.options(tr))
	}
	if err := tr.done(err, verify.ErrIncomplete, verify.ErrMismatch); err != nil {
		return err
	}
	if err := l.tell(record.Event{CheckEnd: checkEnd(pass, res)}); err != nil {
		return err
	}
	if l.seed != nil {
		if err := l.tell(record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(l.seed)}}); err != nil {
			return err
		}
	}
	if res.Stopped != "" {
		return fmt.Errorf("reading: %s", res.Stopped)
	}
	return nil
}

// LookStream is the stream that a certificate says its drive holds: fixed bytes, or
// the parts of the last pass, each under its revealed key.
func LookStream(of record.Certified) (pattern.Stream, error) {
	parts, err := of.Parts()
	if err != nil {
		return nil, err
	}
	var ps []pattern.Piece
	for _, q := range parts {
		spec := pattern.Spec{Kind: of.Pass.What.Pattern, Byte: byte(of.Pass.What.Byte)}
		if spec.Key, err = hex.DecodeString(q.Key); err != nil {
			return nil, fmt.Errorf("read revealed key: %w", err)
		}
		if spec.IV, err = hex.DecodeString(q.IV); err != nil {
			return nil, fmt.Errorf("read revealed IV: %w", err)
		}
		s, err := pattern.New(spec)
		if err != nil {
			return nil, err
		}
		ps = append(ps, pattern.Piece{End: int64(q.Range.End), Stream: s})
	}
	return pattern.Pieces(ps...)
}

// onlyReads is a Reader where a Drive is asked for. Nothing calls the rest.
type onlyReads struct{ Reader }

var errOnlyReads = errors.New("a second look writes nothing")

// WriteAt implements Drive.
func (onlyReads) WriteAt([]byte, int64) (int, error) { return 0, errOnlyReads }

// Flush implements Drive.
func (onlyReads) Flush(context.Context) error { return errOnlyReads }
