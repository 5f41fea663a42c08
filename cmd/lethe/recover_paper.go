package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"lethe/certs/bundle"
	"lethe/certs/check"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// maxPaper is more than a paper can be, in bytes.
const maxPaper = 4 * maxJournal

// hasPaper reports whether the task's paper is in the folder. The error is of a
// journal that cannot get its paper since something else has the name, which is
// nobody's to remove but its owner's.
func (r *recovery) hasPaper(task string) (bool, error) {
	if !bundle.ValidID(task) {
		return false, nil
	}
	name := filepath.Join(r.papers, task+".pdf")
	b, err := readPlain(name, maxPaper)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = r.isPaper(b, task)
	}
	if err != nil {
		return false, ofTask("%s has the name of its paper and is not its paper (%v): keep that file elsewhere", name, err)
	}
	return true, nil
}

// isPaper is nil for the paper of the task. With roots it must hold in every step.
// Without them nobody's signature can be held against anything, and what the paper
// says of itself has to do: who may write here could as well remove the journal.
func (r *recovery) isPaper(b []byte, task string) error {
	id, err := statedID(b)
	if r.roots != nil {
		rep := check.Check(b, check.Options{Roots: r.roots})
		if id, err = rep.RecordID, nil; !rep.OK() {
			err = fmt.Errorf("%s does not hold", rep.Failed())
		}
	}
	if err == nil && id != task {
		err = fmt.Errorf("it is that of %s", id)
	}
	return err
}

// statedID is the task of which a file says that it is the paper.
func statedID(b []byte) (string, error) {
	doc, err := pdf.Read(b)
	if err != nil {
		return "", err
	}
	raw, err := sign.UnverifiedPayload(doc.Attachments[pdf.AttachRecord], sign.PayloadRecord)
	if err != nil {
		return "", err
	}
	var rec record.Record
	if err := record.Unmarshal(raw, &rec); err != nil {
		return "", err
	}
	return rec.ID, nil
}

// readPlain reads a file of at most limit bytes that is neither a link nor anything
// that would make us wait.
func readPlain(name string, limit int64) ([]byte, error) {
	if st, err := os.Lstat(name); err != nil {
		return nil, unwrapPath(err)
	} else if !st.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	f, err := os.OpenFile(name, os.O_RDONLY|openPlain, 0)
	if err != nil {
		return nil, unwrapPath(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, unwrapPath(err)
	}
	if int64(len(b)) > limit {
		return nil, errors.New("it is longer than a paper can be")
	}
	return b, nil
}
