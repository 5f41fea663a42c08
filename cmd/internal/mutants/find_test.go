package main

import (
	"go/ast"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInFile(t *testing.T) {
	src := `package p

// mutant: a.go: x => y
var table = 1

var (
	// mutant: a.go: of a table => x
	rows = []int{}
	// mutant: a.go: of another => x
	more = []int{}
)

// TestA says so.
//
// mutant: a.go: if x { => if false {
func TestA(t *testing.T) {
	s := "// mutant: no.go: in a string => is none"
	// mutant: ../b/b.go: x = append(x, y...) =>
	help(s, more) // mutant (hangs): a.go: <-c => <-d => e
}

func help(...any) { use(rows) }

// mutant: a.go: of all => x
func use(...any) {}

// The (mutants are judge's.)
func FuzzB(f *testing.F) {
	// mutant: a.go x
	// Mutant: a.go: x => y
	// mutant: /etc/passwd: x => y
	// mutant: ../../c.go: x => y
	// mutant: a_test.go: x => y
	// mutant: a.go: x => x
	use()
}

func Testify(t *testing.T) {
	// mutant: a.go: x => y
}
`
	f, got, err := inFile("x_test.go", "p/x_test.go", src)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].settle([]*ast.File{f})
	}
	type row struct{ At, Test, File, Old, New, Wrong string }
	var rows []row
	for _, m := range got {
		r := row{m.At, m.Test, m.File, m.Old, m.New, ""}
		if m.Hangs != (m.line == 19) || m.Package != "p" || m.Tags != "" {
			t.Errorf("%+v", m)
		}
		if m.wrong != nil {
			r = row{m.At, m.Test, "", "", "", m.wrong.Error()}
		}
		rows = append(rows, r)
	}
	const noForm, noTest = "the comment is not of the form mutant: FILE: OLD => NEW: // ", "the comment belongs to no test function"
	want := []row{
		{At: "p/x_test.go:3", Wrong: noTest},
		{"p/x_test.go:7", "TestA", "p/a.go", "of a table", "x", ""},
		{"p/x_test.go:9", "TestA", "p/a.go", "of another", "x", ""},
		{"p/x_test.go:15", "TestA", "p/a.go", "if x {", "if false {", ""},
		{"p/x_test.go:18", "TestA", "b/b.go", "x = append(x, y...)", "", ""},
		{"p/x_test.go:19", "TestA", "p/a.go", "<-c", "<-d => e", ""},
		{At: "p/x_test.go:24", Wrong: "the comment belongs to more than one test: FuzzB, TestA"},
		{At: "p/x_test.go:29", Test: "FuzzB", Wrong: noForm + "mutant: a.go x"},
		{At: "p/x_test.go:30", Test: "FuzzB", Wrong: noForm + "Mutant: a.go: x => y"},
		{At: "p/x_test.go:31", Test: "FuzzB", Wrong: "/etc/passwd is not a relative path"},
		{At: "p/x_test.go:32", Test: "FuzzB", Wrong: "../../c.go is outside the module"},
		{At: "p/x_test.go:33", Test: "FuzzB", Wrong: "a_test.go is a test, not the product"},
		{At: "p/x_test.go:34", Test: "FuzzB", Wrong: "the change changes nothing"},
		{At: "p/x_test.go:39", Wrong: noTest},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("mutants (-want +got):\n%s", d)
	}
}

func TestTags(t *testing.T) {
	for line, want := range map[string]string{
		"//go:build long": "long", "//go:build linux && long": "long", "//go:build linux": "", "//go:build !long": "", "": "",
	} {
		_, got, err := inFile("x_test.go", "x_test.go", line+"\n\npackage p\n\n// mutant: a.go: x => y\nfunc TestA() {}\n")
		if err != nil || len(got) != 1 || got[0].Tags != want {
			t.Errorf("%q: %+v, %v; want tags %q", line, got, err, want)
		}
	}
}

// Every mutant of this very tree can be applied: its comment can be read, and its
// text stands in the product exactly once.
func TestNoneIsStale(t *testing.T) {
	var out strings.Builder
	begin := time.Now()
	ok, err := options{check: true}.do(t.Context(), &out)
	if err != nil || !ok {
		t.Errorf("%v\n%s", err, out.String())
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestChoose(t *testing.T) {
	var all []mutant
	for i := range 50 {
		all = append(all, mutant{Package: "p", At: "p/x_test.go:1", File: "a.go", line: i})
	}
	draw := func(seed uint64) []mutant {
		got, err := options{sample: 10, seed: seed}.choose(append([]mutant(nil), all...))
		if err != nil || len(got) != 10 {
			t.Fatalf("%d drawn, %v", len(got), err)
		}
		return got
	}
	lines := func(ms []mutant) (out []int) {
		for _, m := range ms {
			out = append(out, m.line)
		}
		return out
	}
	if a, b, c := lines(draw(1)), lines(draw(1)), lines(draw(2)); !cmp.Equal(a, b) || cmp.Equal(a, c) {
		t.Errorf("seed 1 draws %v and %v, seed 2 %v", a, b, c)
	}
	if _, err := (options{only: "nowhere"}).choose(all); err == nil {
		t.Error("a pattern that chooses nothing is no error: nothing would pass for all")
	}
}
