package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lethe/certs/check"
	"lethe/certs/check/checktest"
	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/wipe/profile"
)

// owes recovers where a paper cannot be made: exit 5, and one line that names the
// file and says why.
func (b *bench) owes(file, why string) {
	b.t.Helper()
	b.said.Reset()
	n, err := recoverIn(cli.Env{Stdout: &b.said, Stderr: &b.said, Width: 80}, b.papers, b.signer, b.roots)
	if cli.Status(err) != cli.ExitUndelivered || n != 0 {
		b.t.Fatalf("%d papers, exit %d, %v; want 0 and exit 5\n%s", n, cli.Status(err), err, &b.said)
	}
	if l := cli.Line(err); !strings.Contains(l, file) || !strings.Contains(l, why) || b.said.Len() > 0 {
		b.t.Errorf("said %q and %q; want %q in one line with %q", l, &b.said, file, why)
	}
}

func (b *bench) put(name string, content []byte) {
	b.t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func ordered(t *testing.T, change func(*record.Task)) *record.Transcript {
	t.Helper()
	p, err := profile.ByID(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	task := checktest.Task(checktest.Device("S1"), p, &record.OrderRef{ID: "O-1", Digest: record.Digest([]byte("o")),
		Reason: "decommission", Approved: []string{"x"}})
	if change != nil {
		change(&task)
	}
	return checktest.Run(t, task)
}

// A task that was begun and cannot get its paper from us is a paper that is missing,
// whatever the reason.
//
// mutant: recover.go: return &leftAlone{fmt.Sprintf(f, a...), true} => return &leftAlone{fmt.Sprintf(f, a...), false}
// mutant: recover.go: return nil, &leftAlone{err.Error(), job.Begun(b)} => return nil, &leftAlone{err.Error(), false}
// mutant: recover.go: return nil, &leftAlone{"its name is not that of a task", job.Begun(b)} => return nil, &leftAlone{"its name is not that of a task", false}
func TestRecoverOwed(t *testing.T) {
	t.Run("the key was renewed", func(t *testing.T) {
		b, other := newBench(t), newBench(t)
		id := b.keep(ordered(t, nil))
		b.signer = other.signer
		b.owes(id+journalSuffix, "order O-1 cannot be read")
	})
	t.Run("another version's profile", func(t *testing.T) {
		b := newBench(t)
		id := b.keep(ordered(t, func(k *record.Task) { k.Profile.Digest = record.Digest([]byte("then")) }))
		b.owes(id+journalSuffix, "recover it with that version")
	})
	t.Run("another version's format", func(t *testing.T) {
		b := newBench(t)
		name := b.file("LTH-20261124-S1.jsonl")
		b.put(name, bytes.Replace(ordered(t, nil).Bytes(), []byte(`"task":{`), []byte(`"task":{"aaa":1,`), 1))
		b.owes(name, "unknown field")
	})
	t.Run("under another name", func(t *testing.T) {
		b := newBench(t)
		b.put(b.file("other.jsonl"), ordered(t, nil).Bytes())
		b.owes("other.jsonl", "it is of task LTH-20261124-S1")
	})
	t.Run("under no task's name", func(t *testing.T) {
		b := newBench(t)
		b.put(b.file("a copy.jsonl"), ordered(t, nil).Bytes())
		b.owes("a copy.jsonl", "its name is not that of a task")
	})
	t.Run("cannot be opened", func(t *testing.T) {
		b := newBench(t)
		dir, err := os.MkdirTemp("/tmp", "lethe-owed-") // $TMPDIR may be closed to nobody
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(journalDir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		b.papers = dir
		b.put(b.file("LTH-1.jsonl"), []byte("closed"))
		done := make(chan struct{})
		go func() { // on a thread that ends with it
			defer close(done)
			runtime.LockOSThread()
			if err := unix.Setfsuid(nobody); err != nil {
				t.Error(err)
			}
			b.owes("LTH-1.jsonl", "permission denied")
		}()
		<-done
	})
}

// A file that has the name of the paper is not taken for it, and not touched.
//
// mutant: recover_paper.go: if err == nil && id != task { => if false {
// mutant: recover_paper.go: if r.roots != nil { => if false {
// mutant: recover_paper.go: if err == nil { => if false {
func TestRecoverBelievesNoOtherPaper(t *testing.T) {
	issued := func(serial string) (b *bench, id string, pdf []byte) {
		b = newBench(t)
		id = b.keep(erased(t, serial))
		b.recover()
		pdf, err := os.ReadFile(filepath.Join(b.papers, id+".pdf"))
		if err != nil {
			t.Fatal(err)
		}
		return b, id, pdf
	}
	b2, _, others := issued("S2")
	_, _, strangers := issued("S1")
	for name, c := range map[string]struct {
		pdf   []byte
		why   string
		blind bool // no roots are known
	}{
		"empty": {nil, "does not hold", false}, "noise": {[]byte("%PDF of another day"), "does not hold", false},
		"another task's":      {others, "it is that of LTH-20261124-S2", false},
		"a stranger's":        {strangers, "pdf signature does not hold", false},
		"empty, and no roots": {nil, "is not its paper", true}, "another task's, and no roots": {others, "it is that of LTH-20261124-S2", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, papers: t.TempDir(), signer: b2.signer, roots: b2.roots}
			id := b.keep(erased(t, "S1"))
			file := filepath.Join(b.papers, id+".pdf")
			b.put(file, c.pdf)
			if c.blind {
				b.roots = nil
			}
			b.owes(file, c.why)
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, c.pdf) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

// A supervisor that was killed after it kept the paper and before it said so: the
// paper stays as it is and is not issued again.
//
// mutant: recover.go: if kept { => if kept && false {
func TestRecoverKnowsThePaper(t *testing.T) {
	for _, blind := range []bool{false, true} {
		t.Run(fmt.Sprint(blind), func(t *testing.T) {
			b := newBench(t)
			id := b.keep(erased(t, "S1"))
			b.recover()
			old, err := os.ReadFile(filepath.Join(b.papers, id+".pdf"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(b.file(id+issuedSuffix), b.file(id+journalSuffix)); err != nil {
				t.Fatal(err)
			}
			roots := b.roots
			if blind {
				b.roots = nil
			}
			if n := b.recover(); n != 0 {
				t.Errorf("%d papers issued", n)
			}
			b.roots = roots
			if got, err := os.ReadFile(filepath.Join(b.papers, id+".pdf")); err != nil || !bytes.Equal(got, old) {
				t.Errorf("the paper was changed: %v", err)
			}
			if r := b.paper(id); r.Outcome() != check.Erased {
				t.Errorf("%s", r.Outcome())
			}
			if _, err := os.Stat(b.file(id + issuedSuffix)); err != nil {
				t.Error(err)
			}
		})
	}
}

// mutant: files.go: room, err := durable.Stage(dir, make([]byte, (n+1)*paperRoom)) => room, err := durable.Stage(dir, nil); os.WriteFile(dir+"/.room", nil, 0o600)
// mutant: files.go: room.Discard() => _ = room
func TestRoomFollowsNothing(t *testing.T) {
	dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, ".room")); err != nil {
		t.Fatal(err)
	}
	if err := makeRoom(dir, 1); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" {
		t.Errorf("%q, %v: a link was followed", b, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
