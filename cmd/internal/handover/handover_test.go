package handover

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
)

const task = "LTH-20261201-AAAAAAAAAA"

func key(b byte) []byte { return bytes.Repeat([]byte{b}, KeySize) }

func note(state string) Note {
	return Note{Format: Format, Task: task, Machine: record.Machine{Serial: "M"}, Files: []File{{task + ".jsonl", []byte(state)}}}
}

func sealed(t *testing.T, n Note) []byte {
	t.Helper()
	b, err := Seal(key(1), n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Who has not the key reads nothing, and changes nothing unseen.
//
// mutant: note.go: plain, err := box.Open(nil, nil, b[len(magic):], []byte(magic)) => _, plain := box, []byte("{}")
func TestSealed(t *testing.T) {
	n := note("the key is 00112233")
	b := sealed(t, n)
	got, err := Open(key(1), b)
	if err != nil || cmp.Diff(n, got) != "" {
		t.Fatalf("open: %v, %s", err, cmp.Diff(n, got))
	}
	if bytes.Contains(b, []byte("00112233")) || bytes.Equal(b, sealed(t, n)) {
		t.Error("it can be read, or is the same twice")
	}
	if _, err := Open(key(2), b); !errors.Is(err, ErrSealed) {
		t.Errorf("another key: %v", err)
	}
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 0x10
		if _, err := Open(key(1), c); !errors.Is(err, ErrSealed) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := Open(key(1), b[:i]); !errors.Is(err, ErrSealed) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := Seal(key(1), Note{Files: []File{{"x", make([]byte, MaxSize)}}}); !errors.Is(err, ErrLong) {
		t.Errorf("too long: %v", err)
	}
	if _, err := Open(key(1), make([]byte, MaxSize+1)); !errors.Is(err, ErrLong) {
		t.Errorf("too long: %v", err)
	}
}

func read(t *testing.T, f Folder) (states, torn []string) {
	t.Helper()
	ns, torn, err := f.Read(key(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range ns {
		states = append(states, string(n.Files[0].Data))
	}
	return states, torn
}

// The newest state counts, and the one before it where the newest is torn: it is not
// removed before the newest was read back, nor written over.
//
// mutant: folder.go: next = old[0].n + 1 => next = 2
// mutant: folder.go: case a.n > b.n: => case a.n < b.n && a.n > 0:
func TestFolder(t *testing.T) {
	f := Folder{t.TempDir()}
	for _, s := range []string{"one", "two", "three"} {
		if err := f.Put(task, sealed(t, note(s))); err != nil {
			t.Fatal(err)
		}
		if got, _ := read(t, f); len(got) != 1 || got[0] != s {
			t.Errorf("%q, want %q", got, s)
		}
	}
	names, _ := filepath.Glob(filepath.Join(f.Dir, "*"))
	if len(names) != 1 || filepath.Base(names[0]) != task+".3.handover" {
		t.Errorf("%q are there", names)
	}
	// As a loss of power may leave it.
	for n, b := range map[string][]byte{task + ".4.handover": sealed(t, note("four"))[:40], task + ".2.handover": sealed(t, note("two")),
		".tmp-half": []byte("x"), "notes.txt": nil, "a.b.handover": nil, task + ".-1.handover": nil} {
		if err := os.WriteFile(filepath.Join(f.Dir, n), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, torn := read(t, f); len(got) != 1 || got[0] != "three" || len(torn) != 0 {
		t.Errorf("%q, torn %q", got, torn)
	}
	if err := f.Put(task, sealed(t, note("five"))); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(t, f); len(got) != 1 || got[0] != "five" {
		t.Errorf("%q", got)
	}
	if err := f.Drop(task); err != nil {
		t.Fatal(err)
	}
	if got, torn := read(t, f); len(got)+len(torn) != 0 {
		t.Errorf("%q, torn %q", got, torn)
	}
	if ns, torn, err := (Folder{f.Dir + "/none"}).Read(key(1)); len(ns)+len(torn) != 0 || err != nil {
		t.Errorf("no folder: %v %v %v", ns, torn, err)
	}
}

// A task's file under another task's name is not that task's.
//
// mutant: folder.go: if err != nil || n.Task != task { => if err != nil {
func TestMisnamed(t *testing.T) {
	f := Folder{t.TempDir()}
	other := "LTH-20261201-BBBBBBBBBB"
	if err := f.Put(other, sealed(t, note("one"))); err != nil {
		t.Fatal(err)
	}
	if got, torn := read(t, f); len(got) != 0 || len(torn) != 1 || torn[0] != other {
		t.Errorf("%q, torn %q", got, torn)
	}
	for _, bad := range []string{"", "../x", ".x"} {
		if f.Put(bad, nil) == nil {
			t.Errorf("%q is a task", bad)
		}
	}
}

func FuzzOpen(f *testing.F) {
	b, err := Seal(key(1), note("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := Open(key(1), b); err == nil && n.Format != Format {
			t.Errorf("%+v", n)
		}
	})
}
