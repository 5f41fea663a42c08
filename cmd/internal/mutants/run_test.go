package main

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// module is a module with one mutant of each kind.
var module = map[string]string{
	"go.mod":      "module fixture\n\ngo 1.25\n",
	"add/zero.go": "package add\n\nfunc Zero() bool { return false }\n",
	"add/add.go": `package add

// Add adds.
func Add(a, b int) int {
	for a > 0 {
		a, b = a-1, b+1
	}
	return b
}
`,
	"add/add_test.go": `package add

import "testing"

func TestAdd(t *testing.T) {
	// mutant: add.go: b+1 => b+2
	// mutant: add.go: a > 0 => a > 0 && true
	// mutant: add.go: return c => return b
	// mutant: add.go: a => b
	// mutant: add.go: return b => return "b"
	// mutant: none.go: x => y
	// mutant (hangs): add.go: a-1 => a+1-1
	// mutant: add.go: a, b = a-1, b+1 => a, b = a, b+1-1
	// mutant: add.go: return b => panic("out")
	if n := Add(2, 3); n != 5 {
		t.Errorf("Add = %d", n)
	}
}

func TestRed(t *testing.T) {
	// mutant: zero.go: false => true
	if !Zero() {
		t.Error("red without any change")
	}
}

func TestOut(t *testing.T) {
	// mutant: add.go: b+1 => b+3
	t.Skip()
}
`,
	"sub/sub_test.go": `package sub

import (
	"testing"

	"fixture/add"
)

// mutant: ../add/add.go: b+1 => b+4
// mutant: add/add.go: b+1 => b+5
func TestSub(t *testing.T) {
	t.Run("one", func(t *testing.T) {
		if add.Add(1, 1) != 2 {
			t.Error("not 2")
		}
	})
}
`,
}

func fixture(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// What says nothing is never counted as caught, and the tree stays as it is.
//
// mutant: run.go: case !o.red: => case false:
// mutant: run.go: case o.hung && !m.Hangs: => case false:
// mutant: run.go: if t.why != "" { => if false {
// mutant: apply.go: n != 1 { => n < 1 {
// mutant: target.go: return outcome{err: fmt.Errorf("%s was skipped", name)} => return outcome{}
func TestRun(t *testing.T) {
	root := fixture(t, module)
	out, file := &strings.Builder{}, filepath.Join(t.TempDir(), "out.json")
	ok, err := options{root: root, json: file, parallel: 2, timeout: 10 * time.Second}.do(t.Context(), out)
	if err != nil || ok {
		t.Errorf("all caught: %t, %v", ok, err)
	}
	var results []result
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &results); err != nil {
		t.Fatal(err)
	}
	got := map[string]status{}
	for _, r := range results {
		got[r.At] = r.Status
		if r.At == "sub/sub_test.go:9" && r.Detail != "TestSub/one" {
			t.Errorf("TestSub turned red by %q", r.Detail)
		}
	}
	want := map[string]status{
		"add/add_test.go:6": caught, "add/add_test.go:7": survived, "add/add_test.go:8": stale, "add/add_test.go:9": stale,
		"add/add_test.go:10": broken, "add/add_test.go:11": stale, "add/add_test.go:12": caught, "add/add_test.go:13": broken,
		"add/add_test.go:14": caught, "add/add_test.go:21": broken, "add/add_test.go:28": broken, "sub/sub_test.go:9": caught, "sub/sub_test.go:10": caught,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("results (-want +got):\n%s\n%s", d, out)
	}
	if !strings.Contains(out.String(), "mutants: 5 caught, 1 survived, 3 stale, 4 broken\n") {
		t.Errorf("no summary in:\n%s", out)
	}
	now := map[string]string{}
	for name := range module {
		b, _ := os.ReadFile(filepath.Join(root, name))
		now[name] = string(b)
	}
	if d := cmp.Diff(module, now); d != "" {
		t.Errorf("the tree was changed:\n%s", d)
	}
}

// All caught, and only that, is status 0.
func TestStatus(t *testing.T) {
	files := maps.Clone(module)
	delete(files, "add/add_test.go")
	root, out := fixture(t, files), &strings.Builder{}
	if n := run([]string{"--root", root}, out); n != 0 || !strings.Contains(out.String(), "mutants: 2 caught, 0 survived, 0 stale, 0 broken\n") {
		t.Errorf("status %d:\n%s", n, out)
	}
	for _, args := range [][]string{{"--root", root, "--only", "nowhere"}, {"--root", "/"}, {"--root", root, "--only", "("}} {
		if n := run(args, out); n != 1 {
			t.Errorf("%q: status %d, want 1", args, n)
		}
	}
	if n := run([]string{"x"}, out); n != 2 {
		t.Errorf("an argument: status %d, want 2", n)
	}
}

func TestStoppedIsNoPass(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if ok, err := (options{root: fixture(t, module), parallel: 1, timeout: time.Second}).do(ctx, &strings.Builder{}); ok || err == nil {
		t.Errorf("stopped: %t, %v", ok, err)
	}
}
