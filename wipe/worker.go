package wipe

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/wipe/overwrite"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
	"lethe/wipe/verify/sample"
)

// Drive is the exclusive handle a worker works on.
type Drive interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Flush(ctx context.Context) error
	Size() int64
	LogicalSector() int
	// State reads identity and size again, on this very handle.
	State(ctx context.Context) (record.Opened, error)
	Close() error
}

// Opener opens the drive of a task exclusively, or says why not.
type Opener func(ctx context.Context, s Spec) (Drive, error)

// Port is where a worker says what it saw. Event returns only when the
// supervisor has written the line down; its error vetoes whatever comes next.
type Port interface {
	Event(e record.Event) error
	Progress(p Progress)
}

// Progress is how far a task is, for people only: nothing is judged by it.
type Progress struct {
	Phase string `json:"phase"` // "write" or "check"; see Act
	Pass  int64  `json:"pass"`
	Of    int64  `json:"of"`
	Done  int64  `json:"done"`           // bytes of this traversal
	Total int64  `json:"total"`          // bytes of the drive
	Part  int64  `json:"part,omitempty"` // bytes of the read-back, where it is a sample
	// Act is the drive's own command that is under way, in the phases "plant", "command"
	// and "look".
	Act record.Act `json:"act,omitempty"`
	// Allow is how long the command under way may take by the drive's own word, in
	// nanoseconds, before silence counts as a stall: 0 for reads and writes.
	Allow time.Duration `json:"allow,omitempty"`
	// Zones is how fast the drive reads at its places, where that was measured.
	Zones Zones `json:"zones,omitzero"`
}

// errSilent says that the supervisor no longer takes lines: the worker must
// stop at once, since nothing it does would be on record.
var errSilent = errors.New("nobody takes down what is done")

// Work carries out one task on one drive and reports every observation. It
// returns nil when the task ran through or its early end is on the transcript;
// an error means that the end could not be reported.
func Work(ctx context.Context, s Spec, open Opener, port Port) error {
	w := &work{spec: s, port: port}
	w.vault, _ = port.(Vault)
	err := w.run(ctx, open)
	switch {
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
	case errors.Is(err, errGone):
		stop.Reason = record.StopGone
	case ctx.Err() != nil:
		stop.Reason = record.StopSignal
	}
	return port.Event(record.Event{Stopped: &stop})
}

// RefusedError says that a guard on the open handle refused before anything was done.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

// refused makes a refusal of a failed attempt to begin, unless it failed because
// somebody stopped the task.
func refused(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return &RefusedError{Why: what + ": " + err.Error()}
}

type work struct {
	spec  Spec
	port  Port
	vault Vault // nil where nobody keeps keys
	drive Drive
	keys  []record.Reveal
	parts []pattern.Piece // of the pass that is written, or was last
	// The seed of a sampled read-back and the places it gives; nil and empty where
	// every byte is read back.
	seed   []byte
	places sample.Sample
	rested func() time.Duration // how long the drive was let cool
	lanes  []int64              // where the drive's parts begin that it reaches independently, but the first
}

// laned is a Drive that can say that it reaches parts of its medium independently of
// each other, such as one with two actuators: the offsets where they begin, but the
// first, ascending.
type laned interface {
	Lanes() []int64
}

// tell reports one observation; a supervisor that does not take it ends the work.
func (w *work) tell(e record.Event) error {
	if err := w.port.Event(e); err != nil {
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return nil
}

func (w *work) run(ctx context.Context, open Opener) (err error) {
	d, err := open(ctx, w.spec)
	if err != nil {
		return refused(ctx, "open drive", err)
	}
	beat := newBeat(d, w.port)
	defer beat.stop()
	w.drive, w.port = beat, beat
	defer func() {
		if cerr := d.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("close drive: %w", cerr)
		}
	}()
	defer func() { // on the open handle
		if err != nil && !errors.Is(err, errSilent) && ctx.Err() == nil && vanished(d) {
			err = fmt.Errorf("%w: %w", errGone, err)
		}
	}()
	if err := w.admit(ctx); err != nil {
		return err
	}
	if l, ok := d.(laned); ok {
		w.lanes = l.Lanes()
	}
	// A question between two steps of a drive's own command could undo it, and one that
	// waits behind it ends in a reset.
	cooler := &cooler{beat: beat, ctx: ctx, stop: func() {}}
	if len(w.spec.Task.Acts) == 0 {
		cooler = cool(ctx, beat)
	}
	defer cooler.stop()
	w.drive, w.rested = cooler, cooler.rested
	if len(w.spec.Task.Acts) > 0 {
		// The drive times its own commands.
	} else if z := w.zones(ctx, cooler); z.known() {
		w.port.Progress(Progress{Phase: "write", Pass: 1, Of: int64(len(w.spec.Task.Passes)), Total: w.drive.Size(), Zones: z})
	}
	if len(w.spec.Task.Acts) > 0 {
		err = w.native(ctx, d)
	} else {
		err = w.passes(ctx)
	}
	if err != nil {
		return err
	}
	for i := range w.keys {
		if err := w.tell(record.Event{Reveal: &w.keys[i]}); err != nil {
			return err
		}
	}
	if err := w.revealSeed(); err != nil {
		return err
	}
	after, err := d.State(ctx)
	if err != nil {
		return fmt.Errorf("identify drive again: %w", err)
	}
	return w.tell(record.Event{Closing: &after})
}

// admit identifies the drive on the exclusive handle and compares it with the
// plan (law 4), then has the intent acknowledged (law 8).
func (w *work) admit(ctx context.Context) error {
	o, err := w.drive.State(ctx)
	if err != nil {
		return refused(ctx, "identify drive", err)
	}
	if err := w.tell(record.Event{Opened: &o}); err != nil {
		return err
	}
	d := w.spec.Task.Device
	switch {
	case !o.Identity.Same(d.Identity):
		return &RefusedError{Why: fmt.Sprintf("the drive is %s, planned was %s", o.Identity, d.Identity)}
	case o.Size != d.Size:
		return &RefusedError{Why: fmt.Sprintf("the drive has %d bytes, planned were %d", o.Size, d.Size)}
	case !o.Exclusive:
		return &RefusedError{Why: "the drive could not be held exclusively"}
	case !o.Direct:
		return &RefusedError{Why: "the drive could not be opened past the page cache: nothing could be shown"}
	case w.drive.Size() != int64(o.Size) || int64(w.drive.LogicalSector()) != o.LogicalSector:
		return &RefusedError{Why: fmt.Sprintf("the drive was opened with %d bytes in sectors of %d, it now has %d in sectors of %d",
			w.drive.Size(), w.drive.LogicalSector(), o.Size, o.LogicalSector)}
	case o.LogicalSector != d.LogicalSector:
		return &RefusedError{Why: fmt.Sprintf("the drive's sectors have %d bytes, planned were %d", o.LogicalSector, d.LogicalSector)}
	}
	technique := record.Overwrite
	if n := len(w.spec.Task.Acts); n > 0 {
		technique = w.spec.Task.Acts[n-1].Technique()
		err = w.drawSeed()
	} else {
		err = w.commitSeed()
	}
	if err != nil {
		return err
	}
	return w.tell(record.Event{Intent: &record.Intent{Technique: technique, Range: record.Range{End: o.Size}}})
}

// Vault keeps the key of a pass for whoever resumes the task.
type Vault interface {
	// Keep returns when the key is kept. Its error vetoes nothing: the task cannot be
	// resumed, that is all.
	Keep(k Key) error
}

// keep hands a key over, before anything is written under it, and reports whether it
// was kept.
func (w *work) keep(k Key) bool {
	return w.spec.KeepEvery > 0 && w.vault != nil && w.vault.Keep(k) == nil
}

// stream makes the stream of pass n. A fresh key is committed before it is used.
func (w *work) stream(n int64) (pattern.Stream, error) {
	p := w.spec.Task.Passes[n-1]
	spec := pattern.Spec{Kind: p.Pattern, Byte: byte(p.Byte)}
	if p.Pattern == record.PatternStream {
		key, err := pattern.NewKey()
		if err != nil {
			return nil, err
		}
		iv := make([]byte, pattern.KeySize)
		spec.Key, spec.IV = key[:], iv
		w.keys = append(w.keys, record.Reveal{Pass: n, Key: hex.EncodeToString(key[:]), IV: hex.EncodeToString(iv)})
		stored := w.keep(Key{Pass: n, Key: hex.EncodeToString(key[:]), IV: hex.EncodeToString(iv)})
		if err := w.tell(record.Event{Commit: &record.Commit{
			Pass: n, Cipher: p.Pattern, Commitment: pattern.Commitment(key[:], iv), Stored: stored}}); err != nil {
			return nil, err
		}
	}
	return pattern.New(spec)
}

// pass writes pass n from byte first on.
func (w *work) pass(ctx context.Context, n, first int64) error {
	s, err := w.stream(n)
	if err != nil {
		return err
	}
	size := w.drive.Size()
	w.parts = append(w.parts, pattern.Piece{End: size, Stream: s})
	of := int64(len(w.spec.Task.Passes))
	if err := w.tell(record.Event{PassBegin: &record.PassBegin{
		Pass: n, Of: of, What: w.spec.Task.Passes[n-1], Range: record.Range{First: record.Size(first), End: record.Size(size)}}}); err != nil {
		return err
	}
	tr := w.traversal(ctx, "write", n)
	o := w.options(tr)
	o.First = first
	var c *sure
	if w.spec.KeepEvery > 0 {
		c = newSure(tr.ctx, tr, s, first, w.spec.KeepEvery)
		o.Through = c.through
	}
	res, err := overwrite.Run(tr.ctx, w.drive, s, o)
	if c != nil {
		c.end()
	}
	if err := tr.done(err, overwrite.ErrIncomplete); err != nil {
		return err
	}
	end := passEnd(ctx, n, res)
	if c != nil && c.failed != nil {
		end.Flushed, end.FlushError = false, c.failed.Error()
	}
	if err := w.tell(record.Event{PassEnd: end}); err != nil {
		return err
	}
	if end.Stopped != "" {
		return fmt.Errorf("pass %d: %s", n, end.Stopped)
	}
	return nil
}

// check reads back the whole drive, or the sample that the task asks for, and compares it
// with what the last pass wrote, all parts of it.
func (w *work) check(ctx context.Context) error {
	n := int64(len(w.spec.Task.Passes))
	s, err := pattern.Pieces(w.parts...)
	if err != nil {
		return err
	}
	o, err := w.drive.State(ctx)
	if err != nil {
		return fmt.Errorf("identify drive before read-back: %w", err)
	}
	if err := w.tell(record.Event{CheckBegin: &record.CheckBegin{Pass: n, Method: w.method(),
		Direct: o.Direct, Places: int64(len(w.places.Drawn))}}); err != nil {
		return err
	}
	tr := w.traversal(ctx, "check", n)
	var res verify.Result
	if w.seed == nil {
		res, err = verify.Full(tr.ctx, w.drive, s, w.options(tr))
	} else {
		res, err = verify.Sample(tr.ctx, w.drive, s, w.places, w.options(tr))
	}
	if err := tr.done(err, verify.ErrIncomplete, verify.ErrMismatch); err != nil {
		return err
	}
	if err := w.tell(record.Event{CheckEnd: checkEnd(n, res)}); err != nil {
		return err
	}
	if res.Stopped != "" {
		return fmt.Errorf("read-back: %s", res.Stopped)
	}
	return nil
}
