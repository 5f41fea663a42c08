package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"lethe/certs/bundle/durable"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe"
)

// What lies in the folder of the journals: TASK.jsonl while the task has no paper,
// TASK.issued.jsonl when it has one, TASK.seal.json from the task's end in order
// until its paper is kept, TASK.resume.json while it could be resumed, PLAN.run.json for what the papers of a run need besides.
const (
	journalSuffix = ".jsonl"
	issuedSuffix  = ".issued.jsonl"
	sealSuffix    = ".seal.json"
	runSuffix     = ".run.json"
)

// journal keeps every task's lines in a file of its own as they come, each
// flushed to stable storage before the worker goes on.
type journal struct {
	dir    string
	signer sign.Signer // seals the end of a task
	carry  *carrier    // nil where the folder itself outlives the machine, or nothing does

	mu    sync.Mutex
	files map[string]*journalFile
}

func openJournal(dir string, s sign.Signer) (*journal, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	// The folder's own name must outlive a power cut too.
	if err := durable.SyncDir(filepath.Dir(dir)); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &journal{dir: dir, signer: s, files: map[string]*journalFile{}}, nil
}

// Append implements wipe.Journal.
func (j *journal) Append(_ context.Context, task string, l record.Line) error {
	b, err := record.Marshal(l)
	if err != nil {
		return err
	}
	f, err := j.file(task)
	if err != nil {
		return err
	}
	if err := f.add(b); err != nil {
		return err
	}
	if l.Event.Kept != nil || l.Event.PassEnd != nil {
		// Without it a successor goes on from where the last note says, or not at all.
		_ = j.noteResume(task, f)
	}
	if j.carry != nil && (l.Event.Kept != nil || l.Event.PassEnd != nil || l.Event.Ended != nil || l.Event.Stopped != nil) {
		defer j.carry.later(task)
	}
	if l.Event.Ended == nil {
		return nil
	}
	return writeSeal(j.dir, seal{Format: sealFormat, Task: task, Transcript: f.ref()}, j.signer)
}

// Keep implements wipe.KeyStore: the key lies beside the journal when it returns, and
// where that is in memory, on the stick. A key that got no place there is in no note:
// what the record says of where it was kept stays true.
func (j *journal) Keep(ctx context.Context, task string, k wipe.Key) error {
	f, err := j.file(task)
	if err != nil {
		return err
	}
	f.keys = append(f.keys, k)
	if err := j.noteResume(task, f); err != nil || j.carry == nil {
		return err
	}
	if err = j.carry.now(ctx, task); err != nil {
		f.keys = f.keys[:len(f.keys)-1]
		err = errors.Join(err, j.noteResume(task, f))
	}
	return err
}

func (j *journal) noteResume(task string, f *journalFile) error {
	return writeResume(j.dir, resumeNote{Format: resumeFormat, Task: task, Transcript: f.ref(), Keys: f.keys}, j.signer)
}

// goOn takes up the journal of a task that was cut short, just as it was found, and
// drops what its supervisor had not vouched for.
func (j *journal) goOn(u wipe.Unfinished) error {
	task, want := u.Task().ID, u.Transcript.Bytes()
	name := filepath.Join(j.dir, task+journalSuffix)
	b, err := readPlain(name, maxJournal)
	if err != nil {
		return fmt.Errorf("take up journal %s: %w", task, err)
	}
	note, err := readResume(j.dir, task, j.signer)
	if err != nil {
		return fmt.Errorf("take up journal %s: %w", task, err)
	}
	if !bytes.HasPrefix(b, want) || note.Transcript != u.Transcript.Ref() {
		return fmt.Errorf("take up journal %s: it was changed meanwhile", task)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|openPlain, 0)
	if err != nil {
		return fmt.Errorf("take up journal: %w", err)
	}
	if err := errors.Join(f.Truncate(int64(len(want))), f.Sync()); err != nil {
		return errors.Join(fmt.Errorf("take up journal: %w", err), f.Close())
	}
	ref := u.Transcript.Ref()
	jf := &journalFile{file: f, lines: ref.Lines, size: ref.Bytes, sum: sha256.New(), head: ref.Head, keys: u.Keys}
	jf.sum.Write(want)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.files[task] = jf
	return nil
}

// file is the task's own file; a task's lines come one at a time.
func (j *journal) file(task string) (*journalFile, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if f := j.files[task]; f != nil {
		return f, nil
	}
	name := filepath.Join(j.dir, task+journalSuffix)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := durable.SyncDir(j.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), f.Close())
	}
	j.files[task] = &journalFile{file: f, sum: sha256.New()}
	return j.files[task], nil
}

// Close closes all files; every line was flushed already.
func (j *journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for _, f := range j.files {
		errs = append(errs, f.file.Close())
	}
	return errors.Join(errs...)
}

// journalFile is one task's lines on the medium.
type journalFile struct {
	file  *os.File
	lines int64
	size  int64
	sum   hash.Hash
	head  record.Hex
	keys  []wipe.Key
	lost  error // why a line was not kept: those after it would not follow
}

func (f *journalFile) add(line []byte) error {
	if f.lost != nil {
		return fmt.Errorf("an earlier line was not kept: %w", f.lost)
	}
	if f.lost = f.write(append(line, '\n')); f.lost != nil {
		return f.lost
	}
	f.lines, f.head = f.lines+1, record.Digest(line)
	return nil
}

func (f *journalFile) write(b []byte) error {
	if _, err := f.file.Write(b); err != nil {
		// Half a line at most is left if this fails as well; it is read as torn.
		return errors.Join(fmt.Errorf("write journal: %w", err), f.file.Truncate(f.size))
	}
	if err := f.file.Sync(); err != nil {
		return fmt.Errorf("flush journal: %w", err)
	}
	f.size += int64(len(b))
	f.sum.Write(b)
	return nil
}

// ref is what a record would say of the lines so far.
func (f *journalFile) ref() record.TranscriptRef {
	return record.TranscriptRef{Lines: f.lines, Bytes: f.size, SHA256: hex.EncodeToString(f.sum.Sum(nil)), Head: f.head}
}

// markIssued notes that the task's paper is kept: it is never issued again, even if
// the paper is taken out of the folder.
func markIssued(dir, task string) error {
	err := os.Rename(filepath.Join(dir, task+journalSuffix), filepath.Join(dir, task+issuedSuffix))
	if err != nil {
		return fmt.Errorf("mark journal %s as issued: %w", task, err)
	}
	for _, suffix := range []string{sealSuffix, resumeSuffix} {
		if err := os.Remove(filepath.Join(dir, task+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("mark journal %s as issued: %w", task, err)
		}
	}
	return durable.SyncDir(dir)
}
