package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInFile(t *testing.T) {
	src := `package p

// mutant: a.go: x => y
var table = 1

// TestA says so.
//
// mutant: a.go: if x { => if false {
func TestA(t *testing.T) {
	s := "// mutant: no.go: in a string => is none"
	// mutant: ../b/b.go: x = append(x, y...) =>
	_ = s // mutant (hangs): a.go: <-c => <-d => e
}

// The (mutants are judge's.)
func FuzzB(f *testing.F) {
	// mutant: a.go x
	// Mutant: a.go: x => y
	// mutant: /etc/passwd: x => y
	// mutant: ../../c.go: x => y
	// mutant: a_test.go: x => y
	// mutant: a.go: x => x
}

func Testify(t *testing.T) {
	// mutant: a.go: x => y
}
`
	got, err := inFile("x_test.go", "p/x_test.go", src)
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ At, Test, File, Old, New, Wrong string }
	var rows []row
	for _, m := range got {
		r := row{m.At, m.Test, m.File, m.Old, m.New, ""}
		if m.Hangs != (m.line == 12) || m.Package != "p" || m.Tags != "" {
			t.Errorf("%+v", m)
		}
		if m.wrong != nil {
			r = row{m.At, m.Test, "", "", "", m.wrong.Error()}
		}
		rows = append(rows, r)
	}
	const noForm = "the comment is not of the form mutant: FILE: OLD => NEW: // "
	want := []row{
		{"p/x_test.go:3", "", "", "", "", "the comment is in no test function"},
		{"p/x_test.go:8", "TestA", "p/a.go", "if x {", "if false {", ""},
		{"p/x_test.go:11", "TestA", "b/b.go", "x = append(x, y...)", "", ""},
		{"p/x_test.go:12", "TestA", "p/a.go", "<-c", "<-d => e", ""},
		{"p/x_test.go:17", "FuzzB", "", "", "", noForm + "mutant: a.go x"},
		{"p/x_test.go:18", "FuzzB", "", "", "", noForm + "Mutant: a.go: x => y"},
		{"p/x_test.go:19", "FuzzB", "", "", "", "/etc/passwd is not a relative path"},
		{"p/x_test.go:20", "FuzzB", "", "", "", "../../c.go is outside the module"},
		{"p/x_test.go:21", "FuzzB", "", "", "", "a_test.go is a test, not the product"},
		{"p/x_test.go:22", "FuzzB", "", "", "", "the change changes nothing"},
		{"p/x_test.go:26", "", "", "", "", "the comment is in no test function"},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("mutants (-want +got):\n%s", d)
	}
}

func TestTags(t *testing.T) {
	for line, want := range map[string]string{
		"//go:build long": "long", "//go:build linux && long": "long", "//go:build linux": "", "//go:build !long": "", "": "",
	} {
		got, err := inFile("x_test.go", "x_test.go", line+"\n\npackage p\n\n// mutant: a.go: x => y\nfunc TestA() {}\n")
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
