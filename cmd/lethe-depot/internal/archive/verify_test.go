package archive_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/depottest"
	"lethe/cmd/lethe-depot/internal/identity"
)

// verify runs Verify and compares the failures, by file, with what each must say.
func verify(t *testing.T, k *depottest.Kit, dir string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	seen := 0
	err := archive.Verify(dir, k, identity.ReceiptOpener(k.Roots()), func(c archive.Checked) {
		seen++
		if c.Err != nil {
			got[c.File] = c.Err.Error()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("Verify saw nothing")
	}
	for f, says := range got {
		if w, ok := want[f]; !ok || !strings.Contains(says, w) {
			t.Errorf("%s fails with %q; want %q", f, says, w)
		}
	}
	for f, w := range want {
		if _, ok := got[f]; !ok {
			t.Errorf("%s does not fail; want %q", f, w)
		}
	}
}

// Each way in which a folder can go wrong, one by one. Each turns red when the
// comparison it is named for is taken out of verifyOne or Verify.
//
// mutant: verify.go: case record.Digest(pdf) != e.Digest: => case false:
// mutant: verify.go: now != e { => now == (Entry{}) {
// mutant: verify.go: kept != "" && kept != stated { => false {
func TestVerify(t *testing.T) {
	k := depottest.New(t)
	c1, c2 := k.Certificate(t, "S1"), k.Notice(t, "S2")
	sum := k.Summary(t, c1, c2)
	write := func(name string, b []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	edit := func(name, from, to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			changed := bytes.Replace(b, []byte(from), []byte(to), 1)
			if bytes.Equal(b, changed) {
				t.Fatalf("%s has no %q", name, from)
			}
			write(name, changed)(t, dir)
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	flipped := bytes.Clone(c1.PDF)
	flipped[len(flipped)/2] ^= 1
	for name, tc := range map[string]struct {
		spoil func(*testing.T, string)
		want  map[string]string
	}{
		"nothing":          {func(*testing.T, string) {}, nil},
		"a flipped bit":    {write(c1.Name, flipped), map[string]string{c1.Name: "not the one that was taken in"}},
		"a paper gone":     {remove(c1.Name), map[string]string{c1.Name: "the file is gone"}},
		"a receipt gone":   {remove(c1.ID + ".receipt.json"), map[string]string{c1.Name: "receipt"}},
		"another receipt":  {edit(c1.ID+".receipt.json", `"sig":"M`, `"sig":"N`), map[string]string{c1.Name: "receipt: malformed"}},
		"a foreign file":   {write("x.pdf", c1.PDF), map[string]string{"x.pdf": "no depot took it in"}},
		"verdict in index": {edit("index.jsonl", `"state":"Cleared"`, `"state":"Purged"`), map[string]string{c1.Name: "it is judged"}},
		"index twice":      {twice, map[string]string{c1.Name: "in the index twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			a := k.Open(t, dir)
			for _, p := range [][]byte{c1.PDF, c2.PDF, sum.PDF} {
				put(t, a, p)
			}
			tc.spoil(t, dir)
			verify(t, k, dir, tc.want)
		})
	}
	t.Run("a summary of another paper", func(t *testing.T) {
		dir := t.TempDir()
		a := k.Open(t, dir)
		put(t, a, k.Notice(t, "S1").PDF)
		put(t, a, sum.PDF)
		verify(t, k, dir, map[string]string{sum.Name: "its row " + c1.ID})
	})
}

func twice(t *testing.T, dir string) {
	path := filepath.Join(dir, "index.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	if err := os.WriteFile(path, append(append(b, first...), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBadIndex(t *testing.T) {
	k, dir := depottest.New(t), t.TempDir()
	a := k.Open(t, dir)
	put(t, a, k.Certificate(t, "S1").PDF)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "index.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("{}\n"), b...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Open(k.Config(t, dir)); err == nil || !strings.Contains(err.Error(), "index.jsonl line 1") {
		t.Errorf("Open with a bad line = %v; want its number", err)
	}
}
