// Package durable writes small files that are, after a power cut, either wholly
// there under their name or not there at all.
//
// The order of calls is the promise: create a temporary file in the same
// directory, write, fsync the file, close, rename it onto its name, fsync the
// directory. A name that can be seen therefore always has its whole content.
// Whoever is killed in between leaves a file that begins with TempPrefix, which
// Sweep removes.
//
// What this cannot help: a drive that acknowledges a flush and does not do it.
package durable

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// TempPrefix begins the name of every file that is not finished.
const TempPrefix = ".tmp-"

// filePerm is the mode of a new file, less the umask. It is given at creation
// and never changed: FAT refuses a chmod to it.
const filePerm = 0o640

// Staged is content that is on the medium but has no name yet.
type Staged struct {
	dir  string
	path string
}

// Stage writes data to a temporary file of dir and flushes it. On any error
// nothing is left behind.
func Stage(dir string, data []byte) (*Staged, error) { return stage(dir, data, filePerm) }

// StagePrivate is Stage for what only the owner may read.
func StagePrivate(dir string, data []byte) (*Staged, error) { return stage(dir, data, 0o600) }

func stage(dir string, data []byte, perm os.FileMode) (*Staged, error) {
	path := filepath.Join(dir, TempPrefix+rand.Text())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("stage: %w", err), os.Remove(path))
	}
	return &Staged{dir: dir, path: path}, nil
}

// Commit gives the content its name and flushes the directory. A file that has
// the name already is left alone and the error is fs.ErrExist.
func (s *Staged) Commit(name string) error {
	if err := renameNew(s.path, filepath.Join(s.dir, name)); err != nil {
		return fmt.Errorf("commit %s: %w", name, err)
	}
	return SyncDir(s.dir)
}

// Replace is Commit, but takes the place of a file that has the name already.
func (s *Staged) Replace(name string) error {
	if err := os.Rename(s.path, filepath.Join(s.dir, name)); err != nil {
		return fmt.Errorf("replace %s: %w", name, err)
	}
	return SyncDir(s.dir)
}

// Discard removes the content if it was never named. It is meant for defer.
func (s *Staged) Discard() { _ = os.Remove(s.path) }

// Write stages data and commits it under name, which must be new.
func Write(dir, name string, data []byte) error {
	s, err := Stage(dir, data)
	if err != nil {
		return err
	}
	defer s.Discard()
	return s.Commit(name)
}

// SyncDir flushes the names of a directory.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

// Sweep removes what killed writers left in dir. Only the owner of the lock may
// call it: it would take the file from under a writer at work.
func Sweep(dir string) error {
	names, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, n := range names {
		if !strings.HasPrefix(n.Name(), TempPrefix) {
			continue
		}
		err := os.Remove(filepath.Join(dir, n.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

// Full reports whether err says that the medium or the quota is used up.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
