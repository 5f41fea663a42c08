package wipe

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/wipe/pattern"
)

// passes carries out what is left of the passes, and then the read-back.
func (w *work) passes(ctx context.Context) error {
	n, first, err := w.place(ctx)
	if err != nil {
		return err
	}
	for of := int64(len(w.spec.Task.Passes)); n <= of && first < w.drive.Size(); n++ {
		if err := w.pass(ctx, n, first); err != nil {
			return err
		}
		if n < of {
			w.parts = nil
		}
		first = 0
	}
	return w.check(ctx)
}

// place is where the task begins, or goes on.
func (w *work) place(ctx context.Context) (pass, first int64, err error) {
	r := w.spec.Resume
	if r == nil {
		return 1, 0, nil
	}
	pass, first = r.Pass, int64(r.From)
	if pass < 1 || pass > int64(len(w.spec.Task.Passes)) || r.From > record.Size(w.drive.Size()) {
		return 0, 0, fmt.Errorf("resume pass %d at byte %d: there is no such place", pass, r.From)
	}
	for _, k := range r.Keys {
		w.keys = append(w.keys, record.Reveal(k))
	}
	if err := w.earlier(pass, r.Parts); err != nil {
		return 0, 0, fmt.Errorf("resume pass %d: %w", pass, err)
	}
	if n := len(w.parts); n > 0 && w.parts[n-1].End != first || n == 0 && first > 0 {
		return 0, 0, fmt.Errorf("resume pass %d at byte %d: its parts do not reach that far", pass, first)
	}
	if first == 0 || first == w.drive.Size() {
		return pass, first, nil // there is nothing to go on from, or all of it is read back
	}
	return w.recheck(ctx, pass, first)
}

// earlier makes the streams of what was written of the pass before.
func (w *work) earlier(pass int64, parts []Part) error {
	what, at := w.spec.Task.Passes[pass-1], record.Size(0)
	for _, p := range parts {
		spec := pattern.Spec{Kind: what.Pattern, Byte: byte(what.Byte)}
		if p.Range.First != at || (p.Key != nil) != (what.Pattern == record.PatternStream) {
			return errors.New("its parts do not fit")
		}
		if p.Key != nil {
			var kerr, verr error
			spec.Key, kerr = hex.DecodeString(p.Key.Key)
			spec.IV, verr = hex.DecodeString(p.Key.IV)
			if err := errors.Join(kerr, verr); err != nil {
				return err
			}
			w.keys = append(w.keys, record.Reveal(*p.Key))
		}
		s, err := pattern.New(spec)
		if err != nil {
			return err
		}
		w.parts = append(w.parts, pattern.Piece{End: int64(p.Range.End), Stream: s})
		at = p.Range.End
	}
	return nil
}

// recheck reads the end of what was kept again before the pass goes on there: a drive
// that forgot it may have forgotten more, and the pass begins anew.
func (w *work) recheck(ctx context.Context, pass, first int64) (int64, int64, error) {
	s, err := pattern.Pieces(w.parts...)
	if err != nil {
		return 0, 0, err
	}
	r := w.readBack(ctx, pass, s, max(0, first-maxReadBack), first)
	if r == nil {
		return 0, 0, fmt.Errorf("read back what was kept: %w", context.Cause(ctx))
	}
	if err := w.tell(record.Event{Rechecked: r}); err != nil {
		return 0, 0, err
	}
	if r.Equal() {
		return pass, first, nil
	}
	w.parts = nil
	w.keys = w.keys[:len(w.spec.Resume.Keys)] // those of the pass stand for nothing any more
	return pass, 0, nil
}
