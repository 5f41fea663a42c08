package devio

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// ReadAt fills p from byte off, straight from the drive. p's address, p's length
// and off must be multiples of the logical sector (O_DIRECT), or the kernel
// answers EINVAL. Interrupted and short reads are carried on; a read that meets
// the end of the drive returns io.EOF with the count before it.
func (h *Handle) ReadAt(p []byte, off int64) (int, error) {
	return h.transfer("read", p, off, unix.Pread, io.EOF)
}

// WriteAt writes p at byte off, past the page cache, under the same rules.
// Interrupted and short writes are carried on until p is written or an error
// ends it; the count says how much of p was taken before that. Writing past the
// end is an error.
func (h *Handle) WriteAt(p []byte, off int64) (int, error) {
	if !h.t.regular {
		return h.transfer("write", p, off, unix.Pwrite, io.ErrShortWrite)
	}
	// The kernel ends a drive at its end, but makes a file longer.
	room := max(h.t.src.Size-off, 0)
	if int64(len(p)) <= room {
		return h.transfer("write", p, off, unix.Pwrite, io.ErrShortWrite)
	}
	n, err := h.transfer("write", p[:room], off, unix.Pwrite, io.ErrShortWrite)
	return n, errors.Join(err, fmt.Errorf("write %s past its end at byte %d: %w", h.t.f.Name(), h.t.src.Size, io.ErrShortWrite))
}

// transfer repeats call until p is done or it fails. os.File would do the same
// but forget the count when an error follows a short transfer. end is the error
// for a call that moves nothing.
func (h *Handle) transfer(what string, p []byte, off int64,
	call func(int, []byte, int64) (int, error), end error) (n int, err error) {
	held := hold(h.t.f, func(fd uintptr) {
		for n < len(p) && err == nil {
			var m int
			m, err = call(int(fd), p[n:], off+int64(n))
			switch {
			case err == unix.EINTR:
				err = nil
			case err == nil && m <= 0:
				err = end
			case err == nil:
				n += m
			}
		}
	})
	if held != nil {
		err = held
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s %s at byte %d: %w", what, h.t.f.Name(), off+int64(n), err)
	}
	return n, err
}
