package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/wipe"
)

// TASK.resume.json is there from before the first byte of a pass is written until the
// task has its paper.
const (
	resumeSuffix = ".resume.json"
	resumeFormat = "lethe.resume/v1"
)

// maxResume is more than a note to resume a task ever is, in bytes.
const maxResume = 1 << 20

// resumeNote is what a supervisor leaves its successor to go on with: how far it vouches
// for the journal, and the keys.
type resumeNote struct {
	Format     string               `json:"format"`
	Task       string               `json:"task"`
	Transcript record.TranscriptRef `json:"transcript"`
	Keys       []wipe.Key           `json:"keys,omitempty"`
}

func writeResume(dir string, v resumeNote, s sign.Signer) error {
	b, err := sealUp(v, s)
	if err != nil {
		return fmt.Errorf("note how to resume: %w", err)
	}
	f, err := durable.StagePrivate(dir, b)
	if err != nil {
		return fmt.Errorf("note how to resume: %w", err)
	}
	defer f.Discard()
	return f.Replace(v.Task + resumeSuffix)
}

// readResume reads the note of a task that this key has sealed.
func readResume(dir, task string, s sign.Signer) (v resumeNote, err error) {
	b, err := readPlain(filepath.Join(dir, task+resumeSuffix), maxResume)
	if err != nil {
		return v, err
	}
	if err := unseal(b, s, &v); err != nil {
		return v, err
	}
	if v.Format != resumeFormat || v.Task != task {
		return v, fmt.Errorf("%w: it is of another task", errSeal)
	}
	return v, nil
}

// errOrderOver says that a task may not go on, since its order is no longer in force.
var errOrderOver = errors.New("its order is not in force any more")

// unfinished are the tasks of the folder that can go on.
func (r *recovery) unfinished(now time.Time) (us []wipe.Unfinished) {
	names, _ := filepath.Glob(filepath.Join(r.dir, "*"+resumeSuffix))
	for _, n := range names {
		task := strings.TrimSuffix(filepath.Base(n), resumeSuffix)
		if u, err := r.unfinishedTask(task, now); err == nil {
			us = append(us, u)
		}
	}
	return us
}

// unfinishedTask reads what the task's supervisor has vouched for. What it wrote
// afterwards is done again: nobody can tell that it is not somebody else's.
func (r *recovery) unfinishedTask(task string, now time.Time) (u wipe.Unfinished, err error) {
	if !bundle.ValidID(task) {
		return u, errors.New("its name is not that of a task")
	}
	if kept, taken := r.hasPaper(task); kept || taken != nil {
		return u, errors.New("it has its paper")
	}
	note, err := readResume(r.dir, task, r.signer)
	if err != nil {
		return u, err
	}
	b, err := readPlain(filepath.Join(r.dir, task+journalSuffix), maxJournal)
	if err != nil {
		return u, err
	}
	if note.Transcript.Bytes < 0 || int64(len(b)) < note.Transcript.Bytes {
		return u, errors.New("the journal is shorter than what was vouched for")
	}
	rest := b[note.Transcript.Bytes:]
	t, err := record.ParseTranscript(b[:note.Transcript.Bytes])
	if err != nil {
		return u, err
	}
	if t.Ref() != note.Transcript || len(t.Lines) == 0 || t.Lines[0].Event.Task == nil || t.Lines[0].Event.Task.ID != task {
		return u, errors.New("the journal is not the one that was vouched for")
	}
	if _, err := wipe.ResumeFrom(t, note.Keys); err != nil {
		return u, err
	}
	if err := r.inForce(t.Lines[0].Event.Task, now); err != nil {
		return u, err
	}
	if all, _ := record.ParseTranscript(b); over(all) {
		return u, errors.New("the task had come to its end")
	}
	detail := "found after a restart"
	if n := strings.Count(string(rest), "\n"); n > 0 {
		detail += fmt.Sprintf("; %d lines that its supervisor had not vouched for yet are left out", n)
	}
	return wipe.Unfinished{Transcript: t, Keys: note.Keys, Detail: detail}, nil
}

// over reports whether the last line says how the task ended.
func over(t *record.Transcript) bool {
	last := t.Lines[len(t.Lines)-1].Event
	return last.Stopped != nil || last.Ended != nil
}

// inForce holds the order of a task against the clock.
func (r *recovery) inForce(t *record.Task, now time.Time) error {
	if t.Order == nil {
		return nil
	}
	n, err := readRun(r.dir, t.Plan, r.signer)
	if err != nil {
		return err
	}
	o, err := order.Show(n.Order)
	if err != nil {
		return err
	}
	if now.After(o.Window.NotAfter.Time) {
		return errOrderOver
	}
	return nil
}

// names are those of the tasks.
func names(us []wipe.Unfinished) map[string]bool {
	out := map[string]bool{}
	for _, u := range us {
		out[u.Task().ID] = true
	}
	return out
}

// againOnHost is what to do for a task to go on.
const againOnHost = "erase the drive again with the same --papers, key and order or confirmation"

// canGoOn says of a task that it was cut short, and what to do.
func canGoOn(u wipe.Unfinished, again string) string {
	t := u.Task()
	return fmt.Sprintf("%s of %s was cut short and can go on: %s", t.ID, t.Device.Identity, again)
}

// concludeRest gives their notices to tasks that could go on and do not, since their
// drive is about to be erased anew. Those of other drives are left for another time.
func (m *mission) concludeRest(papers string) error {
	skip := map[string]bool{}
	for _, u := range m.unfinished {
		t := u.Task()
		anew := false
		for _, p := range m.plan.Tasks() {
			anew = anew || p.ID != t.ID && p.Device.Identity.Same(t.Device.Identity)
		}
		if anew {
			continue
		}
		skip[t.ID] = true
		if m.plan.Resumed(t.ID) == nil {
			fmt.Fprintln(m.env.Stderr, canGoOn(u, m.again))
		}
	}
	r := m.unkept(papers)
	r.skip = skip
	if _, err := r.run(); err != nil {
		return cli.Undeliveredf("papers of an earlier run are missing: %v; no drive was touched", err)
	}
	return nil
}

// dropOldRuns removes the notes of the runs in which the tasks that went on were begun.
func (m *mission) dropOldRuns() error {
	if len(m.unfinished) == 0 {
		return nil
	}
	files, err := os.ReadDir(m.journal)
	if err != nil {
		return fmt.Errorf("drop notes of earlier runs: %w", err)
	}
	return m.unkept("").dropRuns(files)
}
