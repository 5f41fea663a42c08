package traverse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
)

// patience is the size at which a failed piece is tried again before it is cut
// further: the physical sector of a 512e drive. Below it the drive has to read
// before it writes, and fails on a sector that a whole write would heal. Between
// it and the sector nothing is tried twice: each failing command may cost a drive
// and the kernel's error handling many seconds.
const patience = 4096

// IO moves the bytes of p at off: the ReadAt or WriteAt of a device.
type IO func(p []byte, off int64) (int, error)

// Transfer is one buffer's way to or from the medium and its account.
type Transfer struct {
	ctx     context.Context
	sector  int
	tries   int           // of a piece of 4096 bytes or one sector
	allowed *atomic.Int64 // failing sectors left, shared by all transfers

	good, bad, differ []Range
	first             error // the first error of the device
	fatal             error // a reason to stop the traversal
}

// Move transfers p by do and narrows what fails down to the sector. It stops
// early when the context ends, the device vanishes or too many sectors failed.
// It returns the pieces that were moved, in ascending order.
func (t *Transfer) Move(do IO, p []byte, off int64) []Range {
	t.piece(do, p, off)
	return t.good
}

// Differ notes that [first, end), which was moved, is not what it ought to be.
func (t *Transfer) Differ(first, end int64) {
	t.differ = append(t.differ, Range{first, end})
}

// piece moves p whole or else by halves, and reports whether to go on. A short
// count is not trusted: everything that was not acknowledged whole is moved again.
func (t *Transfer) piece(do IO, p []byte, off int64) bool {
	tries := 1
	if len(p) == patience || len(p) <= t.sector {
		tries = t.tries
	}
	for range tries {
		if t.ctx.Err() != nil {
			return false
		}
		err := attempt(do, p, off)
		if err == nil {
			t.good = append(t.good, Range{off, off + int64(len(p))})
			return true
		}
		if t.first == nil {
			t.first = err
		}
		if vanished(err) {
			t.fatal = fmt.Errorf("%w: %w", ErrVanished, err)
			return false
		}
	}
	if len(p) <= t.sector {
		return t.giveUp(p, off)
	}
	cut := half(len(p), t.sector)
	return t.piece(do, p[:cut], off) && t.piece(do, p[cut:], off+int64(cut))
}

func (t *Transfer) giveUp(p []byte, off int64) bool {
	t.bad = append(t.bad, Range{off, off + int64(len(p))})
	if t.allowed.Add(-1) < 0 {
		t.fatal = ErrTooMany
		return false
	}
	return true
}

// attempt makes one call and turns anything but a whole transfer into an error.
func attempt(do IO, p []byte, off int64) error {
	n, err := do(p, off)
	if n == len(p) && (err == nil || errors.Is(err, io.EOF)) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = fmt.Errorf("%d of %d bytes: %w", n, len(p), io.ErrUnexpectedEOF)
	}
	return err
}

// half is where a piece of n bytes is cut: on a 4096-byte boundary where there
// is one, so that halves of aligned pieces stay aligned, else on a sector.
func half(n, sector int) int {
	unit := sector
	if n > patience && patience%sector == 0 {
		unit = patience
	}
	return max(n/2/unit*unit, unit)
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
