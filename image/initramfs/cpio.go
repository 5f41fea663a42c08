// Package initramfs writes the archives that the kernel unpacks as its first
// root file system (Documentation/driver-api/early-userspace/buffer-format.rst).
//
// An image is several archives one after the other, each compressed for itself:
// what seldom changes is compressed once and kept, and a later archive replaces
// the files of an earlier one. All output is a function of the input alone:
// entries are sorted, times are 0, the owner is root.
package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// File is one entry. Its type is in Mode: a directory, a symbolic link (to
// Link) or a regular file (of Data); other types are refused.
type File struct {
	Path string // relative, slash separated, e.g. etc/lethe/site.json
	Mode fs.FileMode
	Data []byte
	Link string
}

// ErrPath is returned for a path that is empty, absolute after cleaning, or
// leaves the root.
var ErrPath = errors.New("path is not inside the archive")

// Archive is a set of files; the zero value is empty and ready.
type Archive struct {
	files map[string]File
}

// Add puts files in. A path may be given once; a leading slash is ignored.
func (a *Archive) Add(files ...File) error {
	if a.files == nil {
		a.files = map[string]File{}
	}
	for _, f := range files {
		p := strings.TrimPrefix(f.Path, "/")
		if !fs.ValidPath(p) || p == "." || strings.ContainsRune(p, 0) {
			return fmt.Errorf("add %q: %w", f.Path, ErrPath)
		}
		if _, dup := a.files[p]; dup {
			return fmt.Errorf("add %s: already there", p)
		}
		if t := f.Mode.Type(); t != 0 && t != fs.ModeDir && t != fs.ModeSymlink {
			return fmt.Errorf("add %s: type %v is not supported", p, t)
		}
		f.Path = p
		a.files[p] = f
	}
	return nil
}

// WriteTo writes the archive in the newc format of cpio(5), uncompressed. The
// directories above each file are added with mode 0755 where they are missing.
func (a *Archive) WriteTo(w io.Writer) (int64, error) {
	cw := &writer{w: w}
	all := a.withParents()
	for i, p := range slices.Sorted(maps.Keys(all)) {
		if err := cw.entry(all[p], i+1); err != nil {
			return cw.n, fmt.Errorf("write %s: %w", p, err)
		}
	}
	return cw.n, cw.trailer()
}

// Bytes returns what WriteTo writes.
func (a *Archive) Bytes() ([]byte, error) {
	var b bytes.Buffer
	_, err := a.WriteTo(&b)
	return b.Bytes(), err
}

func (a *Archive) withParents() map[string]File {
	all := maps.Clone(a.files)
	for p := range a.files {
		for d := path.Dir(p); d != "."; d = path.Dir(d) {
			if _, ok := all[d]; !ok {
				all[d] = File{Path: d, Mode: fs.ModeDir | 0o755}
			}
		}
	}
	return all
}

type writer struct {
	w io.Writer
	n int64
}

// Unix file types, <sys/stat.h>.
const (
	sIFDIR = 0o040000
	sIFREG = 0o100000
	sIFLNK = 0o120000
)

func (w *writer) entry(f File, ino int) error {
	mode, nlink, data := uint32(f.Mode.Perm()), 1, f.Data
	switch f.Mode.Type() {
	case fs.ModeDir:
		mode, nlink, data = mode|sIFDIR, 2, nil
	case fs.ModeSymlink:
		mode, data = sIFLNK|0o777, []byte(f.Link)
	default:
		mode |= sIFREG
	}
	return w.record(f.Path, ino, mode, nlink, data)
}

func (w *writer) trailer() error { return w.record("TRAILER!!!", 0, 0, 1, nil) }

// record writes header, name and data, each padded to 4 bytes: magic, ino,
// mode, uid, gid, nlink, mtime, size, dev and rdev (major, minor), name size
// with its NUL, check.
func (w *writer) record(name string, ino int, mode uint32, nlink int, data []byte) error {
	if int64(len(data)) > 1<<32-1 {
		return errors.New("file is larger than newc can say (4 GiB)")
	}
	hdr := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		ino, mode, 0, 0, nlink, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
	if err := w.padded([]byte(hdr)); err != nil {
		return err
	}
	return w.padded(data)
}

func (w *writer) padded(b []byte) error {
	n, err := w.w.Write(b)
	w.n += int64(n)
	if err != nil {
		return err
	}
	n, err = w.w.Write(make([]byte, -w.n&3))
	w.n += int64(n)
	return err
}
