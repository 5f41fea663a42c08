package traverse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// IO moves the bytes of p at off: the ReadAt or WriteAt of a device.
type IO func(p []byte, off int64) (int, error)

// Transfer is one buffer's way to or from the medium and its account.
type Transfer struct {
	ctx    context.Context
	sector int
	tries  int // of a block
	gate   *gate
	budget *budget

	began time.Time // of a first attempt that was made by a Queue; then n and err are its result
	n     int
	err   error

	good, bad, differ []Range
	first             error // the first error of the device
	fatal             error // a reason to stop the traversal
}

// Move transfers p by do and narrows what fails down to the sector. It stops
// early when the context ends, the device vanishes or the errors have used up
// their budget. It returns the pieces that were moved, in ascending order.
func (t *Transfer) Move(do IO, p []byte, off int64) []Range {
	ok := false
	if !t.began.IsZero() {
		ok = t.settle(t.began, p, off, t.n, t.err)
	} else {
		if !t.gate.together(t.ctx) {
			return nil
		}
		ok = t.attempt(do, p, off)
		t.gate.leave(1)
	}
	if ok || t.fatal != nil || !t.gate.alone(t.ctx) {
		return t.good
	}
	defer t.gate.depart()
	t.narrow(do, p, off)
	return t.good
}

// Differ notes that [first, end), which was moved, is not what it ought to be.
func (t *Transfer) Differ(first, end int64) {
	t.differ = append(t.differ, Range{first, end})
}

// attempt makes one call, and notes the pieces that were moved, or the error and
// the time it cost. A short count is not trusted: it is an error, and everything
// that was not acknowledged whole is moved again.
func (t *Transfer) attempt(do IO, p []byte, off int64) bool {
	began := t.budget.now()
	n, err := do(p, off)
	return t.settle(began, p, off, n, err)
}

// settle notes what became of an attempt.
func (t *Transfer) settle(began time.Time, p []byte, off int64, n int, err error) bool {
	if n == len(p) && (err == nil || errors.Is(err, io.EOF)) {
		t.good = append(t.good, Range{off, off + int64(len(p))})
		return true
	}
	t.budget.spent(began)
	if err == nil || errors.Is(err, io.EOF) {
		err = fmt.Errorf("%d of %d bytes: %w", n, len(p), io.ErrUnexpectedEOF)
	}
	if t.first == nil {
		t.first = err
	}
	if vanished(err) {
		t.fatal = fmt.Errorf("%w: %w", ErrVanished, err)
	}
	return false
}

// vanished reports whether err says that no transfer can succeed any more.
func vanished(err error) bool {
	for _, gone := range []error{
		syscall.ENXIO, syscall.ENODEV, syscall.ESHUTDOWN, // removed, or its transport shut down
		syscall.EBADF, os.ErrClosed, // our handle is closed
		syscall.EROFS, syscall.EPERM, // write-protected
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}
