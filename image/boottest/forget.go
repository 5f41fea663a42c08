package boottest

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrHole says that a log does not tell everything: QEMU was killed between two of its
// entries.
var ErrHole = errors.New("the log has a hole")

// Forget makes a drive whose machine was killed lose writes that no flush had followed,
// each for which lose says so: what a write cache may do when the power goes. log is
// that of Drive.Log, before a copy of the image from before the machine was started.
// It returns how many writes were lost. The machine must be gone.
func Forget(log, before, image string, lose func() bool) (lost int, err error) {
	l, err := os.Open(log)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	all, err := ReadLog(l)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, nil
	}
	st, err := l.Stat()
	if err != nil {
		return 0, err
	}
	last := all[len(all)-1]
	end := last.At
	if !last.Discard {
		end += last.Len
	}
	if st.Size() > end {
		return 0, ErrHole
	}
	flushed := 0
	for i, w := range all {
		if w.Discard {
			return 0, fmt.Errorf("%w: a discard", ErrHole)
		}
		if w.Flush {
			flushed = i + 1
		}
	}
	was, err := os.Open(before)
	if err != nil {
		return 0, err
	}
	defer was.Close()
	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// What was written to a place before the flush is written there again after what
	// is lost was taken back, and then what is kept.
	keep := make([]bool, len(all))
	for i := flushed; i < len(all); i++ {
		if keep[i] = !lose(); keep[i] {
			continue
		}
		lost++
		if err := copyAt(f, was, all[i].Off, all[i].Off, all[i].Len); err != nil {
			return lost, err
		}
	}
	for i, w := range all {
		if i >= flushed && !keep[i] || !touched(w, all[flushed:], keep[flushed:]) {
			continue
		}
		if err := copyAt(f, l, w.Off, w.At, w.Len); err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// touched reports whether a write shares a place with one that is lost.
func touched(w Write, later []Write, keep []bool) bool {
	for i, o := range later {
		if !keep[i] && o.Off < w.Off+w.Len && w.Off < o.Off+o.Len {
			return true
		}
	}
	return false
}

func copyAt(to io.WriterAt, from io.ReaderAt, off, at, n int64) error {
	_, err := io.Copy(io.NewOffsetWriter(to, off), io.NewSectionReader(from, at, n))
	return err
}
